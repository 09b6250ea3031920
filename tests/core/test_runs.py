"""The runs that come with Bloom are whole and learned what they claim; the trainings behind them can be made again."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloom_core import cli, events
from bloom_core.commands import training_progress
from bloom_core.commands.training_progress import Progress
from bloom_core.demos import demo_catalogue, demo_scores, demo_train
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.trajectory import Trajectory, embedded_run, read_run

OPTIMIZERS = ("digits-sgd", "digits-momentum", "digits-adam", "digits-adamw", "digits-exploding")
STEPS = {"digits": 1260, "translation": 2560} | dict.fromkeys(OPTIMIZERS, 1350)
PARTS = {"translation": ("encoder embedding", "encoder", "decoder embedding", "decoder", "attention")}
SIZES = {"translation": 3_000_000}
SIZE = 750_000
RUNS = trajectory.embedded_runs()


def shipped(name: str) -> Trajectory:
    return read_run(embedded_run(name), sketches=True)


def epochs(run: Trajectory, column: Sequence[float] | np.ndarray) -> np.ndarray:
    """Returns the mean of a column in each epoch."""
    number = np.ceil(run.epoch - 1e-4).astype(int)
    return np.array([np.nanmean(np.asarray(column)[number == epoch]) for epoch in range(1, number.max() + 1)])


def test_all_the_runs_are_there() -> None:
    assert set(RUNS) == set(STEPS)


@pytest.mark.parametrize("name", RUNS)
def test_a_shipped_run_is_whole(name: str) -> None:
    run = shipped(name)
    assert embedded_run(name).stat().st_size <= SIZES.get(name, SIZE)
    assert run.meta["closed"] is True and run.meta["ended"] == "complete" and run.meta["title"]
    np.testing.assert_array_equal(run.steps, np.arange(1, STEPS[name] + 1))  # every step is there
    assert np.isclose(run.epoch[-1], round(float(run.epoch[-1])))
    assert run.reduction is not None and len(run.reduction.basis) == 32 and run.reduction.coordinates.shape == (STEPS[name], 32)
    assert len(run.part_reductions) == len(run.parts) and run.parts == PARTS.get(name, ("0", "2", "4"))
    assert run.nonfinite.sum() == 0 and np.isfinite(run.loss).all() and (run.batch_id >= 0).all()
    for norms in (run.update_norm, run.parameter_norm, run.gradient_norm):
        assert norms is not None and np.isfinite(norms).all()
    assert (run.update_size() > 0.0).all()  # no step was skipped
    words = run.embeddings
    assert words is not None and words.reduction is not None and len(words.steps) == 1 + round(float(run.epoch[-1]))


@pytest.mark.parametrize("name", RUNS)
def test_the_sketches_are_those_of_the_updates(name: str) -> None:
    """A sketch keeps the size of a part's update in the mean; 64 numbers keep it within about 10 % in each step."""
    run = shipped(name)
    assert run.sketch is not None
    size = run.part_update_size()
    for part in range(len(run.parts)):
        moved = size[:, part] > 0.0
        ratio = np.linalg.norm(run.sketch[moved, part], axis=1) / size[moved, part]
        assert abs(float(np.sqrt(np.square(ratio).mean())) - 1.0) < 0.12


def test_the_optimizers_can_be_compared() -> None:
    runs = {name: shipped(name) for name in OPTIMIZERS}
    first = runs["digits-sgd"]
    assert first.embeddings is not None
    for name, run in runs.items():
        assert run.embeddings is not None
        np.testing.assert_array_equal(run.embeddings.values[0], first.embeddings.values[0])  # the same first weights …
        assert run.loss[0] == first.loss[0], name  # … and the same first batch
    accuracy = {name: run.meta["test_accuracy"] for name, run in runs.items()}
    assert all(len(found) == 30 for found in accuracy.values())
    assert all(accuracy[name][-1] >= 0.95 for name in OPTIMIZERS[:4])
    tremble = {name: float(epochs(run, run.cosine[:, 0])[4]) for name, run in runs.items()}
    assert tremble["digits-sgd"] < 0.0 < 0.8 < min(tremble[name] for name in OPTIMIZERS[1:4])  # momentum smooths what SGD does


def test_the_exploding_run_explodes() -> None:
    run = shipped("digits-exploding")
    size = run.update_size()
    assert size.max() > 20.0 * np.median(size)
    before = np.sqrt(np.square(run.parameter_norm[int(size.argmax()) - 1].astype(float)).sum())
    assert size.max() > 2.0 * before  # one step is more than twice as long as the network was
    assert run.gradient_norm is not None and not run.gradient_norm[-45:, :5].any()  # no gradient comes through what it left behind
    assert max(run.meta["test_accuracy"][-5:]) < 0.15
    assert {event.kind for event in events.find(run) if event.step == run.steps[size.argmax()]} & {"explosion", "loss_spike"}


