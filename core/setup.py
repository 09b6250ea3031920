"""Builds the py3-none-<platform> wheel: one native library per platform, for every Python.

The platform is this computer's, or the one that the environment variable BLOOM_TARGET names (build_native.py lists them):

    BLOOM_TARGET=windows-arm64 pip wheel --no-deps ./core

The same sources, built with the same setuptools and ziglang, give the same wheel to the byte.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))
from build_native import TARGETS, WHEN, build, chosen

TARGET = chosen()
BUILD = Path(__file__).parent / "build" / "-".join(TARGET)


class BuildWithNative(build_py):
    """Compiles the library into the built package."""

    def run(self) -> None:
        # What an earlier build left would be packed too: files that have gone since.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        build(TARGET, Path(self.build_lib) / "bloom_core", BUILD / "objects")


class PlatformWheel(bdist_wheel):
    """A wheel for any Python 3 on one platform: the library speaks ctypes, not Python's C API."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", TARGETS[TARGET][1]

    def run(self) -> None:
        os.environ.setdefault("SOURCE_DATE_EPOCH", WHEN)
        super().run()

    def write_wheelfile(self, folder: str, *arguments: str) -> None:
        """Writes the last file of the wheel, and gives all of them the same rights: those of a working copy depend on who made it."""
        super().write_wheelfile(folder, *arguments)
        for path in Path(self.bdist_dir).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


class NativeDistribution(Distribution):
    """Says that the wheel belongs to a platform."""

    def has_ext_modules(self) -> bool:
        return True


setup(
    cmdclass={"build_py": BuildWithNative, "bdist_wheel": PlatformWheel},
    distclass=NativeDistribution,
    options={"build": {"build_base": str(BUILD)}},
)
