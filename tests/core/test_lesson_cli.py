"""`bloom lesson`: what it lists, trains, takes as recorded, and how it has Blender build the scene."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bloom_core import cli
from bloom_core.commands import cli_lesson
from bloom_core.lessons import recording
from bloom_core.lessons.lesson_files import LessonError, lessons, read_lesson

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def blender(tmp_path: Path) -> Path:
    """A program in Blender's place that writes down what it was asked."""
    program = tmp_path / "blender"
    program.write_text(f'#!{sys.executable}\nimport sys\nopen({str(tmp_path / "asked")!r}, "w").write("\\n".join(sys.argv[1:]))\n')
    program.chmod(0o755)
    return program


def test_alone_it_lists_the_lessons(capsys: Capture) -> None:
    assert cli.main(["lesson"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(lessons())
    assert "Four songs (One neuron; A hidden layer)" in lines[1]


def test_a_recording_needs_no_pytorch(tmp_path: Path, blender: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    folder = tmp_path / "made"
    assert cli.main(["lesson", "songs", "--recorded", "-o", str(folder), "--blender", str(blender)]) == 0
    file = folder / "songs.bloomlesson"
    assert read_lesson(file).runs == read_lesson("songs").runs
    said = capsys.readouterr().out
    first = read_lesson("songs").acts[0].losses[0]
    assert f"One neuron: 300 training steps, loss {first:.4f} to 0.2500" in said and "A hidden layer: 1000 training steps" in said
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["--command", "bloom", "lesson", str(file), "--out", str(folder), "--blend-only"]


def test_a_film_of_a_file_of_your_own(tmp_path: Path, blender: Path) -> None:
    assert cli.main(["lesson", "neuron", "--recorded", "-o", str(tmp_path / "a"), "--blender", str(blender)]) == 0
    file = tmp_path / "a" / "neuron.bloomlesson"
    assert cli.main(["lesson", str(file), "-o", str(tmp_path / "b"), "--film", "--blender", str(blender)]) == 0
    assert (tmp_path / "asked").read_text().splitlines()[2:] == ["lesson", str(file), "--out", str(tmp_path / "b")]


def test_it_trains_anew(tmp_path: Path, blender: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed; this trains a network")
    assert cli.main(["lesson", "neuron", "--seed", "3", "-o", str(tmp_path / "a"), "--blender", str(blender)]) == 0
    made, shipped = read_lesson(tmp_path / "a" / "neuron.bloomlesson").acts[0], read_lesson("neuron").acts[0]
    assert made.losses[0] != shipped.losses[0] and made.losses[-1] == pytest.approx(shipped.losses[-1], abs=0.01)


def test_without_blender_it_says_the_next_step(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_lesson.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(cli_lesson.shutil, "which", lambda name: None)
    assert cli.main(["lesson", "neuron", "--recorded", "-o", str(tmp_path / "a")]) == 0
    assert f"blender --command bloom lesson {tmp_path / 'a' / 'neuron.bloomlesson'} --out {tmp_path / 'a'} --blend-only" in capsys.readouterr().out


def test_blender_as_a_module_comes_before_one_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_lesson.shutil, "which", lambda name: "/usr/bin/blender")
    monkeypatch.setattr(cli_lesson.importlib.util, "find_spec", lambda name: object())
    assert cli_lesson._blender(None) == [sys.executable, "-m", "bloom_addon"]
    monkeypatch.setattr(cli_lesson.importlib.util, "find_spec", lambda name: None)
    assert cli_lesson._blender(None) == ["/usr/bin/blender", "--command", "bloom"]
    assert cli_lesson._blender("mine") == ["mine", "--command", "bloom"]


def test_errors_are_one_line(tmp_path: Path, capsys: Capture) -> None:
    failing = tmp_path / "blender"
    failing.write_text("#!/bin/sh\nexit 3\n")
    failing.chmod(0o755)
    for words, told in (
        (["perceptron"], "cannot be opened"),
        (["neuron", "--recorded", "--seed", "3"], "takes no --seed"),
        (["neuron", "--recorded", "--blender", str(failing)], "exit code 3"),
        (["neuron", "--recorded", "--blender", str(tmp_path / "none")], "cannot be started"),
    ):
        assert cli.main(["lesson", *words, "-o", str(tmp_path / "a")]) == 1
        error = capsys.readouterr().err
        assert told in error and error.count("\n") == 1
    assert (tmp_path / "a" / "neuron.bloomlesson").is_file()
    for seed in ("-1", "x", "1.5", "9" * 30):
        with pytest.raises(SystemExit):
            cli.main(["lesson", "neuron", "--seed", seed])


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LessonError, match="neuron, songs, recurrent, melody"):
        recording.record_lesson("perceptron")
    monkeypatch.setattr(recording.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LessonError, match=r"pip install 'bloom-core\[train\]'"):
        recording.record_lesson("neuron")