def test_the_translation_run_learned() -> None:
    run = shipped("translation")
    bleu, size = run.meta["test_bleu"], epochs(run, run.update_size())
    assert len(bleu) == 10 and bleu[0] < 1.0 and bleu[-1] > 10.0 and run.meta["test_chrf"][-1] > 45.0
    assert size[-1] < 0.3 * size.max()  # it settles,
    assert [event.note for event in events.find(run) if event.kind == "settled"] == ["schedule"]  # because its rate falls
    assert run.embeddings is not None and run.embeddings.values.shape == (11, 345, 64)
    assert run.embeddings.words[:4] == ("<pad>", "<s>", "</s>", "<unk>")
    assert max(len(word.split("▁")) for word in run.embeddings.words) <= 2  # pieces of words, no sentence of the catalogue


def quiet() -> Progress:
    return Progress(io.StringIO())


def test_demo_train_makes_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="trains a network")
    pytest.importorskip("sklearn", reason="has the digits")
    assert cli.main(["demo-train", "digits", "-o", str(tmp_path / "new"), "--epochs", "2"]) == 0
    said = capsys.readouterr()
    assert "digits.bloom" in said.out and "epoch  2" in said.err and "test accuracy" in said.err
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["digits.bloom"]
    run = read_run(tmp_path / "new" / "digits.bloom")
    assert len(run.steps) == 90 and len(run.meta["test_accuracy"]) == 2 and run.meta["closed"] is True


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="trains a network")
    pytest.importorskip("sklearn", reason="has the digits")
    first, again = (read_run(next(demo_train.train("digits", tmp_path / folder, epochs=1, progress=quiet())), sketches=True) for folder in "ab")
    for column in ("steps", "epoch", "loss", "lr", "update_norm", "parameter_norm", "gradient_norm", "cosine", "batch_id", "nonfinite", "sketch"):
        assert getattr(first, column).tobytes() == getattr(again, column).tobytes(), column
    assert first.embeddings is not None and again.embeddings is not None and first.reduction is not None and again.reduction is not None
    assert first.embeddings.values.tobytes() == again.embeddings.values.tobytes()
    assert first.reduction.coordinates.tobytes() == again.reduction.coordinates.tobytes()


def test_all_five_optimizers_train(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="trains a network")
    pytest.importorskip("sklearn", reason="has the digits")
    files = list(demo_train.train("optimizers", tmp_path, epochs=1, progress=quiet()))
    assert [file.stem for file in files] == list(OPTIMIZERS)
    assert {read_run(file).meta["optimizer"]["name"] for file in files} == {"SGD", "Adam", "AdamW"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("bar", ["rich", "tqdm", "plain"])
def test_every_bar_shows_how_it_goes(bar: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="measures an update")
    if bar != "plain":
        pytest.importorskip(bar, reason="the bar to be shown")
    monkeypatch.setattr(training_progress.importlib.util, "find_spec", lambda name: name == bar or None)
    monkeypatch.setenv("COLUMNS", "150")
    model, stream = torch.nn.Linear(2, 2, bias=False), Terminal()
    with Progress(stream).of("a network", model, epochs=2, steps=2) as shown:
        for _ in range(2):
            for _ in range(2):
                with shown.step(torch.tensor(0.25)), torch.no_grad():
                    model.weight += 3.0  # ‖Δθ‖ = 6
            shown.epoch_done("test accuracy 0.5")
    text = stream.getvalue()
    assert "a network" in text and "epoch 2/2" in text and "loss 0.2500" in text and "update 6.00e+00" in text and "100" in text
    assert "epoch  1  test accuracy 0.5" in text and "epoch  2  test accuracy 0.5" in text


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of its own")
def test_an_interrupted_training_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="trains a network")
    pytest.importorskip("sklearn", reason="has the digits")
    import pty  # which Windows lacks

    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "bloom_core.cli", "demo-train", "digits", "-o", str(tmp_path), "--epochs", "9999"]
    settings = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "150"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower, env=settings) as process:
        os.close(follower)
        seen, deadline = b"", time.monotonic() + 60.0
        while not (b"test accuracy" in seen and b"update " in seen) and time.monotonic() < deadline:
            seen += os.read(leader, 4096)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        said = process.stdout.read().decode()
        assert process.wait(60) == 130
    os.close(leader)
    assert b"update " in seen and b"loss" in seen  # the live bar
    run = read_run(tmp_path / "digits.bloom")
    assert "digits.bloom: keeps the steps made so far" in said
    assert len(run.steps) >= 45 and run.meta["closed"] is True and run.meta["ended"] == "KeyboardInterrupt"
    assert not (tmp_path / "digits.recording").exists()


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(demo_train.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["demo-train", "translation", "-o", str(tmp_path)]) == 1
    assert "pip install torch scikit-learn sentencepiece" in capsys.readouterr().err
    with pytest.raises(RunError, match="--catalogue"):
        demo_catalogue.find_catalogue((str(tmp_path / "*"),))
    assert cli.main(["demo-train", "digits", "-o", str(tmp_path)]) == 1
    assert "pip install torch scikit-learn\n" in capsys.readouterr().err


def test_an_older_recording_is_not_overwritten(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="trains a network")
    pytest.importorskip("sklearn", reason="has the digits")
    (tmp_path / "digits.recording").mkdir()
    with pytest.raises(RunError, match=r"digits\.recording.*cut off"):
        next(demo_train.train("digits", tmp_path, epochs=1, progress=quiet()))


