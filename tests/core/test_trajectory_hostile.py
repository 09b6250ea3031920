"""Hostile run files: none gets further than a message, and nothing in one is ever executed."""


from __future__ import annotations

import io
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core.trajectories.run_files import MAX_RUN_BYTES, Budget, read_npz
from bloom_core.trajectories.trajectory import RunError, Trajectory, pack_run

from .run_folders import refused, shard_of

MakeRun = Callable[..., Trajectory]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_as_npz(data: bytes) -> None:
    with pytest.raises(RunError):
        read_npz(data, "here", Budget())


class Bomb:
    """Its unpickling would create a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("unpickled").touch, ())


def npy(header: str, data: bytes = b"", version: int = 1) -> bytes:
    text = header.encode("latin-1")
    length = struct.pack("<H", len(text)) if version == 1 else struct.pack("<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def with_member(going: Path, data: bytes, name: str = "loss.npy") -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for column, array in shard_of(going).items():
            if f"{column}.npy" != name:
                member = io.BytesIO()
                np.save(member, array)
                archive.writestr(f"{column}.npy", member.getvalue())
        archive.writestr(name, data)
    (going / "steps-000000.npz").write_bytes(buffer.getvalue())


def test_object_arrays_are_never_unpickled(going: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with_member(going, npy("{'descr': '|O', 'fortran_order': False, 'shape': (60,)}", pickle.dumps([Bomb()] * 60)))
    refused(going, "loss", "plain numbers")
    assert not (tmp_path / "unpickled").exists()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536, 65536, 65536)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-60,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 60}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (60,)}",
        "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (60,)}",
        "{'descr': '<f4', 'fortran_order': 1, 'shape': (60,)}",
        "{'descr': '<f4'}",
        "__import__('os').system('true')",
        "(" * 2000,
        "[",
        "",
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_hostile_array_headers(going: Path, header: str, version: int) -> None:
    with_member(going, npy(header, bytes(240), version))
    refused(going, "loss")


def test_a_member_that_claims_more_than_it_holds(tmp_path: Path, directory: Path) -> None:
    pack_run(directory, tmp_path / "run.bloom")
    data = bytearray((tmp_path / "run.bloom").read_bytes())
    entry = data.find(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", MAX_RUN_BYTES + 1)
    (tmp_path / "run.bloom").write_bytes(data)
    refused(tmp_path / "run.bloom", "claims")


def test_a_bomb_stops_at_the_budget(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(30_000_000))
    with pytest.raises(RunError, match="claims 30000000 bytes"):
        read_npz((tmp_path / "bomb.npz").read_bytes(), "bomb.npz", Budget(1_000_000))


@pytest.mark.parametrize("name", ["../evil.json", "/etc/evil.json", "a\\b.json", "emb/../../evil", "C:evil.json", "./run.json", "a//b"])
def test_names_that_lead_out(tmp_path: Path, directory: Path, name: str) -> None:
    pack_run(directory, tmp_path / "run.bloom")
    with zipfile.ZipFile(tmp_path / "run.bloom", "a") as archive:
        archive.writestr(zipfile.ZipInfo("placeholder" + "x" * (len(name) - 11) if len(name) > 11 else "y" * len(name)), b"{}")
    data = (tmp_path / "run.bloom").read_bytes()
    stand_in = ("placeholder" + "x" * (len(name) - 11) if len(name) > 11 else "y" * len(name)).encode()
    (tmp_path / "run.bloom").write_bytes(data.replace(stand_in, name.encode()))
    refused(tmp_path / "run.bloom", "leads out")


def test_links_doubles_and_odd_compression(tmp_path: Path, directory: Path) -> None:
    def packed_with(*members: tuple[zipfile.ZipInfo, int]) -> Path:
        pack_run(directory, tmp_path / "run.bloom")
        with zipfile.ZipFile(tmp_path / "run.bloom", "a") as archive:
            for info, method in members:
                archive.writestr(info, b"{}", method)
        return tmp_path / "run.bloom"

    link = zipfile.ZipInfo("extra.json")
    link.external_attr = 0o120777 << 16
    refused(packed_with((link, zipfile.ZIP_STORED)), "link")
    with pytest.warns(UserWarning, match="Duplicate name"):
        double = packed_with((zipfile.ZipInfo("run.json"), zipfile.ZIP_STORED))
    refused(double, "comes twice")
    refused(packed_with((zipfile.ZipInfo("extra.json"), zipfile.ZIP_BZIP2)), "neither stored nor deflated")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_in_the_folder_does_not_hang(directory: Path) -> None:
    import os

    (directory / "vocab.json").unlink()
    os.mkfifo(directory / "vocab.json")
    refused(directory, "vocab.json")
