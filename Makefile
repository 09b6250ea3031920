# make demo   a film of a flower grown from a real training run, in out/demo
# make test   the whole test-suite
# make test-5.0     the add-on's tests in Blender 5.0, as a Python module of its own (another 370 MB, once)
# make test-blender  the add-on in real Blender windows: sets up Debian's newest Blender in .blender-root (2 GB; Debian, as root)
# make screenshots   retakes the guide's pictures of the panel, in the same Blender
# make stages   renders the pictures of the stages, for the guide and the panel (some minutes)
# make bench  speeds, as ratios; what recording costs; how truthfully flowers move
# make proof  pictures against Ember's reference renders and against flam3-render, where these are at hand (some minutes)
# make sanitize  the test-suite on a library built with sanitizers (Linux; needs a recent clang, which it installs on Debian as root)
# make fuzz   ten minutes of hostile flame buffers and .flame files (the same clang)
# make zip    the extension, for Blender ▸ Preferences ▸ Get Extensions ▸ Install from Disk, in dist
# Each sets up all that it needs in .venv; a second run reuses what is there.

PYTHON ?= $(shell command -v python3.11 || command -v python3.13 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check
CORE := $(shell find core -type f -not -path '*/build/*' -not -path '*.egg-info/*' -not -name '*.pyc' -not -name 'libbloom.*' -not -name bloom.dll)

.PHONY: demo test test-5.0 test-blender screenshots stages bench proof sanitize fuzz zip setup check clean

demo: setup
	$(PY) -m bloom_addon demo --out out/demo

test: setup $(VENV)/test.stamp check zip
	$(PY) -m pytest tests

check: $(VENV)/test.stamp
	$(PY) -m ruff check .
	$(PY) -m mypy

test-5.0: zip $(VENV)-5.0/stamp
	$(VENV)-5.0/bin/python -m pip --quiet --disable-pip-version-check install --force-reinstall --no-deps wheels/*.whl
	$(VENV)-5.0/bin/python -m pytest tests/addon

$(VENV)-5.0/stamp:
	$(PY) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo 'Blender 5.0 needs Python 3.11'; exit 1; }
	"$(PYTHON)" -m venv $(VENV)-5.0
	$(VENV)-5.0/bin/python -m pip --quiet --disable-pip-version-check install 'bpy==5.0.*' 'numpy==1.26.*' pytest hypothesis
	@touch $@

test-blender: setup $(VENV)/test.stamp
	$(PY) -m tests.blender.setup_root
	$(PY) -m pytest tests/blender

stages: setup
	$(PY) docs/render_stages.py

screenshots: setup $(VENV)/test.stamp
	$(PY) -m tests.blender.setup_root
	$(PY) -m tests.blender.screenshots

bench: setup $(VENV)/test.stamp
	$(PY) -m tests.bench

proof: setup $(VENV)/test.stamp
	$(PY) -m tests.proof

sanitize: setup $(VENV)/test.stamp zip
	$(PY) -m tests.sanitize

fuzz: setup $(VENV)/fuzz.stamp
	$(PY) -m tests.fuzz

# The extension for this computer's platform, as Blender installs it. The builder is Blender's own, out of the bpy wheel.
zip: setup
	@mkdir -p dist
	$(PY) "$$(find $(VENV) -path '*bl_pkg/cli/blender_ext.py')" build --source-dir . --output-dir dist

setup: $(VENV)/core.stamp

$(VENV)/python.stamp: requirements-setup.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 13)))' \
		|| { echo 'Bloom needs Python 3.11 or 3.13: make PYTHON=/path/to/python3.11 ...'; exit 1; }
	@echo 'Setting up .venv: Blender as a Python module, a compiler, numpy (about 500 MB to download, once) ...'
	"$(PYTHON)" -m venv $(VENV)
	$(PIP) install -r requirements-setup.txt
	@touch $@

$(VENV)/core.stamp: $(VENV)/python.stamp $(CORE)
	@echo 'Building the renderer ...'
	@rm -rf wheels
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir wheels ./core
	$(PIP) install --force-reinstall --no-deps wheels/*.whl
	@touch $@

$(VENV)/test.stamp: $(VENV)/python.stamp requirements-test.txt
	@echo 'Adding the test tools and PyTorch ...'
	$(PIP) install -r requirements-test.txt
	@touch $@

$(VENV)/fuzz.stamp: $(VENV)/python.stamp
	$(PIP) install 'atheris==3.*'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-5.0 out dist wheels core/build core/*.egg-info
