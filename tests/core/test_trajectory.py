"""The run format: what is written is read back, and nothing hostile or damaged gets further than a message."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core.trajectories import reduction, signals, trajectory
from bloom_core.trajectories.run_writer import column_files
from bloom_core.trajectories.trajectory import Layer, RunError, RunWriter, Trajectory, pack_run, read_run, write_run

from .run_folders import put_shard, refused, shard_of

MakeRun = Callable[..., Trajectory]
FIELDS = ("steps", "epoch", "wall", "loss", "lr", "update_norm", "parameter_norm", "gradient_norm", "raw_gradient_norm", "cosine")
FIELDS += ("batch_id", "nonfinite")


def test_directory_and_packed_file_hold_what_was_written(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run()
    write_run(run, tmp_path / "run")
    pack_run(tmp_path / "run", tmp_path / "packed.bloom")
    for path in (tmp_path / "run", tmp_path / "packed.bloom"):
        found = read_run(path)
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(found, name), getattr(run, name), err_msg=name)
            assert getattr(found, name).dtype == getattr(run, name).dtype
        assert found.layers == run.layers
        assert found.events == run.events
        assert found.meta["title"] == "synthetic"
        assert found.embeddings is not None and run.embeddings is not None
        assert found.embeddings.words == run.embeddings.words
        np.testing.assert_array_equal(found.embeddings.values, run.embeddings.values)
        assert found.reduction is not None and found.embeddings.reduction is not None


def test_sketches_are_read_when_asked_for_and_packed_as_halves(tmp_path: Path, make_run: MakeRun) -> None:
    run = make_run(400)
    tiny = replace(run, sketch=run.sketch * np.float32(1e-12), update_norm=run.update_norm * np.float32(1e-12))
    for number, case in enumerate((run, tiny)):  # however small the updates, half floats keep their directions
        write_run(case, tmp_path / f"run{number}")
        pack_run(tmp_path / f"run{number}", tmp_path / f"{number}.bloom")
        assert read_run(tmp_path / f"{number}.bloom").sketch is None
        for path, tolerance in ((tmp_path / f"run{number}", 1e-6), (tmp_path / f"{number}.bloom", 1e-3)):
            found = read_run(path, sketches=True).sketch
            assert found is not None and found.dtype == np.float32
            np.testing.assert_allclose(found, case.sketch, rtol=tolerance, atol=tolerance * float(np.abs(case.sketch).max()))
    assert (tmp_path / "0.bloom").stat().st_size < 0.7 * sum(entry.stat().st_size for entry in (tmp_path / "run0").rglob("*") if entry.is_file())


def test_columns_are_plain_numpy(directory: Path, going: Path) -> None:
    assert np.load(directory / "columns" / "direction.npy").shape == (60, 3, 64)
    assert shard_of(going)["direction"].shape == (60, 3, 64)
    assert not list(directory.glob("steps-*.npz"))


def test_a_run_that_was_never_closed_opens(tmp_path: Path, going: Path) -> None:
    shard = shard_of(going)
    writer = RunWriter(tmp_path / "killed", [Layer(f"l{n}", (2,), "", f"part {n}") for n in range(3)])
    writer.append({name: column[:20] for name, column in shard.items()})
    writer.append({name: column[20:50] for name, column in shard.items()})
    (tmp_path / "killed" / "steps-000050.npz.tmp").write_bytes(b"half a sha")  # what kill -9 leaves
    run = read_run(tmp_path / "killed")
    assert len(run.steps) == 50 and run.meta["closed"] is False and run.reduction is None and run.sketch is not None
    assert signals.path(run, np.arange(51.0)).places.shape == (51, 32)
    pack_run(tmp_path / "killed", tmp_path / "packed.bloom")
    packed = read_run(tmp_path / "packed.bloom")
    assert len(packed.steps) == 50 and packed.reduction is not None


def test_a_kill_while_closing_loses_nothing(tmp_path: Path, going: Path) -> None:
    whole = read_run(going)
    names = [name for name, _ in iterate_close(going)]
    for stop in range(len(names) + 1):
        other = tmp_path / f"killed{stop}"
        shutil.copytree(going, other)
        for name, data in list(iterate_close(going))[:stop]:
            (other / name).parent.mkdir(exist_ok=True)
            (other / name).write_bytes(data)
        found = read_run(other)
        np.testing.assert_array_equal(found.steps, whole.steps)
        np.testing.assert_array_equal(found.update_norm, whole.update_norm)


def iterate_close(directory: Path) -> list[tuple[str, bytes]]:
    """The files that closing writes, in their order."""
    return list(column_files(reduction.reduce_run(read_run(directory, sketches=True))).items())


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
    (directory / "run.json").write_text(json.dumps({"format": "bloom-run", "version": 3}))
    refused(directory, "version 3", "Update")


@pytest.mark.parametrize("meta", [{"groups": 10**9}, {"groups": "1"}, {"steps": -1}, {"groups": True}])
def test_counts_that_are_none(directory: Path, meta: dict[str, Any]) -> None:
    (directory / "run.json").write_text(json.dumps({"format": "bloom-run", "version": 2} | meta))
    refused(directory, "run.json")


def test_missing_shards(tmp_path: Path, going: Path) -> None:
    shard = shard_of(going)
    for start in (0, 20, 40):
        put_shard(going, {name: column[start : start + 20] for name, column in shard.items()}, f"steps-{start:06d}.npz")
    assert len(read_run(going).steps) == 60
    (going / "steps-000020.npz").rename(tmp_path / "kept.npz")
    refused(going, "steps-000020.npz", "missing")
    (tmp_path / "kept.npz").rename(going / "steps-000020.npz")
    (going / "run.json").write_text(json.dumps({"format": "bloom-run", "version": 2, "closed": True, "steps": 60}))
    (going / "steps-000040.npz").unlink()
    refused(going, "steps-000040.npz", "missing")  # the run was closed, so its end is known
    for start in (0, 20):
        (going / f"steps-{start:06d}.npz").unlink()
    refused(going, "no steps yet")


@pytest.mark.parametrize("name", ["unorm", "nonfinite", "part_coordinates"])
def test_missing_columns(directory: Path, name: str) -> None:
    (directory / "columns" / f"{name}.npy").unlink()
    refused(directory, f"{name}.npy", "missing")


def test_columns_of_another_length(directory: Path) -> None:
    np.save(directory / "columns" / "loss.npy", np.zeros(59, np.float32))
    refused(directory, "columns/loss.npy", "(59,)")
    np.save(directory / "columns" / "step.npy", np.arange(59))
    refused(directory, "columns/step.npy", "59 steps")


def test_reductions_that_do_not_fit(directory: Path) -> None:
    np.save(directory / "columns" / "coordinates.npy", np.zeros((60, 5), np.float32))
    refused(directory, "reduction.npz", "coordinates")


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
        ("direction", lambda a: a.astype("<i8")),
        ("direction", lambda a: a[:, :, :63]),
        ("unorm", lambda a: a[:, :2]),
        ("unorm", lambda a: -a),
        ("lr", lambda a: np.hstack([a, a])),
        ("nonfinite", lambda a: a.astype("<i8")),
        ("loss", lambda a: a[:-1]),
    ],
)
def test_wrong_types_and_shapes(going: Path, column: str, change: Callable[[Any], Any]) -> None:
    shard = shard_of(going)
    put_shard(going, shard | {column: change(shard[column])})
    refused(going, "steps-", "step" if column == "step" else column)


@pytest.mark.parametrize("column", ["epoch", "wall", "direction", "unorm", "pnorm", "gnorm"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite_where_it_cannot_be(going: Path, column: str, value: float) -> None:
    shard = shard_of(going)
    shard[column][7] = value
    put_shard(going, shard)
    refused(going, "steps-000000.npz", column, "row 7")


def test_not_finite_where_it_can_be(going: Path) -> None:
    shard = shard_of(going)
    shard["loss"][7:] = np.nan
    shard["unorm"][7] = np.inf
    shard["nonfinite"][7] = 1
    put_shard(going, shard)
    run = read_run(going)
    assert np.isinf(run.update_norm[7]).all() and run.update_size()[7] == 0.0
    assert np.isfinite(run.share_of_path()).all()


def test_missing_column(going: Path) -> None:
    shard = shard_of(going)
    del shard["pnorm"]
    put_shard(going, shard)
    refused(going, "pnorm")


def test_truncated_shard(going: Path) -> None:
    data = (going / "steps-000000.npz").read_bytes()
    for length in (0, 10, len(data) // 2, len(data) - 10):
        (going / "steps-000000.npz").write_bytes(data[:length])
        refused(going, "steps-000000.npz")


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
    np.save(directory / "columns" / "step.npy", np.arange(3))
    with pytest.raises(RunError, match=r"step\.npy"):
        pack_run(directory, tmp_path / "broken.bloom")
    assert not (tmp_path / "broken.bloom").exists()


def test_the_meta_of_a_run_cannot_change_its_format(tmp_path: Path, make_run: MakeRun) -> None:
    write_run(replace(make_run(), meta={"version": 99, "closed": False, "title": "t"}), tmp_path / "run")
    assert read_run(tmp_path / "run").meta["version"] == 2
