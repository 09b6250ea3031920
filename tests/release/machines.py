"""Where libraries of other platforms run: Windows' under Wine, aarch64's under qemu; and the driver that plays jobs with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from release.manifest import ROOT, TARGETS, version, wheel_name
from tests.release.jobs import Job, split

DRIVER = Path(__file__).parent / "driver" / "driver.cpp"
ARM_ROOTS = (ROOT / ".arm64-root", Path("/usr/aarch64-linux-gnu"))
"""Folders with a C library for aarch64: the one that `make test-foreign` fetches, and Debian's package libc6-arm64-cross."""
WINDOWS, ARM = ("windows", "amd64"), ("linux", "aarch64")
LIMIT_S = 600.0


@dataclass(frozen=True)
class Machine:
    """A place to run programs of `target`, a key of TARGETS: what to put before the program, and into its environment."""

    target: tuple[str, str]
    before: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    def run(self, command: list[str | Path], folder: Path, environment: dict[str, str] | None = None) -> str:
        """Runs a program of the target in `folder`; returns what it printed. Raises AssertionError with its message where it fails."""
        env = {**os.environ, **dict(self.environment), **(environment or {})}
        full = [*self.before, *map(str, command)]
        done = subprocess.run(full, cwd=folder, env=env, capture_output=True, text=True, errors="replace", timeout=LIMIT_S)
        assert done.returncode == 0, f"{' '.join(full)}: exit code {done.returncode}: {done.stderr[-2000:]}"
        return done.stdout

    def play(self, jobs: list[Job], folder: Path, kernel: str = "") -> dict[str, bytes]:
        """Plays jobs with the wheel's library, files going into `folder`; returns what came out, by the job's name."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "jobs.bin").write_bytes(b"".join(job.given for job in jobs))
        said = self.run([driver(self.target), library(self.target), "jobs.bin", "results.bin"], folder, {"BLOOM_KERNEL": kernel})
        assert not kernel or said.split()[0] == kernel, said
        return split(jobs, (folder / "results.bin").read_bytes())


def host() -> Machine:
    """Returns this computer, which the driver runs on as it is. Skips the test where it is none of the six platforms."""
    import build_native

    if build_native.host() not in TARGETS:
        pytest.skip("this computer is none that Bloom's renderer is built for")
    return Machine(build_native.host())


@cache
def wine() -> Machine:
    """Returns Wine with a Windows of its own, which is made on first use (10 s), or skips."""
    if sys.platform != "linux" or shutil.which("wine") is None:
        pytest.skip("wine is not installed: apt install wine64 runs Windows' library here")
    prefix = _scratch() / "wine"
    environment = {"WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=", "LC_ALL": "C.UTF-8", "WINEARCH": "win64"}
    made = subprocess.run(["wine", "wineboot", "--init"], env={**os.environ, **environment}, capture_output=True, timeout=LIMIT_S)
    if made.returncode != 0:
        pytest.skip("wine is installed but does not start")
    return Machine(WINDOWS, ("wine",), tuple(environment.items()))


@cache
def arm() -> Machine:
    """Returns qemu with a C library for aarch64, or skips."""
    root = next((root for root in ARM_ROOTS if (root / "lib" / "ld-linux-aarch64.so.1").exists()), None)
    if sys.platform != "linux" or shutil.which("qemu-aarch64") is None:
        pytest.skip("qemu-aarch64 is not installed: apt install qemu-user runs the library for aarch64 here")
    if root is None:
        pytest.skip("there is no C library for aarch64: make test-foreign fetches one, or apt install libc6-arm64-cross")
    return Machine(ARM, ("qemu-aarch64", "-L", str(root)))


def wheel(target: tuple[str, str]) -> Path:
    """Returns the wheel of a target, a key of TARGETS, or skips where it was not built."""
    path = ROOT / "wheels" / wheel_name(version(), TARGETS[target][1])
    if not path.is_file():
        pytest.skip(f"there is no {path.name}: make wheels builds it")
    return path


@cache
def library(target: tuple[str, str]) -> Path:
    """Returns the library out of a target's wheel."""
    from release.library_checks import unpacked

    return unpacked(wheel(target), _scratch() / "-".join(target))


@cache
def driver(target: tuple[str, str]) -> Path:
    """Returns the driver, compiled for a target by zig."""
    program = _scratch() / f"driver-{'-'.join(target)}{'.exe' if target[0] == 'windows' else ''}"
    compiler = [sys.executable, "-m", "ziglang", "c++", "-target", TARGETS[target][0], "-std=c++20", "-O1", "-s", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*compiler, "-o", str(program), str(DRIVER)], check=True, cwd=DRIVER.parent)
    return program


@cache
def _scratch() -> Path:
    folder = ROOT / "out" / "test-foreign"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
