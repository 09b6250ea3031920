# make demo   a film of a flower grown from a real training run, in out/demo
# make test   the whole test-suite
# make test-core    what of it needs no Blender: the renderer and the package bloom_core, on Windows and macOS too
# make test-5.0     the add-on's tests in Blender 5.0, as a Python module of its own (another 370 MB, once)
# make test-5.2     the same in Blender 5.2, which needs a Python 3.13
# make test-blender  the add-on in real Blender windows: sets up Debian's newest Blender in .blender-root (2 GB; Debian, as root)
# make test-installs  the extension's zip put into real Blenders, used and taken out again: Debian's newest and 4.3, each in a root of its own
#             (5 GB; Debian, as root), and Blender 4.5, 5.0 and 5.2 as Python modules, as far as their Pythons are here
# make test-farm  jobs for render farms: tasks killed and tried again, several machines at once (some minutes; more with make test-blender's root)
# make test-foreign  all six wheels built twice and compared; the renderer for Windows (needs wine) and for aarch64 (needs qemu-user) at work
# make screenshots   retakes the guide's pictures of the panel, in the same Blender
# make site   the guide as a site, in dist/site; make site-links asks the web whether its links still lead somewhere
# make motions  renders the guide's strips of frames (some minutes)
# make stages   renders the pictures of the stages, for the guide and the panel (some minutes)
# make bench  speeds, as ratios; what recording costs; how truthfully flowers move
# make proof  pictures against Ember's reference renders and against flam3-render, where these are at hand (some minutes)
# make proof-map  the trainability map of the reference experiment against an independent run of it in PyTorch (half an hour; goes on where it was)
# make sanitize  the test-suite on a library built with sanitizers (Linux; needs a recent clang, which it installs on Debian as root)
# make fuzz   ten minutes of hostile flame buffers and .flame files (the same clang)
# make wheels  the renderer for every platform that Blender runs on, in wheels (the first time some minutes)
# make zip    the extension, for Blender ▸ Preferences ▸ Get Extensions ▸ Install from Disk, in dist, and a repository to update it from
# make release  everything that a release carries, after all tests: the wheels, the zips, the repository, the guide
# Each sets up all that it needs in .venv; a second run reuses what is there.

PYTHON ?= $(shell command -v python3.11 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := $(VENV)/$(BIN)/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check
CORE := $(shell find core -type f -not -path '*/build/*' -not -path '*.egg-info/*' -not -name '*.pyc' -not -name 'libbloom.*' -not -name bloom.dll)

.PHONY: demo test test-core test-5.0 test-5.2 test-blender test-installs test-foreign test-farm screenshots stages motions site site-links bench proof proof-map sanitize fuzz wheels zip release setup check clean

demo: setup
	$(PY) -m bloom_addon demo --out out/demo

test: setup $(VENV)/test.stamp $(VENV)/docs.stamp check zip
	$(PY) -m pytest tests --ignore tests/installs

test-core: setup $(VENV)/test.stamp
	$(PY) -m pytest tests/core tests/native

check: $(VENV)/test.stamp
	$(PY) -m ruff check .
	$(PY) -m mypy

test-5.0 test-5.2: test-%: zip
	$(PY) -m tests.installs.setup_wheels $*
	$(VENV)-$*/bin/python -m pip --quiet --disable-pip-version-check install --force-reinstall --no-deps --no-index --find-links wheels bloom-core
	$(VENV)-$*/bin/python -m pytest tests/addon

test-blender: setup $(VENV)/test.stamp
	$(PY) -m tests.blender.setup_root
	$(PY) -m pytest tests/blender

test-installs: zip $(VENV)/test.stamp
	$(PY) -m tests.blender.setup_root newest bare old || echo 'Going on with the Blenders that are Python modules'
	$(PY) -m tests.installs.setup_wheels
	$(PY) -m pytest -v tests/installs

test-farm: zip $(VENV)/test.stamp
	BLOOM_FARM=thorough $(PY) -m pytest tests/farm --durations=10

test-foreign: wheels $(VENV)/test.stamp
	$(PY) -m tests.release.foreign_root || echo 'Going on without Python for aarch64'
	$(PY) -m pytest -v tests/release/test_wheels.py tests/release/test_foreign_libraries.py tests/release/foreign.py

stages: setup
	$(PY) docs/render_stages.py

motions: setup $(VENV)/test.stamp
	$(PY) docs/render_motions.py

site: $(VENV)/docs.stamp
	@rm -rf dist/site
	$(PY) -m sphinx -q -W -n --keep-going -d out/doctrees docs dist/site

site-links: $(VENV)/docs.stamp
	$(PY) -m sphinx -b linkcheck -d out/doctrees docs dist/site-links

screenshots: setup $(VENV)/test.stamp
	$(PY) -m tests.blender.setup_root
	$(PY) -m tests.blender.screenshots

bench: setup $(VENV)/test.stamp
	$(PY) -m tests.bench

proof: setup $(VENV)/test.stamp
	$(PY) -m tests.proof

proof-map: setup $(VENV)/test.stamp
	$(PY) -m tests.proof.trainability

sanitize: setup $(VENV)/test.stamp zip
	$(PY) -m tests.sanitize

fuzz: setup $(VENV)/fuzz.stamp
	$(PY) -m tests.fuzz

# The host's wheel comes from setup, which deletes the wheels of older sources.
wheels: setup
	$(PY) -m release.wheels --missing

# One zip for all platforms, one for each, and the repository to update from. The builder is Blender's own, out of the bpy wheel.
zip: wheels
	$(PY) -m release.extension
	$(PY) -m release.repository

# All that a release carries, once the tests have passed. docs/releasing.md says what goes where.
release: test site
	@echo 'Ready: dist/bloom-*.zip to attach, dist/repository and dist/site to put on a web server, wheels/*.whl for pip'

setup: $(VENV)/core.stamp

$(VENV)/python.stamp: requirements-setup.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 13)))' \
		|| { echo 'Bloom needs Python 3.11 or 3.13: make PYTHON=/path/to/python3.11 ...'; exit 1; }
	@echo 'Setting up .venv: Blender as a Python module, a compiler, numpy (about 500 MB to download, once) ...'
	"$(PYTHON)" -m venv $(VENV)
	$(PIP) install -r requirements-setup.txt
	@$(PY) -c 'import bpy' >/dev/null || { \
		echo 'Blender needs libraries that every desktop has; this computer lacks the one named above. On Debian and Ubuntu, as root:'; \
		echo '    apt install libegl1 libgl1 libsm6 libx11-6 libxfixes3 libxi6 libxkbcommon0 libxrender1'; exit 1; }
	@touch $@

$(VENV)/core.stamp: $(VENV)/python.stamp $(CORE)
	@echo 'Building the renderer ...'
	$(PY) -m release.manifest
	@rm -rf wheels
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir wheels ./core
	$(PIP) install --force-reinstall --no-deps wheels/*.whl
	@touch $@

$(VENV)/test.stamp: $(VENV)/python.stamp requirements-test.txt
	@echo 'Adding the test tools and PyTorch ...'
	$(PIP) install -r requirements-test.txt
	@touch $@

$(VENV)/docs.stamp: $(VENV)/python.stamp requirements-docs.txt
	$(PIP) install -r requirements-docs.txt
	@touch $@

$(VENV)/fuzz.stamp: $(VENV)/python.stamp
	$(PIP) install 'atheris==3.*'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-5.0 $(VENV)-5.2 out dist wheels core/build core/*.egg-info
