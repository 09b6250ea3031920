"""`make test-foreign`: what takes minutes. Every wheel built anew in another folder with an empty cache of the compiler; more flowers and every
kernel on foreign machines; and bloom_core in a real Python for aarch64. (tests/release/test_foreign_libraries.py is the quick part.)"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from release.manifest import ROOT, TARGETS
from release.wheels import build
from tests.release import jobs
from tests.release.foreign_root import FOLDER
from tests.release.machines import ARM, Machine, arm, wheel, wine
from tests.release.test_foreign_libraries import MACHINES, alike, flower, flower_jobs, random_jobs

RENDER = """
import hashlib, sys
from pathlib import Path
from bloom_core import designs, native
from bloom_core.images import image
flame = designs.design("dahlia").open
box = designs.design("dahlia").box
print(native.kernel_name())
points = native.points(flame, 30_000, seed=7)
print(*(hashlib.sha256(values.tobytes()).hexdigest() for values in (points.position, points.palette, points.weight, points.xform, points.identity)))
with native.accumulate(flame, 400_000, box, 96, color=True, seed=7) as grid:
    grid.estimate(3.0)
    grid.write_vdb("blüte.vdb", gain=5.0, compressed=True)
print(hashlib.sha256(Path("blüte.vdb").read_bytes()).hexdigest())
print(hashlib.sha256(image.thumbnail(flame, 48, quality=10.0).pixels.tobytes()).hexdigest())
"""


@pytest.mark.parametrize("target", TARGETS, ids="-".join)
def test_a_wheel_built_elsewhere_is_the_same_to_the_byte(target: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another folder, with other rights of files, and no object taken from the compiler's cache."""
    kept = wheel(target)
    core = tmp_path / "a folder of another name" / "core"
    left_out = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", *(name for _, _, name in TARGETS.values()))
    shutil.copytree(ROOT / "core", core, ignore=left_out)
    for path in core.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(tmp_path / "cache"))
    made = build(target, tmp_path / "wheels", core)
    assert made.name == kept.name and made.read_bytes() == kept.read_bytes()


@MACHINES
def test_more_flowers_have_the_same_bytes(machine: Callable[[], Machine], tmp_path: Path) -> None:
    wanted = [job for name in ("rose", "dandelion", "peony", "orchid") for job in flower_jobs(name, 2)]
    wanted.append(jobs.points("rose points in one thread", flower("rose"), 40_000, threads=1))
    assert alike(machine(), wanted, tmp_path) == []


@pytest.mark.parametrize("kernel", ["v2", "v3"])
def test_every_kernel_for_windows_has_the_same_bytes(kernel: str, tmp_path: Path, shared_data: Path) -> None:
    assert shared_data.is_dir()
    assert alike(wine(), [*flower_jobs("rose"), *random_jobs(256)], tmp_path, kernel) == []


def test_bloom_core_in_a_python_for_aarch64_makes_the_same_bytes(tmp_path: Path) -> None:
    """The wheel as pip unpacks it, in Debian's Python and numpy for aarch64 under qemu."""
    if not (FOLDER / "ready").is_file():
        pytest.skip("there is no Python for aarch64: make test-foreign fetches one")
    said = []
    for name in ("there", "here"):
        folder = tmp_path / name
        with zipfile.ZipFile(wheel(ARM) if name == "there" else wheel(_host())) as archive:
            archive.extractall(folder)
        (folder / "render.py").write_text(RENDER, "utf-8")
        if name == "there":
            python = FOLDER / "usr" / "bin" / "python3"
            libraries = ":".join(str(FOLDER / "usr" / "lib" / "aarch64-linux-gnu" / part) for part in ("blas", "lapack"))
            said.append(arm().run([python, "-B", "render.py"], folder, {"LD_LIBRARY_PATH": libraries, "PYTHONPATH": str(folder)}))
        else:
            environment = {**os.environ, "PYTHONPATH": str(folder)}
            command = [sys.executable, "-B", "render.py"]
            said.append(subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout)
    there, here = (text.splitlines() for text in said)
    assert there[0] == "neon" and here[0] != "neon"
    assert there[1:] == here[1:] and len(here) == 4


def _host() -> tuple[str, str]:
    import build_native

    return build_native.host()
