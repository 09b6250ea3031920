"""Builds the py3-none-<platform> wheel: one native library per platform, for every Python."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))
from build_native import TARGETS, build, host


class BuildWithNative(build_py):
    """Compiles the library into the built package."""

    def run(self) -> None:
        super().run()
        build(host(), Path(self.build_lib) / "bloom_core", Path(__file__).parent / "build" / "objects")


class PlatformWheel(bdist_wheel):
    """A wheel for any Python 3 on one platform: the library speaks ctypes, not Python's C API."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", TARGETS[host()][1]


class NativeDistribution(Distribution):
    """Says that the wheel belongs to a platform."""

    def has_ext_modules(self) -> bool:
        return True


setup(cmdclass={"build_py": BuildWithNative, "bdist_wheel": PlatformWheel}, distclass=NativeDistribution)
