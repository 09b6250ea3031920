"""The six wheels that `make wheels` builds: what is in them, and what their libraries need and show."""

from __future__ import annotations

import email
import hashlib
import re
import struct
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from release.library_checks import c_abi, complaints, facts, unpacked
from release.manifest import ROOT, TARGETS, version
from tests.release.machines import library, wheel

EVERY_TARGET = pytest.mark.parametrize("target", TARGETS, ids="-".join)
LIBRARIES = {name for _, _, name in TARGETS.values()}


@EVERY_TARGET
def test_a_library_needs_no_more_than_its_system_and_shows_no_more_than_the_c_abi(target: tuple[str, str]) -> None:
    """Processor, imports, exports, the oldest system; stripped; no time of building; on Apple silicon, a signature that fits every page."""
    found = facts(library(target))
    assert complaints(target, found) == []
    assert found.exports >= c_abi() and len(c_abi()) == 26


@EVERY_TARGET
def test_a_library_names_no_folder_of_the_computer_that_built_it(target: tuple[str, str]) -> None:
    data = library(target).read_bytes()
    for place in (str(ROOT), str(Path.home() / ".cache"), "ziglang", "site-packages"):
        assert place.encode() not in data, place


@EVERY_TARGET
def test_what_is_in_a_wheel(target: tuple[str, str]) -> None:
    """The package and its data as they stand in the working copy, one library, the licence; nothing else, nothing of another platform."""
    package, info = ROOT / "core" / "bloom_core", f"bloom_core-{version()}.dist-info"
    data = (".flame", ".png", ".bloom", ".bloommap", ".bloomlesson", ".typed")
    wanted = {path for path in package.rglob("*") if path.is_file() and path.suffix in (".py", *data)}
    names = {f"bloom_core/{path.relative_to(package).as_posix()}": path for path in wanted}
    with zipfile.ZipFile(wheel(target)) as archive:
        about = {f"{info}/{name}" for name in ("licenses/LICENSE", "METADATA", "WHEEL", "entry_points.txt", "top_level.txt", "RECORD")}
        assert set(archive.namelist()) == {*names, *about, f"bloom_core/{TARGETS[target][2]}"}
        for name, path in names.items():
            assert archive.read(name) == path.read_bytes(), name
        assert archive.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
        told = email.message_from_bytes(archive.read(f"{info}/WHEEL"))
        assert told.get_all("Tag") == [f"py3-none-{TARGETS[target][1]}"] and told["Root-Is-Purelib"] == "false"
        metadata = email.message_from_bytes(archive.read(f"{info}/METADATA"))
        assert (metadata["Name"], metadata["Version"], metadata["License-Expression"]) == ("bloom-core", version(), "GPL-3.0-or-later")
        record = archive.read(f"{info}/RECORD").decode().splitlines()
        for line in record:
            name, digest, size = line.rsplit(",", 2)
            if not name.endswith("RECORD"):
                content = archive.read(name)
                assert digest == "sha256=" + urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode() and int(size) == len(content)
        assert [line.rsplit(",", 2)[0] for line in record] == archive.namelist()


@EVERY_TARGET
def test_nothing_in_a_wheel_depends_on_when_where_and_by_whom_it_was_built(target: tuple[str, str]) -> None:
    with zipfile.ZipFile(wheel(target)) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 & 0o7777 for entry in entries} <= {0o644, 0o664}  # RECORD's rights are setuptools' own
    package = [entry.filename for entry in entries if not entry.filename.split("/")[0].endswith(".dist-info")]
    folders = [name.rpartition("/")[0] for name in package]
    assert all(names == sorted(names) for folder in set(folders) for names in [[n for n, f in zip(package, folders, strict=True) if f == folder]])


def test_a_library_that_is_not_right_is_complained_of(tmp_path: Path) -> None:
    """Every kind of complaint, so that none can be silent for ever."""
    linux, macos, windows = ("linux", "x86_64"), ("darwin", "arm64"), ("windows", "amd64")
    good = facts(library(linux))
    changed = {
        "made for arm64": replace(good, machine="arm64"),
        "needs libstdc++.so.6": replace(good, imports=good.imports | {"libstdc++.so.6"}),
        "shows _Znwm": replace(good, exports=good.exports | {"_Znwm"}),
        "does not show bloom_points": replace(good, exports=good.exports - {"bloom_points"}),
        "needs version 2.34 of the system": replace(good, minimum=(2, 34)),
    }
    for told, found in changed.items():
        assert complaints(linux, found) == [told]
    assert complaints(windows, replace(facts(library(windows)), imports=frozenset({"libwinpthread-1.dll"}))) == ["needs libwinpthread-1.dll"]

    data = bytearray(library(macos).read_bytes())
    data[0x8000] ^= 1
    (tmp_path / "changed.dylib").write_bytes(data)
    assert facts(tmp_path / "changed.dylib").faults == ("its signature does not fit its page 2",)
    stamped = bytearray(library(windows).read_bytes())
    struct.pack_into("<I", stamped, struct.unpack_from("<I", stamped, 0x3C)[0] + 8, 1_795_282_976)
    (tmp_path / "stamped.dll").write_bytes(stamped)
    assert "holds the time when it was built" in facts(tmp_path / "stamped.dll").faults
    with pytest.raises(ValueError, match="no library"):
        facts(ROOT / "LICENSE")


def test_stripping_a_library_for_macos_leaves_all_but_its_local_symbols(tmp_path: Path) -> None:
    """A small library with local symbols of every kind, before and after."""
    source = tmp_path / "small.cpp"
    source.write_text(
        'static int hidden(int n) { return n * 3; }\n__attribute__((visibility("hidden"))) int (*chosen)(int) = hidden;\n'
        'extern "C" __attribute__((visibility("default"))) int bloom_small(int n) { return chosen(n); }\n'
    )
    path = tmp_path / "libbloom.dylib"
    compiler = [sys.executable, "-m", "ziglang", "c++", "-target", TARGETS["darwin", "arm64"][0]]
    subprocess.run([*compiler, "-shared", "-s", "-Wl,-install_name,@rpath/libbloom.dylib", "-o", str(path), str(source)], check=True)
    before = facts(path)
    assert any(re.fullmatch(r"has \d+ local symbols", fault) for fault in before.faults)
    import macho_strip

    macho_strip.strip(path)
    after = facts(path)
    assert after.faults == () and replace(before, faults=()) == after
    with pytest.raises(macho_strip.MachoError, match=r"small\.cpp"):
        macho_strip.strip(source)


def test_a_platform_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import build_native

    monkeypatch.setenv("BLOOM_TARGET", "amiga-m68k")
    with pytest.raises(SystemExit, match=r"amiga-m68k, but for linux-x86_64, .*set BLOOM_TARGET"):
        build_native.chosen()
    monkeypatch.setenv("BLOOM_TARGET", "windows-arm64")
    assert build_native.chosen() == ("windows", "arm64")
    monkeypatch.setenv("BLOOM_TARGET", "")
    assert build_native.chosen() == build_native.host()


def test_the_licence_in_the_wheel_is_the_project_s() -> None:
    assert (ROOT / "core" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_a_wheel_without_a_library_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "empty.whl", "w") as archive:
        archive.writestr("bloom_core/__init__.py", "")
    with pytest.raises(ValueError, match="holds 0 libraries"):
        unpacked(tmp_path / "empty.whl", tmp_path)
