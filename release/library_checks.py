"""Reads what a built library needs and shows, and says what of it is not as it should be: `python -m release.library_checks`."""

from __future__ import annotations

import argparse
import hashlib
import re
import struct
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import lief

from release.manifest import ROOT, TARGETS

_HEADER = ROOT / "core" / "native" / "bloom.h"
_MACHINES = {"x86_64": "x86-64", "amd64": "x86-64", "aarch64": "arm64", "arm64": "arm64"}
_OF_LIEF = {"X86_64": "x86-64", "AMD64": "x86-64", "AARCH64": "arm64", "ARM64": "arm64"}
_ALLOWED = {
    "linux": re.compile(r"lib(c|m)\.so\.6|libpthread\.so\.0|libdl\.so\.2|ld-linux-(x86-64\.so\.2|aarch64\.so\.1)"),
    "darwin": re.compile(re.escape("/usr/lib/libSystem.B.dylib")),
    "windows": re.compile(r"kernel32\.dll|api-ms-win-crt-[a-z]+-l1-1-0\.dll", re.IGNORECASE),
}
"""What a library may import: the C library and the kernel's own, which every system since that minimum has."""
_MINIMUM = {"linux": (2, 28), "darwin": (11, 0), "windows": (10, 0)}
"""The oldest glibc, macOS and Windows that a library may ask for at most."""
_OF_THE_FORMAT = frozenset({"__mh_dylib_header", "___dso_handle"})
"""Names of a macOS library's own beginning, which zig's linker lets be seen."""


@dataclass(frozen=True)
class Facts:
    """What stands in a library: processor, the libraries it imports, the names it shows, the oldest system it asks for (glibc, macOS or
    Windows), and what is wrong with its form: symbols or debugging left in, a stamp of time, a bad signature."""

    machine: str
    imports: frozenset[str]
    exports: frozenset[str]
    minimum: tuple[int, int]
    faults: tuple[str, ...]


def c_abi() -> frozenset[str]:
    """Returns the names that bloom.h declares."""
    return frozenset(re.findall(r"^BLOOM_API[^(]*?\b(bloom_\w+)\(", _HEADER.read_text("utf-8"), re.MULTILINE))


def facts(path: Path) -> Facts:
    """Returns the facts of a library for Linux, macOS or Windows. Raises ValueError for any other file."""
    found = lief.parse(str(path))
    if isinstance(found, lief.ELF.Binary):
        return _of_linux(found)
    if isinstance(found, lief.PE.Binary):
        return _of_windows(found)
    if isinstance(found, lief.MachO.Binary):
        return _of_macos(found, path.read_bytes())
    raise ValueError(f"{path} is no library for Linux, macOS or Windows, or one for several processors")


def complaints(target: tuple[str, str], found: Facts) -> list[str]:
    """Returns what is not as it should be in the library for `target`, a key of TARGETS."""
    system, machine = target
    out = list(found.faults)
    if found.machine != _MACHINES[machine]:
        out.append(f"made for {found.machine}")
    out += [f"needs {name}" for name in sorted(found.imports) if not _ALLOWED[system].fullmatch(name)]
    out += [f"shows {name}" for name in sorted(found.exports - c_abi() - (_OF_THE_FORMAT if system == "darwin" else frozenset()))]
    out += [f"does not show {name}" for name in sorted(c_abi() - found.exports)]
    if found.minimum > _MINIMUM[system]:
        out.append(f"needs version {'.'.join(map(str, found.minimum))} of the system")
    return out


