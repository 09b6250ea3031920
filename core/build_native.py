"""Compiles core/native into one shared library, with the ziglang package as the compiler: for this computer, or for any other platform.

The same sources and the same ziglang give the same bytes, in whatever folder and at whatever time they are built.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import macho_strip

NATIVE = Path(__file__).parent / "native"

# Contraction to fused multiply-adds is off so that every instruction set gives the same bits.
FLAGS = [
    "-std=c++20",
    "-O3",
    "-DNDEBUG",
    "-fno-rtti",
    "-fno-math-errno",
    "-ffp-contract=off",
    "-fvisibility=hidden",
    "-fno-sanitize=undefined",
    "-g0",
]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-psabi", "-Wno-date-time"]
SHARED = [f"{name}.cpp" for name in "abi abi_image abi_recorder abi_training develop dispatch estimator grid image parallel program vdb".split()]

WHEN = "315532800"
"""The time that stands in what is built, as SOURCE_DATE_EPOCH: 1980, the earliest that zip files know."""

# Target triple, wheel tag and library name by (system, machine).
TARGETS = {
    ("linux", "x86_64"): ("x86_64-linux-gnu.2.28", "manylinux_2_28_x86_64", "libbloom.so"),
    ("linux", "aarch64"): ("aarch64-linux-gnu.2.28", "manylinux_2_28_aarch64", "libbloom.so"),
    ("darwin", "arm64"): ("aarch64-macos.11.0", "macosx_11_0_arm64", "libbloom.dylib"),
    ("darwin", "x86_64"): ("x86_64-macos.11.0", "macosx_11_0_x86_64", "libbloom.dylib"),
    ("windows", "amd64"): ("x86_64-windows-gnu", "win_amd64", "bloom.dll"),
    ("windows", "arm64"): ("aarch64-windows-gnu", "win_arm64", "bloom.dll"),
}


def host() -> tuple[str, str]:
    """Returns (system, machine) of this computer. Raises KeyError through TARGETS where it is not supported."""
    return platform.system().lower(), platform.machine().lower()


def chosen() -> tuple[str, str]:
    """Returns the platform to build for: the one that BLOOM_TARGET names, such as windows-arm64, or this computer. Raises SystemExit for others."""
    names = {"-".join(target): target for target in TARGETS}
    name = os.environ.get("BLOOM_TARGET") or "-".join(host())
    if name not in names:
        raise SystemExit(f"Bloom's renderer is not made for {name}, but for {', '.join(names)}: set BLOOM_TARGET to one of these")
    return names[name]


def kernels(triple: str, *, clang: bool = False) -> list[tuple[str, list[str]]]:
    """Returns the kernels to compile: the instruction set's name and its compiler flags (zig's or clang's own), the baseline first."""
    if triple.startswith("x86_64"):
        names = ["v2", "v3", "v4"]
        level = "-march=x86-64-" if clang else "-mcpu=x86_64_"
        return [(name, [level + name, "-mprefer-vector-width=512"]) for name in names]
    return [("neon", [])]


def build(target: tuple[str, str], out: Path, objects: Path, *, clang: str = "", extra: Sequence[str] = ()) -> Path:
    """Compiles the library for `target` into folder `out`. Raises subprocess.CalledProcessError with the compiler's message shown.

    `clang` names a clang++ of this computer to use in place of zig's, which has no sanitizers; `extra` adds flags to compiling and linking.
    """
    triple, _, name = TARGETS[target]
    out.mkdir(parents=True, exist_ok=True)
    objects.mkdir(parents=True, exist_ok=True)
    compiler = [clang] if clang else [sys.executable, "-m", "ziglang", "c++", "-target", triple]
    jobs: list[tuple[list[str], Path]] = []
    for source in SHARED:
        baseline = kernels(triple, clang=bool(clang))[0][1]
        jobs.append(([*compiler, *FLAGS, *WARNINGS, *baseline, *extra, "-c", str(NATIVE / source)], objects / f"{source}.o"))
    if target[0] == "darwin":
        hidden = "-fvisibility-global-new-delete=force-hidden"
        jobs.append(([*compiler, *FLAGS, hidden, *WARNINGS, *extra, "-c", str(NATIVE / "operators.cpp")], objects / "operators.cpp.o"))
    for index, (isa, flags) in enumerate(kernels(triple, clang=bool(clang))):
        defines = [f"-DBLOOM_ISA={isa}"] + (["-DBLOOM_BASELINE"] if index == 0 else [])
        for source in ("variations", "kernel", "recorder_kernel", "training_kernel"):
            command = [*compiler, *FLAGS, *WARNINGS, *flags, *extra, *defines, "-c", str(NATIVE / f"{source}.cpp")]
            jobs.append((command, objects / f"{source}_{isa}.o"))

    def compile_one(job: tuple[list[str], Path]) -> None:
        subprocess.run([*job[0], "-o", str(job[1])], check=True)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, jobs))
    # Linked beside the objects: for Windows, the linker writes an import library there too.
    library = objects / name
    link = [*compiler, *(extra or ["-s", *_link_flags(target[0])]), "-shared", "-o", str(library), *(str(path) for _, path in jobs)]
    subprocess.run(link, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": WHEN})
    if target[0] == "darwin" and not extra:
        macho_strip.strip(library)
    # Renamed into its place: a process may have the old one loaded.
    shutil.copyfile(library, objects / f"{name}.new")
    return (objects / f"{name}.new").replace(out / name)


def _link_flags(system: str) -> list[str]:
    """Returns what makes the linker show the C ABI alone; for Windows, bloom.h says so itself, and for macOS operators.cpp helps."""
    if system == "linux":
        return [f"-Wl,--version-script={NATIVE / 'exports.map'}", "-Wl,--build-id=none"]
    if system == "darwin":
        return ["-Wl,-install_name,@rpath/libbloom.dylib", "-Wl,-dead_strip"]
    return []


if __name__ == "__main__":
    here, to = Path(__file__).parent, chosen()
    print(build(to, here / "bloom_core", here / "build" / "-".join(to) / "objects"))
