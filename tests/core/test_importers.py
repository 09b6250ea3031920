"""Finding out what a source is, the order of checkpoints, their memory, and the command `bloom import`."""

from __future__ import annotations

import io
import sys
import tracemalloc
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloom_core import cli
from bloom_core.importers import KINDS, detect, import_run
from bloom_core.importers.checkpoints import Checkpoint, in_order, natural
from bloom_core.importers.snapshots import Options, trajectory_of
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.trajectory import read_run


def held(name: str, tensors: dict[str, Any], step: int | None = None, epoch: float | None = None) -> Checkpoint:
    """Returns a checkpoint that is already in memory."""

    @contextmanager
    def opened() -> Any:
        yield lambda tensor: np.asarray(tensors[tensor], np.float32).reshape(-1)

    return Checkpoint(Path("run") / name, {key: np.shape(value) for key, value in tensors.items()}, opened, step, epoch)


def order_of(*names: str, **more: Any) -> list[tuple[str, int]]:
    ordered, _ = in_order([held(name, {"w": np.ones(2)}, **more) for name in names], Path("run"))
    return [(entry.place.name, entry.step or 0) for entry in ordered]


@pytest.mark.parametrize(
    ("names", "steps"),
    [
        (("epoch=1-step=200.ckpt", "epoch=0-step=100.ckpt", "epoch=10-step=1100.ckpt"), (100, 200, 1100)),
        (("net_epoch_10.pth", "net_epoch_9.pth", "net_epoch_0.pth"), (0, 9, 10)),
        (("resnet18_2.pt", "resnet18_10.pt", "resnet18_1.pt"), (1, 2, 10)),
        (("ckpt-5.pt", "ckpt-50.pt", "best-5.pt"), (5, 50)),
        (("ema3_unit5_step20.pt", "ema3_unit5_step9.pt"), (9, 20)),
        (("w_3.weights.h5", "w_20.weights.h5"), (3, 20)),
        (("a.pt", "b.pt", "c.pt"), (1, 2, 3)),
        (("99999999999999999999.pt", "1.pt"), (1, 999999999999999)),
    ],
)
def test_order_comes_from_the_names(names: tuple[str, ...], steps: tuple[int, ...]) -> None:
    found = order_of(*names)
    assert tuple(step for _, step in found) == steps
    assert [name for name, _ in found] == sorted((name for name in names if not name.startswith("best")), key=natural)


def test_order_inside_the_files_wins() -> None:
    known = (("3", 10, 0.5), ("2", 20, 1.0), ("1", 30, None), ("last", 30, 1.5))
    saved = [held(f"{name}.pt", {"w": [step]}, step, epoch) for name, step, epoch in known]
    ordered, warnings = in_order(saved, Path("run"))
    assert [entry.place.name for entry in ordered] == ["3.pt", "2.pt", "1.pt"]
    assert len(warnings) == 1 and "last.pt: left out, for 1.pt is of the same step 30" in warnings[0]
    assert [entry.epoch for entry in ordered] == [0.5, 1.0, None]
    # A number that is the same in all files is not the training step.
    assert order_of("4.pt", "7.pt", step=0) == [("4.pt", 4), ("7.pt", 7)]
    with pytest.raises(RunError, match="1 checkpoint of different steps"):
        in_order(saved[:1], Path("run"))


NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=12).filter(lambda name: name.strip(".") != "")


@given(st.lists(NAMES, min_size=2, unique=True))
def test_any_names_can_be_ordered(names: list[str]) -> None:
    try:
        steps = [step for _, step in order_of(*names)]
    except RunError:
        return
    assert len(steps) >= 2 and steps == sorted(set(steps))


def test_memory_stays_below_two_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bloom_core.trajectories.reduction.available", lambda: False)  # its import takes memory of its own
    values, tensors = 1 << 18, 24
    state = {f"block{index}.weight": (512, 512) for index in range(tensors)}

    def checkpoint(step: int) -> Checkpoint:
        @contextmanager
        def opened() -> Any:
            yield lambda name: np.full(values, step, np.float32)

        return Checkpoint(Path(f"{step}.pt"), state, opened, step)

    tracemalloc.start()
    run, _ = trajectory_of([checkpoint(step) for step in range(6)], Path("run"), "checkpoints", Options())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 4 * values * tensors
    np.testing.assert_allclose(run.update_norm, 512.0)
    assert len(run.parts) == 8