def write_catalogue(path: Path, pairs: dict[str, str]) -> Path:
    """Writes a gettext catalogue (GNU gettext manual, "The Format of GNU MO Files")."""
    entries = {"": "Project-Id-Version: Test 1.0\nContent-Type: text/plain; charset=UTF-8\n"} | pairs
    texts = [(key.encode(), text.encode()) for key, text in sorted(entries.items())]
    count, place = len(texts), 28 + 16 * len(texts)
    tables, data = [], b""
    for side in (0, 1):
        for text in texts:
            tables.append(struct.pack("<II", len(text[side]), place + len(data)))
            data += text[side] + b"\0"
    path.write_bytes(struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0) + b"".join(tables) + data)
    return path


def test_a_catalogue_is_cleaned(tmp_path: Path) -> None:
    pairs = {"Cube": "Cubo", "Mesh\x04Edge": "Arista", "Same": "Same", "Two words": "Dos palabras", "Not yet": ""}
    pairs |= {" ".join(["long"] * 9): "largo", "%d objects": "%d objetos", "a/b": "c/d", "Bad <b>": "Malo", "Line\nbreak": "Salto de línea"}
    version, found = demo_catalogue.read_pairs(write_catalogue(tmp_path / "blender.mo", pairs))
    assert version == "Test 1.0"
    assert found == [("Arista", "Edge"), ("Cubo", "Cube"), ("Dos palabras", "Two words")]
    assert demo_catalogue.find_catalogue((str(tmp_path),)) == tmp_path / "blender.mo"
    with pytest.raises(RunError, match="only 3 short texts"):
        demo_catalogue.split(found, 10, 1, 7)


@pytest.mark.parametrize("data", [b"", b"no catalogue", struct.pack("<7I", 0x950412DE, 0, 2**31, 28, 28, 0, 0), b"\xde\x12\x04\x95" + b"\xff" * 60])
def test_a_damaged_catalogue_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "blender.mo").write_bytes(data)
    with pytest.raises(RunError, match=r"blender\.mo.*catalogue"):
        demo_catalogue.read_pairs(tmp_path / "blender.mo")
    with pytest.raises(RunError, match=r"gone\.mo"):
        demo_catalogue.read_pairs(tmp_path / "gone.mo")


def test_the_translation_trains(tmp_path: Path) -> None:
    """A made-up language of 4 000 pairs, word for word: two short epochs of it record all parts."""
    pytest.importorskip("torch", reason="trains a network")
    pytest.importorskip("sentencepiece", reason="cuts words into pieces")
    from bloom_core.demos import demo_translation

    random = np.random.default_rng(1)
    syllables = [first + second for first in "bcdfghjklmnprstvz" for second in "aeiou"]
    words = ["".join(random.choice(syllables, 3)) for _ in range(400)]
    pairs = {}
    for _ in range(4200):
        chosen = random.integers(0, len(words), 3)
        pairs[" ".join(words[index] for index in chosen)] = " ".join(words[index][::-1] for index in chosen)
    catalogue = write_catalogue(tmp_path / "blender.mo", pairs)
    bleu = demo_translation.train(catalogue, tmp_path / "translation.bloom", quiet(), epochs=1, batches=20)
    run = read_run(tmp_path / "translation.bloom")
    assert len(bleu) == 1 and len(run.steps) == 20 and run.parts == PARTS["translation"]
    assert run.loss[-5:].mean() < run.loss[:5].mean()
    assert run.embeddings is not None and len(run.embeddings.words) == 345


def test_the_scores_are_those_of_sacrebleu() -> None:
    sacrebleu = pytest.importorskip("sacrebleu", reason="the reference for BLEU and chrF")
    random = np.random.default_rng(5)
    words = np.array("the object of a mesh is selected and its edges are sharp , (no) faces .".split())
    wanted = [" ".join(random.choice(words, random.integers(4, 12))) for _ in range(60)]
    found = [" ".join(word for word in text.split() if random.random() > 0.15) for text in wanted]
    assert demo_scores.bleu(found, wanted) == pytest.approx(sacrebleu.corpus_bleu(found, [wanted]).score, abs=0.01)
    assert demo_scores.chrf(found, wanted) == pytest.approx(sacrebleu.corpus_chrf(found, [wanted]).score, abs=0.1)


@given(st.lists(st.text("ab c.", min_size=12), min_size=1, max_size=5))
def test_scores_are_bounded_and_reach_their_bounds(texts: list[str]) -> None:
    others = ["".join(reversed(text)) for text in texts]
    for score in (demo_scores.bleu, demo_scores.chrf):
        assert 0.0 <= score(others, texts) <= 100.0 + 1e-9
        assert score(["x"] * len(texts), texts) == 0.0
    if all(len(demo_scores._TOKENS.findall(text)) >= 4 for text in texts):
        assert demo_scores.bleu(texts, texts) == pytest.approx(100.0)
        assert demo_scores.chrf(texts, texts) == pytest.approx(100.0)