def _of_linux(found: lief.ELF.Binary) -> Facts:
    sections = {str(section.name) for section in found.sections}
    faults = [f"has the section {name}" for name in sorted(sections) if name in (".symtab", ".note.gnu.build-id") or name.startswith(".debug")]
    if found.has(lief.ELF.DynamicEntry.TAG.RPATH) or found.has(lief.ELF.DynamicEntry.TAG.RUNPATH):
        faults.append("looks for libraries in a folder of its own")
    if any(segment.type == lief.ELF.Segment.TYPE.GNU_STACK and lief.ELF.Segment.FLAGS.X in segment for segment in found.segments):
        faults.append("wants a stack that can be executed")
    names = [str(entry.name) for needed in found.symbols_version_requirement for entry in needed.get_auxiliary_symbols()]
    versions = [re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", name) for name in names]
    minimum = max((int(v[1]), int(v[2])) for v in versions if v)
    exports = frozenset(str(symbol.name) for symbol in found.exported_symbols)
    return Facts(_OF_LIEF[found.header.machine_type.name], frozenset(map(str, found.libraries)), exports, minimum, tuple(faults))


def _of_windows(found: lief.PE.Binary) -> Facts:
    faults = ["has debugging information"] * bool(found.has_debug) + ["has symbols"] * bool(found.header.numberof_symbols)
    table = found.get_export()
    stamps = {found.header.time_date_stamps, table.timestamp if table else 0} - {0, 315532800}
    faults += ["holds the time when it was built"] * bool(stamps)
    wanted = ("DYNAMIC_BASE", "NX_COMPAT", "HIGH_ENTROPY_VA")
    has = {flag.name for flag in found.optional_header.dll_characteristics_lists}
    faults += [f"lacks {name}" for name in wanted if name not in has]
    minimum = (found.optional_header.major_subsystem_version, found.optional_header.minor_subsystem_version)
    exports = frozenset(str(entry.name) for entry in table.entries) if table else frozenset[str]()
    return Facts(_OF_LIEF[found.header.machine.name], frozenset(str(entry.name) for entry in found.imports), exports, minimum, tuple(faults))


def _of_macos(found: lief.MachO.Binary, data: bytes) -> Facts:
    good, why = lief.MachO.check_layout(found)
    faults = [] if good else [f"is laid out wrongly: {why}"]
    local = [symbol for symbol in found.symbols if symbol.category == lief.MachO.Symbol.CATEGORY.LOCAL]
    faults += [f"has {len(local)} local symbols"] * bool(local)
    version = found.build_version
    if version is None or version.platform != lief.MachO.BuildVersion.PLATFORMS.MACOS:
        raise ValueError("a library for macOS does not say so")
    machine = _OF_LIEF[found.header.cpu_type.name]
    names = {str(command.name) for command in found.libraries if command.command == lief.MachO.LoadCommand.TYPE.ID_DYLIB}
    faults += [] if names == {"@rpath/libbloom.dylib"} else [f"calls itself {names}"]
    if found.code_signature is not None:
        faults += _faults_of_signature(data, found.code_signature.data_offset)
    elif machine == "arm64":
        faults.append("is not signed, which Apple silicon refuses")
    imports = frozenset(str(command.name) for command in found.libraries if command.command != lief.MachO.LoadCommand.TYPE.ID_DYLIB)
    shown = list(found.dyld_info.exports) if found.dyld_info else []
    names = {str(entry.symbol.name) for entry in shown if entry.symbol}
    exports = frozenset(name[1:] if name.startswith("_bloom_") else name for name in names)
    return Facts(machine, imports, exports, (version.minos[0], version.minos[1]), tuple(faults))


def _faults_of_signature(data: bytes, start: int) -> list[str]:
    """Checks an ad-hoc signature as macOS does: every page up to the signature has the SHA-256 that the directory says."""
    magic, _, blobs, kind, at = struct.unpack_from(">5I", data, start)
    directory = start + at
    head, _, _, flags, hashes, _, _, pages, limit, size, algorithm, _, page_log2 = struct.unpack_from(">9I4B", data, directory)
    if (magic, blobs, kind, head, size, algorithm) != (0xFADE0CC0, 1, 0, 0xFADE0C02, 32, 2) or not flags & 2:
        return ["is not signed ad hoc with SHA-256"]
    if limit != start:
        return ["its signature does not cover all of it"]
    page = 1 << page_log2
    for number, first in enumerate(range(0, limit, page)):
        told = directory + hashes + size * number
        if number >= pages or hashlib.sha256(data[first : min(first + page, limit)]).digest() != data[told : told + size]:
            return [f"its signature does not fit its page {number}"]
    return []


def unpacked(wheel: Path, folder: Path) -> Path:
    """Takes the library out of a wheel into a folder; returns it. Raises ValueError where there is not exactly one."""
    names = {name for _, _, name in TARGETS.values()}
    with zipfile.ZipFile(wheel) as archive:
        found = [name for name in archive.namelist() if Path(name).name in names]
        if len(found) != 1:
            raise ValueError(f"{wheel} holds {len(found)} libraries, not one")
        return Path(archive.extract(found[0], folder))


def main() -> int:
    """Prints what each wheel's library needs; returns 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m release.library_checks", description=__doc__)
    parser.add_argument("--wheels", type=Path, default=ROOT / "wheels", help="folder with the wheels; default: wheels")
    folder: Path = parser.parse_args().wheels
    wrong = 0
    for target, (_, tag, _) in TARGETS.items():
        for wheel in sorted(folder.glob(f"*-{tag}.whl")):
            with tempfile.TemporaryDirectory() as scratch:
                found = facts(unpacked(wheel, Path(scratch)))
            print(f"{wheel.name}: {found.machine}, version {'.'.join(map(str, found.minimum))} or later, needs {', '.join(sorted(found.imports))}")
            for complaint in complaints(target, found):
                wrong += 1
                print(f"    {complaint}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
