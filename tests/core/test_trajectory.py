"""The run format: what is written is read back, and nothing hostile or damaged gets further than a message."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core import trajectory
from bloom_core.run_files import MAX_RUN_BYTES, Budget, npz_bytes, read_npz
from bloom_core.trajectory import Layer, RunError, RunWriter, Trajectory, pack_run, read_run, write_run

MakeRun = Callable[..., Trajectory]
COLUMNS = ("steps", "epoch", "wall", "loss", "lr", "update_norm", "parameter_norm", "gradient_norm", "sketch", "batch_id", "nonfinite")


@pytest.fixture
def directory(tmp_path: Path, make_run: MakeRun) -> Path:
    write_run(make_run(), tmp_path / "run")
    return tmp_path / "run"


def shard_of(directory: Path) -> dict[str, Any]:
    with np.load(directory / "steps-000000.npz", allow_pickle=False) as file:
        return dict(file)


def put_shard(directory: Path, arrays: dict[str, Any], name: str = "steps-000000.npz") -> None:
    (directory / name).write_bytes(npz_bytes(arrays))


def refused(path: Path, *parts: str) -> None:
    """The run is refused with a message that names the file and each of `parts`."""
    with pytest.raises(RunError) as caught:
        read_run(path)
    for part in (path.name, *parts):
        assert part in str(caught.value)


def test_directory_and_packed_file_hold_what_was_written(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run()
    write_run(run, tmp_path / "run")
    pack_run(tmp_path / "run", tmp_path / "packed.bloom")
    for path in (tmp_path / "run", tmp_path / "packed.bloom"):
        found = read_run(path)
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(found, name), getattr(run, name), err_msg=name)
            assert getattr(found, name).dtype == getattr(run, name).dtype
        assert found.layers == run.layers
        assert found.events == run.events
        assert found.meta["title"] == "synthetic"
        assert found.embeddings is not None and run.embeddings is not None
        assert found.embeddings.words == run.embeddings.words
        np.testing.assert_array_equal(found.embeddings.values, run.embeddings.values)
        assert found.reduction is not None and found.embeddings.reduction is not None


def test_half_sketches_are_close_and_smaller(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(400)
    write_run(run, tmp_path / "run")
    pack_run(tmp_path / "run", tmp_path / "full.bloom")
    pack_run(tmp_path / "run", tmp_path / "half.bloom", half_sketches=True)
    np.testing.assert_allclose(read_run(tmp_path / "half.bloom").sketch, run.sketch, rtol=1e-3, atol=1e-7)
    assert (tmp_path / "half.bloom").stat().st_size < 0.7 * (tmp_path / "full.bloom").stat().st_size


def test_huge_sketches_are_not_halved(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run()
    write_run(replace(run, sketch=run.sketch * 1e7), tmp_path / "run")
    pack_run(tmp_path / "run", tmp_path / "half.bloom", half_sketches=True)
    np.testing.assert_array_equal(read_run(tmp_path / "half.bloom").sketch, run.sketch * np.float32(1e7))


def test_npz_is_plain_numpy(directory: Path) -> None:
    assert shard_of(directory)["sketch"].shape == (60, 3, 64)


def test_a_run_that_was_never_closed_opens(tmp_path: Path, directory: Path) -> None:
    shard = shard_of(directory)
    writer = RunWriter(tmp_path / "killed", [Layer(f"l{n}", (2,), "") for n in range(3)])
    writer.append({name: column[:20] for name, column in shard.items()})
    writer.append({name: column[20:50] for name, column in shard.items()})
    (tmp_path / "killed" / "steps-000050.npz.tmp").write_bytes(b"half a sha")  # what kill -9 leaves
    run = read_run(tmp_path / "killed")
    assert len(run.steps) == 50 and run.meta["closed"] is False and run.reduction is None
    assert run.positions().shape == (50, 32)


def test_embedded_run_is_whole() -> None:
    assert "digits" in trajectory.embedded_runs()
    path = trajectory.embedded_run("digits")
    assert path.stat().st_size <= 2_000_000
    run = read_run(path)
    assert len(run.steps) > 1000 and run.reduction is not None and run.embeddings is not None
    assert run.embeddings.words[0] == "digit 0"
    late, early = run.update_size()[-100:].mean(), run.update_size()[:100].mean()
    assert 0.0 < late < 0.1 * early
    assert run.meta["test_accuracy"][-1] > 0.9
    with pytest.raises(RunError, match="no such embedded run"):
        trajectory.embedded_run("../digits")


def test_missing_paths_and_strange_files(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.bloom", "not found")
    (tmp_path / "text.bloom").write_bytes(b"not a zip at all")
    refused(tmp_path / "text.bloom", "not a zip")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "run.json", "is missing")
    (tmp_path / "empty.bloom").write_bytes(b"")
    refused(tmp_path / "empty.bloom", "not a zip")


@pytest.mark.parametrize("text", ["{", '{"format": "bloom-run", "version": NaN}', "[" * 100_000, "\xff", "[]", '{"format": "other"}'])
def test_damaged_run_json(directory: Path, text: str) -> None:
    (directory / "run.json").write_bytes(text.encode("latin-1"))
    refused(directory, "run.json")


def test_a_newer_version_is_named(directory: Path) -> None:
    (directory / "run.json").write_text(json.dumps({"format": "bloom-run", "version": 2}))
    refused(directory, "version 2", "Update Bloom")


@pytest.mark.parametrize("meta", [{"groups": 10**9}, {"groups": "1"}, {"steps": -1}, {"groups": True}])
def test_counts_that_are_none(directory: Path, meta: dict[str, Any]) -> None:
    (directory / "run.json").write_text(json.dumps({"format": "bloom-run", "version": 1} | meta))
    refused(directory, "run.json")


def test_missing_shards(tmp_path: Path, directory: Path) -> None:
    shard = shard_of(directory)
    for start in (0, 20, 40):
        put_shard(directory, {name: column[start : start + 20] for name, column in shard.items()}, f"steps-{start:06d}.npz")
    assert len(read_run(directory).steps) == 60
    (directory / "steps-000020.npz").rename(tmp_path / "kept.npz")
    refused(directory, "steps-000020.npz", "missing")
    (tmp_path / "kept.npz").rename(directory / "steps-000020.npz")
    (directory / "steps-000040.npz").unlink()
    refused(directory, "steps-000040.npz", "missing")  # the run was closed, so its end is known
    for start in (0, 20):
        (directory / f"steps-{start:06d}.npz").unlink()
    refused(directory, "no steps yet")


def test_missing_snapshot_and_vocabulary(directory: Path) -> None:
    (directory / "emb" / "0003.npz").unlink()
    refused(directory, "emb/0003.npz", "missing")
    (directory / "emb" / "0006.npz").rename(directory / "emb" / "0003.npz")
    refused(directory, "emb/0006.npz", "missing")


def test_vocabulary_of_another_run(directory: Path) -> None:
    (directory / "vocab.json").write_text('["one", "two"]')
    refused(directory, "emb/0000.npz", "shape")
    (directory / "vocab.json").unlink()
    refused(directory, "vocab.json", "is missing")


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("step", lambda a: a.astype("<f8")),
        ("step", lambda a: a[::-1].copy()),
        ("sketch", lambda a: a.astype("<i8")),
        ("sketch", lambda a: a[:, :, :63]),
        ("unorm", lambda a: a[:, :2]),
        ("unorm", lambda a: -a),
        ("lr", lambda a: np.hstack([a, a])),
        ("nonfinite", lambda a: a.astype("<i8")),
        ("loss", lambda a: a[:-1]),
    ],
)
def test_wrong_types_and_shapes(directory: Path, column: str, change: Callable[[Any], Any]) -> None:
    shard = shard_of(directory)
    put_shard(directory, shard | {column: change(shard[column])})
    refused(directory, "steps-", "step" if column == "step" else column)


@pytest.mark.parametrize("column", ["epoch", "wall", "sketch", "unorm", "pnorm", "gnorm"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite_where_it_cannot_be(directory: Path, column: str, value: float) -> None:
    shard = shard_of(directory)
    shard[column][7] = value
    put_shard(directory, shard)
    refused(directory, "steps-000000.npz", column, "row 7")


def test_not_finite_where_it_can_be(directory: Path) -> None:
    shard = shard_of(directory)
    shard["loss"][7:] = np.nan
    shard["unorm"][7] = np.inf
    shard["nonfinite"][7] = 1
    put_shard(directory, shard)
    run = read_run(directory)
    assert np.isinf(run.update_norm[7]).all() and run.update_size()[7] == 0.0
    assert np.isfinite(run.share_of_path()).all()


def test_missing_column(directory: Path) -> None:
    shard = shard_of(directory)
    del shard["pnorm"]
    put_shard(directory, shard)
    refused(directory, "pnorm")


def test_truncated_shard(directory: Path) -> None:
    data = (directory / "steps-000000.npz").read_bytes()
    for length in (0, 10, len(data) // 2, len(data) - 10):
        (directory / "steps-000000.npz").write_bytes(data[:length])
        refused(directory, "steps-000000.npz")


def test_flipped_bytes_never_crash(tmp_path: Path, directory: Path) -> None:
    pack_run(directory, tmp_path / "packed.bloom")
    data = bytearray((tmp_path / "packed.bloom").read_bytes())
    random = np.random.default_rng(3)
    for _ in range(150):
        broken = bytearray(data)
        for place in random.integers(0, len(data), 4):
            broken[place] = random.integers(0, 256)
        (tmp_path / "broken.bloom").write_bytes(broken)
        try:
            read_run(tmp_path / "broken.bloom")
        except RunError as error:
            assert "broken.bloom" in str(error)


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


def with_member(directory: Path, data: bytes, name: str = "loss.npy") -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for column, array in shard_of(directory).items():
            if f"{column}.npy" != name:
                member = io.BytesIO()
                np.save(member, array)
                archive.writestr(f"{column}.npy", member.getvalue())
        archive.writestr(name, data)
    (directory / "steps-000000.npz").write_bytes(buffer.getvalue())


def test_object_arrays_are_never_unpickled(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with_member(directory, npy("{'descr': '|O', 'fortran_order': False, 'shape': (60,)}", pickle.dumps([Bomb()] * 60)))
    refused(directory, "loss", "plain numbers")
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
def test_hostile_array_headers(directory: Path, header: str, version: int) -> None:
    with_member(directory, npy(header, bytes(240), version))
    refused(directory, "loss")


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


def test_a_pipe_in_the_folder_does_not_hang(directory: Path) -> None:
    import os

    (directory / "vocab.json").unlink()
    os.mkfifo(directory / "vocab.json")
    refused(directory, "vocab.json")


def test_writers_refuse_what_they_cannot_do(tmp_path: Path, directory: Path, make_run: MakeRun) -> None:
    with pytest.raises(RunError, match="already there"):
        write_run(make_run(), directory)
    with pytest.raises(RunError, match="not a run directory"):
        pack_run(tmp_path / "nowhere", tmp_path / "x.bloom")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        write_run(make_run(), tmp_path / "file" / "run")
    with pytest.raises(RunError, match="cannot be written"):
        pack_run(directory, tmp_path / "no" / "such" / "folder.bloom")
    put_shard(directory, {"step": np.arange(3)})
    with pytest.raises(RunError, match="steps-000000"):
        pack_run(directory, tmp_path / "broken.bloom")
    assert not (tmp_path / "broken.bloom").exists()


def test_the_meta_of_a_run_cannot_change_its_format(tmp_path: Path, make_run: MakeRun) -> None:
    write_run(replace(make_run(), meta={"version": 99, "closed": False, "title": "t"}), tmp_path / "run")
    assert read_run(tmp_path / "run").meta["version"] == 1
