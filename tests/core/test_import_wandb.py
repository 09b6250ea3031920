"""Histories of W&B: logs written by wandb itself (offline), JSON lines, CSV as its page exports it, parquet; broken and hostile ones."""

from __future__ import annotations

import json
import math
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloom_core.importers import wandb_log, wandb_tables
from bloom_core.importers.wandb import import_wandb, looks_like
from bloom_core.trajectories.run_files import Budget
from bloom_core.trajectories.trajectory import RunError, pack_run, read_run, write_run

COUNT = 400


def losses(count: int = COUNT) -> list[float]:
    rng = np.random.default_rng(0)
    return list(2.0 * np.exp(-np.arange(count) / (count / 5)) + 0.2 + 0.01 * rng.normal(size=count))


def history(count: int = COUNT) -> list[dict[str, object]]:
    """Returns rows as `scan_history` gives them."""
    return [
        {"train/loss": loss, "lr-AdamW": 1e-3, "epoch": step // 100, "_step": step, "_timestamp": 1.7e9 + step, "_runtime": float(step)}
        for step, loss in enumerate(losses(count))
    ]


def write_jsonl(path: Path, rows: list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a run that wandb logged without a network, as Lightning does."""
    wandb = pytest.importorskip("wandb", reason="wandb is not installed")
    folder = tmp_path_factory.mktemp("wandb")
    quiet = wandb.Settings(silent=True, console="off", x_disable_stats=True, x_disable_meta=True)
    run = wandb.init(mode="offline", project="bloom", dir=str(folder), settings=quiet)
    for step, loss in enumerate(losses()):
        row = {"train/loss": math.nan if step == 250 else loss, "trainer/global_step": 10 * step, "lr-AdamW": 1e-3, "grad": {"norm": 1.0 + loss}}
        row |= {"gradients/encoder.weight": wandb.Histogram(np.linspace(-1.0, 1.0, 200) * loss)} if step % 20 == 0 else {}
        row |= {"eval/acc": math.inf, "note": "text"} if step % 50 == 0 else {}
        run.log(row)
    run.finish()
    return folder


def test_the_log_of_wandb_itself(offline: Path, tmp_path: Path) -> None:
    assert looks_like(offline)
    run, warnings = import_wandb(offline)
    np.testing.assert_array_equal(run.steps, 10 * np.arange(COUNT))
    expected = np.float32(losses())
    expected[250] = np.nan
    np.testing.assert_array_equal(run.loss, expected)
    np.testing.assert_array_equal(np.flatnonzero(run.nonfinite), [250])
    np.testing.assert_allclose(run.raw_gradient_norm, 1.0 + np.float32(losses()), rtol=1e-6)
    np.testing.assert_array_equal(run.lr[:, 0], np.float32(1e-3))
    assert [layer.name for layer in run.layers] == ["loss", "gradient norm", "norms/gradients/encoder.weight"]
    assert any("'trainer/global_step'" in warning for warning in warnings) and any("no parameters" in warning for warning in warnings)
    assert {"eval/acc", "train/loss", "grad.norm"} <= set(run.meta["scalars"]) and "note" not in run.meta["scalars"]
    assert 0.0 < run.wall[-1] < 600.0
    write_run(run, tmp_path / "run")
    pack_run(tmp_path / "run", tmp_path / "run.bloom")
    np.testing.assert_array_equal(read_run(tmp_path / "run.bloom").update_norm, run.update_norm)


def test_the_norm_of_its_histograms(offline: Path) -> None:
    """Histograms keep 64 bins, from whose middles the norm follows to a percent or two."""
    from bloom_core.importers import wandb as module

    file = next(offline.glob("wandb/offline-run-*/run-*.wandb"))
    found = [dict(module._numbers(module._decoded(row))) for row in wandb_log.rows(file, [])]
    norms = [row["norms/gradients/encoder.weight"] for row in found if "norms/gradients/encoder.weight" in row]
    expected = [np.linalg.norm(np.linspace(-1.0, 1.0, 200) * loss) for loss in losses()[::20]]
    np.testing.assert_allclose(norms, expected, rtol=0.02)


def test_a_log_that_is_cut_off_or_damaged(offline: Path, tmp_path: Path) -> None:
    whole = next(offline.glob("wandb/offline-run-*/run-*.wandb")).read_bytes()
    file = tmp_path / "run-x.wandb"
    file.write_bytes(whole[: len(whole) // 2])
    run, warnings = import_wandb(file)
    assert 50 < len(run.steps) < COUNT and any("still running" in warning for warning in warnings)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    file.write_bytes(flipped)
    run, warnings = import_wandb(file)
    assert 50 < len(run.steps) < COUNT and any(f"{file}, byte" in warning and "damaged" in warning for warning in warnings)
    file.write_bytes(b"not a log")
    with pytest.raises(RunError, match="not a log of W&B"):
        import_wandb(file)


def record(data: bytes, kind: int = 1) -> bytes:
    return struct.pack("<IHB", zlib.crc32(bytes([kind]) + data), len(data), kind) + data


@pytest.mark.parametrize("data", [b"\xff" * 20, b"\x12\xff\xff\xff\xff\x0f", b"\x12\x03\x0a\x7f\x00", b"\x13" * 50])
def test_hostile_records(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "run-x.wandb"
    file.write_bytes(wandb_log.MAGIC + b"\0" + record(data))
    with pytest.raises(RunError, match="no loss"):
        import_wandb(file)
    warnings: list[str] = []
    assert list(wandb_log.rows(file, warnings)) == [] and "no record of W&B" in warnings[0]
    file.write_bytes(wandb_log.MAGIC + b"\0" + record(b"abc", 2))
    assert list(wandb_log.rows(file, warnings)) == [] and "ends within a record" in warnings[1]
    file.write_bytes(wandb_log.MAGIC + b"\0" + record(b"abc", 3))
    assert list(wandb_log.rows(file, warnings)) == [] and "damaged" in warnings[2]


def test_json_lines(tmp_path: Path) -> None:
    rows = history()
    rows[10]["train/loss"], rows[11]["train/loss"], rows[12]["train/loss"] = math.nan, "Infinity", "NaN"
    rows[13] |= {"picture": {"_type": "image-file", "size": 5}, "nested": {"loss": 3.0}, "text": "4.5", "flag": True, "huge": 10**400}
    file = write_jsonl(tmp_path / "files" / "wandb-history.jsonl", rows)
    assert "NaN" in file.read_text() and looks_like(tmp_path) and looks_like(file)
    run, _ = import_wandb(tmp_path)
    np.testing.assert_array_equal(run.steps, np.arange(COUNT))
    np.testing.assert_array_equal(np.flatnonzero(run.nonfinite), [10, 11, 12])
    np.testing.assert_array_equal(run.wall, np.arange(COUNT))
    assert run.epoch[-1] == 3.0 and run.lr[0, 0] == np.float32(1e-3) and [layer.name for layer in run.layers] == ["loss"]
    assert "nested.loss" in run.meta["scalars"] and not {"picture.size", "text", "flag"} & set(run.meta["scalars"])


def test_rows_of_hugging_face(tmp_path: Path) -> None:
    """Its Trainer logs the loss every 10 steps, and the evaluation in rows of their own."""
    rows: list[dict[str, object]] = []
    for index, loss in enumerate(losses(50)):
        step = 10 * (index + 1)
        rows.append({"train/loss": loss, "train/grad_norm": 2.0, "train/learning_rate": 1e-4, "train/epoch": step / 100, "train/global_step": step})
        if index % 10 == 9:
            rows.append({"eval/loss": loss, "eval/runtime": 1.0, "train/epoch": step / 100, "train/global_step": step})
    rows.append({"train/train_loss": 0.5, "train/total_flos": 1e15, "train/global_step": 500})
    for call, row in enumerate(rows):
        row["_step"] = call
    run, warnings = import_wandb(write_jsonl(tmp_path / "h.jsonl", rows))
    np.testing.assert_array_equal(run.steps, 10 * np.arange(1, 51))
    np.testing.assert_array_equal(run.loss, np.float32(losses(50)))
    assert run.raw_gradient_norm[0] == 2.0 and run.epoch[-1] == 5.0 and any("every 10 steps" in warning for warning in warnings)


def test_broken_json_lines(tmp_path: Path) -> None:
    file = write_jsonl(tmp_path / "h.jsonl", history(20))
    whole = file.read_text()
    file.write_text(whole[:-30])
    run, warnings = import_wandb(file)
    assert len(run.steps) == 19 and "line 20: is cut off" in warnings[0]
    for bad, reason in (("{]", "not JSON"), ("[1]", "not a JSON object"), ("[" * 100_000, "not JSON"), ('{"a": ' + "9" * 5000 + "}", "not JSON")):
        file.write_text(bad + "\n" + whole)
        with pytest.raises(RunError, match=f"line 1: {reason}"):
            import_wandb(file)
    file.write_text('{"_step": -5, "loss": 1}\n{"_step": 1e300, "loss": 2}\n' + whole)
    assert any("2 values at steps below 0" in warning for warning in import_wandb(file)[1])


def test_csv_of_the_web_page(tmp_path: Path) -> None:
    metrics = [f"{run} - {metric}" for run in ("brisk-pond-1", "dry-sea-2") for metric in ("train/loss", "lr")]
    lines = [",".join(['"Step"', *(f'"{metric}{end}"' for metric in metrics for end in ("", "__MIN", "__MAX"))])]
    for step, loss in enumerate(losses(100)):
        first = f'"{loss}","{loss}","{loss}","0.1","0.1","0.1"'
        second = '"","","","","",""' if step > 50 else '"NaN","NaN","NaN","0.1","0.1","0.1"'
        lines.append(f'"{step * 7}",{first},{second}')
    file = tmp_path / "wandb_export_2024-01-01T00_00_00.000+00_00.csv"
    file.write_text("\n".join(lines) + "\n")
    assert looks_like(file) and looks_like(tmp_path)
    run, warnings = import_wandb(tmp_path)
    np.testing.assert_array_equal(run.steps, 7 * np.arange(100))
    np.testing.assert_array_equal(run.loss, np.float32(losses(100)))
    assert run.meta["scalars"] == ["lr", "train/loss"] and run.lr[5, 0] == np.float32(0.1)
    assert any("'brisk-pond-1' is read" in warning and "'dry-sea-2'" in warning for warning in warnings)
    assert any("average or sample" in warning for warning in warnings)


def test_csv_of_the_api(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    rows = [",".join(("", *history(1)[0]))]
    rows += [f"{index}," + ",".join(str(value) for value in row.values()) for index, row in enumerate(history(30))]
    file.write_bytes(("\ufeff" + "\r\n".join(rows)).encode())
    run, warnings = import_wandb(file)
    np.testing.assert_array_equal(run.loss, np.float32(losses(30)))
    np.testing.assert_array_equal(run.wall, np.arange(30))
    assert any("sample of the steps" in warning for warning in warnings)
    for line, reason in (("1,2", "2 fields, and the header has 7"), ("0,1,1,1,soon,1,1", "the step is 'soon'")):
        file.write_text("\n".join([*rows, line]))
        with pytest.raises(RunError, match=f"line 32: .*{reason}"):
            import_wandb(file)
    file.write_bytes(b"_step,loss\n\xff\xfe,1\n")
    with pytest.raises(RunError, match="line 2: not UTF-8"):
        import_wandb(file)


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    rows = [row | {"table": [1.0] * 5, "grad_norm": None if step % 2 else 1.5} for step, row in enumerate(history())]
    parquet.write_table(pyarrow.Table.from_pylist(rows[:250]), tmp_path / "0000.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(rows[250:]), tmp_path / "0001.parquet")
    assert looks_like(tmp_path)
    run, warnings = import_wandb(tmp_path)
    np.testing.assert_array_equal(run.loss, np.float32(losses()))
    assert run.raw_gradient_norm[0] == 1.5 and np.isnan(run.raw_gradient_norm[1])
    assert not any("sample" in warning for warning in warnings)
    file = tmp_path / "0000.parquet"
    file.write_bytes(file.read_bytes()[:-200] + b"\0" * 190 + b"\0\0\0\0PAR1")
    with pytest.raises(RunError, match="damaged parquet"):
        import_wandb(file)


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "h.parquet").write_bytes(b"PAR1" * 4)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(RunError, match="pip install pyarrow"):
        import_wandb(tmp_path / "h.parquet")


def test_folders(tmp_path: Path) -> None:
    assert not looks_like(tmp_path)
    with pytest.raises(RunError, match="holds no history of W&B"):
        import_wandb(tmp_path)
    for name in ("run-1", "run-2"):
        write_jsonl(tmp_path / "wandb" / name / "files" / "wandb-history.jsonl", history(5))
    with pytest.raises(RunError, match=r"holds 2 histories \(wandb/run-1"):
        import_wandb(tmp_path)
    (tmp_path / "metrics.csv").write_text("epoch,loss\n1,2\n")
    (tmp_path / "other.jsonl").write_text('{"text": "a corpus"}\n')
    assert not looks_like(tmp_path / "metrics.csv") and not looks_like(tmp_path / "other.jsonl")


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_jsonl(tmp_path / "h.jsonl", history(200))
    monkeypatch.setattr("bloom_core.importers.wandb.Budget", lambda: Budget(50_000))
    with pytest.raises(RunError, match="claims"):
        import_wandb(file)
    monkeypatch.setattr(wandb_tables, "MAX_LINE_BYTES", 40)
    with pytest.raises(RunError, match="line 1: longer than 40 bytes"):
        import_wandb(file)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=3), st.sampled_from(["jsonl", "csv", "wandb"]))
def test_flipped_bytes_are_errors_or_numbers(tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], kind: str) -> None:
    folder = tmp_path_factory.mktemp("flip")
    file = folder / f"run-x.{kind}"
    if kind == "wandb":
        item = b"\x0a\x11\x12\x04loss\x82\x01\x08" + b"0.500000"
        content = bytearray(wandb_log.MAGIC + b"\0" + b"".join(record(b"\x12" + bytes([len(item)]) + item) for _ in range(5)))
    elif kind == "csv":
        rows = [b'"Step","a - loss","a - loss__MIN","a - loss__MAX"', *(b'"%d","0.%d","0","1"' % (row, row) for row in range(9))]
        content = bytearray(b"\n".join(rows))
    else:
        content = bytearray(b"".join(b'{"_step": %d, "loss": 0.%d}\n' % (row, row) for row in range(9)))
    for place, value in flips:
        content[place % len(content)] ^= value
    file.write_bytes(content)
    try:
        run, _ = import_wandb(file)
    except RunError as error:
        assert str(file) in str(error)
        return
    assert np.isfinite(run.update_norm).all() and (np.diff(run.steps) > 0).all()
