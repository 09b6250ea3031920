"""The clang of this computer, which has the sanitizers' and the fuzzer's run-time libraries that zig's lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUT = ROOT / "out"

sys.path.append(str(ROOT / "core"))  # at the end: bloom_core itself is the installed one

import build_native  # noqa: E402

PACKAGES = ("clang-19", "llvm-19", "libclang-rt-19-dev")  # of Debian 12; llvm has the symbolizer
OLDEST = 18  # the first with all that core/native asks of the compiler
COMMON = ("-fPIC", "-O1", "-g1", "-fno-omit-frame-pointer")


@cache
def clang() -> Path:
    """Returns the newest clang++ that has a run-time library, from Debian's packages where root may install them. Exits with a message."""
    if not (found := _installed()) and os.getuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(PACKAGES)} ...", flush=True)
        subprocess.run(["apt-get", "update", "-q"], stdout=subprocess.DEVNULL, check=True)
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES], stdout=subprocess.DEVNULL, check=True)
        found = _installed()
    if not found:
        sys.exit(f"This needs clang++ {OLDEST} or later with its run-time libraries, on Linux: apt-get install {' '.join(PACKAGES)}")
    return found


def runtime(name: str) -> Path:
    """Returns the shared run-time library `name` (asan, tsan)."""
    return Path(_ask(clang(), f"-print-file-name=libclang_rt.{name}-{build_native.host()[1]}.so"))


def build_library(folder: Path, flags: Sequence[str]) -> Path:
    """Compiles core/native with `flags` beside a copy of the Python package, in `folder`, which then goes into PYTHONPATH. Returns the library."""
    package = folder / "bloom_core"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(ROOT / "core" / "bloom_core", package, ignore=shutil.ignore_patterns("libbloom.*", "__pycache__"))
    return build_native.build(build_native.host(), package, folder / "objects", clang=str(clang()), extra=[*COMMON, *flags])


def _installed() -> Path | None:
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    candidates = {path for folder in folders if folder.is_dir() for path in folder.glob("clang++*") if re.fullmatch(r"clang\+\+(-\d+)?", path.name)}
    versions = {path: int(_ask(path, "-dumpversion").split(".")[0]) for path in candidates}
    name = f"-print-file-name=libclang_rt.asan-{build_native.host()[1]}.so"
    usable = [path for path, version in versions.items() if version >= OLDEST and Path(_ask(path, name)).is_file()]
    return max(usable, key=versions.__getitem__, default=None)


def _ask(compiler: Path, question: str) -> str:
    return subprocess.run([compiler, question], capture_output=True, text=True, check=True).stdout.strip()