def test_values_beyond_single_precision_are_marked() -> None:
    states = [held(f"{step}.pt", {"a": [value, 0.0], "b": [1.0]}, step) for step, value in enumerate((1.0, 2.0, np.inf, 3.0, 4.0), start=1)]
    run, _ = trajectory_of(states, Path("run"), "checkpoints", Options())
    assert run.nonfinite.tolist() == [0, 1, 1, 0] and np.isfinite(run.update_norm[[0, 3]]).all()
    assert run.update_size()[3] == 1.0 and run.sketch is not None and not run.sketch[1:3].any()


def test_what_nothing_fits(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not found"):
        detect(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("hello")
    for place in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(RunError, match="nothing to import was found") as caught:
            import_run(place)
        assert all(kind in str(caught.value) for kind in KINDS)
    (tmp_path / "1.pt").write_bytes(b"PK\x03\x04 and so on")
    assert detect(tmp_path) == "torch"
    (tmp_path / "1.h5").write_bytes(b"\x89HDF\r\n\x1a\n and so on")
    with pytest.raises(RunError, match=r"could be several things.*--kind") as caught:
        detect(tmp_path)
    assert "torch: " in str(caught.value) and "keras: " in str(caught.value) and "wandb: " not in str(caught.value)


def test_each_module_knows_its_own(tmp_path: Path, shared_data: Path) -> None:
    vectors = shared_data / "original-bloom" / "embeddings"
    assert detect(vectors) == "word-vectors"
    assert len(import_run(vectors, side="tgt")[0].steps) == 29
    history = tmp_path / "history.jsonl"
    history.write_text("".join(f'{{"_step": {step}, "_timestamp": {step}.5, "_runtime": {step}, "loss": {1 / (step + 1)}}}\n' for step in range(30)))
    assert detect(history) == "wandb"
    # A Trainer's folder: its last model, its log, and the checkpoints, which tell the most.
    safetensors = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    out = tmp_path / "out"
    for folder in (out, out / "checkpoint-1", out / "checkpoint-2"):
        folder.mkdir()
        safetensors.save_file({"w": np.ones(2, np.float32)}, folder / "model.safetensors")
    history.rename(out / "history.jsonl")
    assert detect(out) == "huggingface" and detect(out / "checkpoint-1") == "safetensors"


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    (tmp_path / "1.pt").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(RunError, match="read as torch, which has no option swap-labels"):
        import_run(tmp_path, swap_labels=True)
    with pytest.raises(RunError, match="read as tensorboard, which has no option vocab"):
        import_run(tmp_path, kind="tensorboard", vocab=tmp_path / "vocab.txt")
    with pytest.raises(ValueError, match="kind"):
        import_run(tmp_path, kind="flower")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for step in range(5):
        weights = {"encoder.embed.weight": torch.full((3, 2), 1.0 + step), "decoder.weight": torch.tensor([float("nan") if step == 3 else 1.0])}
        torch.save({"step": 10 * step, "model": weights}, tmp_path / f"{step}.pt")
    return tmp_path


def test_the_command(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (saved / "words.txt").write_text("one\ntwo\nthree\n")
    output = saved / "run.bloom"
    asked = ["--part", "words=encoder.*", "--part", "rest of it=decoder.*", "--vocab", str(saved / "words.txt"), "--embeddings", "embed.weight"]
    assert cli.main(["import", str(saved), "-o", str(output), *asked]) == 0
    told = capsys.readouterr()
    assert told.out == f"{output}: 4 steps\n" and "\r" not in told.err
    assert all(line.startswith("bloom: warning: ") for line in told.err.splitlines()) and "10 training steps apart" in told.err
    run = read_run(output)
    assert run.steps.tolist() == [10, 20, 30, 40] and run.parts == ("words", "rest of it") and run.nonfinite.tolist() == [0, 0, 1, 1]
    assert run.embeddings is not None and run.embeddings.words == ("one", "two", "three") and len(run.embeddings.values) == 5
    assert run.meta["source"] == "PyTorch checkpoints" and len(run.meta["warnings"]) >= 2


def test_the_commands_errors_and_progress(saved: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    output = saved / "run.bloom"
    assert cli.main(["import", str(saved), "-o", str(output), "--kind", "keras"]) == 1
    assert capsys.readouterr().err.count("\n") == 1 and not output.exists()
    for wrong in (["--part", "nothing"], ["--kind", "flower"]):
        with pytest.raises(SystemExit):
            cli.main(["import", str(saved), "-o", str(output), *wrong])
        assert "usage" in capsys.readouterr().err

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert cli.main(["import", str(saved), "-o", str(output)]) == 0
    assert "\rimport: 1 of 4" in terminal.getvalue() and "\rimport: 4 of 4\n" in terminal.getvalue()
