"""What `bloom inspect` says of a run, draws of it in the terminal, and draws into a picture."""

from __future__ import annotations

import json
import re
import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core import cli, designs, events
from bloom_core.reports import inspection, run_drawing
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.trajectory import Event, Trajectory
from tests.core.test_event_detectors import run_of

DIGITS = trajectory.embedded_run("digits")


@pytest.fixture
def damaged() -> Trajectory:
    """Returns a run in which all kinds of things went wrong."""
    run = run_of(600, epoch=np.arange(1, 601, dtype=np.float32) / 100, meta={"title": "all wrong", "optimizer": "SGD", "closed": True})
    run.update_norm[200] *= 50.0
    run.loss[300] *= 50.0
    run.lr[400:] *= 0.1
    run.nonfinite[500] = 1
    run.update_norm[500] = np.nan
    run.loss[500] = np.nan
    return replace(run, events=(Event(50, "skipped", 1024.0), Event(60, "dinner")))


@pytest.fixture
def saved(damaged: Trajectory, tmp_path: Path) -> Path:
    pytest.importorskip("sklearn", reason="closing a run fits its reductions")
    trajectory.write_run(replace(damaged, sketch=np.ones((600, 2, 64), dtype=np.float32)), tmp_path / "run.bloom")
    return tmp_path / "run.bloom"


def inspect(capsys: pytest.CaptureFixture[str], *arguments: str | Path, status: int = 0) -> str:
    assert cli.main(["inspect", *map(str, arguments)]) == status
    captured = capsys.readouterr()
    return captured.err if status else captured.out


def test_the_summary_tells_how_a_run_went() -> None:
    run = trajectory.read_run(DIGITS)
    text = "\n".join(inspection.summary(run))
    assert f"steps: {len(run.steps)}" in text and "optimizer: SGD" in text and "gradients before clipping" in text
    size = run.update_size()
    tenth = len(size) // 10
    assert f"update norm: {size[:tenth].mean():.6g} in the first tenth, {size[-tenth:].mean():.6g} in the last" in text
    for part in run.parts:
        assert re.search(rf"part {re.escape(part)}: \d+ layers, \d+ parameters, update norm [\d.e+-]+ early, [\d.e+-]+ late", text)
    kinds = [line for line in text.splitlines() if line.startswith("events: ")]
    assert "end of epoch" in kinds[0] and text.count(" x end of epoch") == 1 and "end of epoch, step" not in text


def test_the_summary_lists_the_first_events_of_each_kind(damaged: Trajectory) -> None:
    many = [Event(step, "dinner") for step in range(1, 9)]
    lines = inspection.event_lines([*many, Event(9, "jitter", -0.4)])
    assert lines[0] == "events: 8 x dinner, 1 x jitter" and lines[4] == "  … and 5 more of this kind" and "cosine of -0.4" in lines[5]
    text = "\n".join(inspection.summary(damaged))
    for kind in ("explosion, step 201", "loss spike, step 301", "learning rate change, step 401", "not finite, step 501", "skipped step, step 50"):
        assert kind in text
    assert "dinner, step 60" in text
    assert inspection.event_lines([]) == ["events: none"]


def test_what_a_run_does_not_know_is_said() -> None:
    run = run_of(60)
    nothing = replace(
        run,
        loss=np.full(60, np.nan, dtype=np.float32),
        lr=np.full((60, 1), np.nan, dtype=np.float32),
        gradient_norm=None,
        cosine=np.full((60, 2), np.nan, dtype=np.float32),
        batch_id=np.full(60, -1),
    )
    said = "\n".join(inspection.unknown(nothing))
    for word in ("not closed", "loss", "learning rate", "gradients", "cosines", "batches", "optimizer"):
        assert word in said
    whole = replace(run, raw_gradient_norm=np.ones(60, dtype=np.float32), meta={"closed": True, "optimizer": "SGD"})
    assert inspection.unknown(whole) == []
    assert "\n".join(inspection.summary(nothing)) and run_drawing.drawing(nothing, [])


@pytest.mark.parametrize(
    ("cosine", "threshold", "momentum", "said"),
    [
        (-0.4, -0.2, None, "jitter"),
        (0.0, -0.2, None, "own way"),
        (0.6, -0.2, None, "steady"),
        (0.6, -0.2, 0.0, "steady"),
        (0.88, 0.25, 0.9, "about what momentum 0.9"),
        (0.5, 0.25, 0.9, "less than momentum"),
        (0.1, 0.25, 0.9, "jitter"),
    ],
)
def test_cosines_are_judged_by_the_momentum(cosine: float, threshold: float, momentum: float | None, said: str) -> None:
    assert said in inspection.judgement(cosine, threshold, momentum)


@pytest.mark.parametrize("width", [20, 60, 100, 240])
@pytest.mark.parametrize("plain", [False, True])
def test_the_drawing_fits_the_terminal(damaged: Trajectory, width: int, plain: bool) -> None:
    found = events.find(damaged)
    lines = run_drawing.drawing(damaged, found, width, plain=plain)
    assert max(map(len, lines)) <= max(width, run_drawing.LEAST_WIDTH + 20)
    if plain:
        assert all(line.isascii() for line in lines)
    marks = next(line for line in lines if line.startswith("events"))[run_drawing.LABEL :]
    columns = min(600, max(8, max(run_drawing.LEAST_WIDTH, width) - run_drawing.LABEL - run_drawing.RANGE))
    alarms = {event.step: run_drawing.MARKS[event.kind] for event in found if event.kind in ("explosion", "loss_spike", "nonfinite", "lr_change")}
    assert sorted(alarms) == [201, 301, 401, 501]
    assert [marks[(step - 1) * columns // 600] for step in sorted(alarms)] == ["!", "^", "/", "X"]


def test_the_drawing_shows_heights_and_gaps() -> None:
    run = run_of(80, layers=1, loss=np.concatenate([np.linspace(8.0, 1.0, 40), np.full(40, np.nan)]).astype(np.float32))
    lines = run_drawing.drawing(run, [], 80 + run_drawing.LABEL + run_drawing.RANGE)
    top, middle, bottom = (line[run_drawing.LABEL : run_drawing.LABEL + 80] for line in lines[:3])
    assert top[0] == "█" and bottom[39] == "▁" and bottom[40:].strip() == middle[39:].strip() == top[20:].strip() == ""
    wide = run_drawing.drawing(replace(run, loss=np.geomspace(1e4, 1e-4, 80).astype(np.float32)), [])
    assert "(log)" in wide[0] and "(log)" not in lines[0]


def test_json_holds_the_numbers_and_the_events(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    known: dict[str, Any] = json.loads(inspect(capsys, saved, "--json"), parse_constant=fail)
    assert known["steps"] == 600 and known["nonfinite_steps"] == 1 and known["title"] == "all wrong" and len(known["parts"]) == 2
    found = [(event["step"], event["kind"]) for event in known["events"] if event["kind"] != "epoch"]
    assert {(201, "explosion"), (301, "loss_spike"), (401, "lr_change"), (501, "nonfinite"), (50, "skipped"), (60, "dinner")} <= set(found)
    explosion = next(event for event in known["events"] if event["kind"] == "explosion")
    assert explosion["batch"] == 700 and set(explosion["layers"]) == {"layer0.weight", "layer1.weight"} and "step 201" in explosion["caption"]


def test_all_events_are_listed(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trajectory.read_run(saved)
    assert inspect(capsys, saved, "--events").splitlines() == [events.caption(event) for event in events.find(run)]


def test_the_picture_is_drawn_beside_the_summary(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="pictures of runs are drawn with matplotlib")
    picture = tmp_path / "run.png"
    assert "run.png" in inspect(capsys, saved, "--plot", picture)
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    assert picture.read_bytes().startswith(b"\x89PNG") and width >= 1000 and height >= 800


def test_the_picture_names_the_events(damaged: Trajectory, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures of runs are drawn with matplotlib")
    import matplotlib

    from bloom_core.reports.run_plot import plot

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        plot(replace(damaged, meta={"title": "loss in $ and \\alpha"}), tmp_path / "run.svg")
    text = " ".join("".join(element.itertext()) for element in ElementTree.parse(tmp_path / "run.svg").iter() if element.tag.endswith("text"))
    for event in events.find(damaged):
        assert event.kind == "epoch" or events.caption(event)[:80] in text
    assert "learning rate" in text and "cosine" in text and "layer0" in text and "loss in $ and \\alpha" in text


@pytest.mark.parametrize("make", [lambda: run_of(1, layers=1), lambda: run_of(2), lambda: run_of(5000, layers=12)])
def test_any_run_can_be_drawn(make: Callable[[], Trajectory], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures of runs are drawn with matplotlib")
    from bloom_core.reports.run_plot import plot

    run = make()
    empty = np.full(len(run.steps), np.nan, dtype=np.float32)
    for kind in (run, replace(run, loss=empty, lr=np.full_like(run.lr, np.nan), cosine=np.full_like(run.cosine, np.nan), gradient_norm=None)):
        plot(replace(kind, update_norm=np.zeros_like(kind.update_norm)), tmp_path / "still.png")
        plot(kind, tmp_path / "run.png")
        assert run_drawing.drawing(kind, events.find(kind)) and inspection.summary(kind)


def test_drawing_touches_no_state_of_pyplot(damaged: Trajectory, tmp_path: Path) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="pictures of runs are drawn with matplotlib")
    from bloom_core.reports.run_plot import plot

    before = dict(pyplot.rcParams)
    plot(damaged, tmp_path / "run.png")
    assert pyplot.get_fignums() == [] and dict(pyplot.rcParams) == before


def test_broken_files_and_names_are_one_line_errors(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (saved / "events.jsonl").write_text("{nonsense\n")
    error = inspect(capsys, saved, status=1)
    assert "events.jsonl" in error and len(error.splitlines()) == 1
    (saved / "events.jsonl").unlink()
    assert "picture" in inspect(capsys, saved, "--plot", tmp_path / "run.bmp", status=1)
    assert "nowhere" in inspect(capsys, saved, "--plot", tmp_path / "nowhere" / "run.png", status=1)
    flame = next(Path(designs.__file__).parent.joinpath("flowers").glob("*.flame"))
    assert "not a run" in inspect(capsys, flame, "--events", status=1)


def test_names_in_a_run_cannot_steer_the_terminal(damaged: Trajectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = replace(damaged.layers[0], name="\x1b[2J\x1b]0;owned\x07", part="\x9b31m")
    run = replace(damaged, layers=(hostile, damaged.layers[1]), sketch=np.ones((600, 2, 64), dtype=np.float32), meta={"title": "\x1b[31mred"})
    trajectory.write_run(run, tmp_path / "run.bloom")
    for arguments in ([], ["--events"], ["--json"]):
        shown = inspect(capsys, tmp_path / "run.bloom", *arguments)
        assert not any(sign in shown for sign in "\x1b\x07\x9b"), arguments


def test_a_terminal_without_blocks_gets_letters(saved: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from bloom_core.commands import cli_inspect

    monkeypatch.setattr(cli_inspect, "_encoding", lambda: "ascii")
    assert inspect(capsys, saved).isascii()


def test_a_name_that_is_no_picture_is_refused(damaged: Trajectory, tmp_path: Path) -> None:
    from bloom_core.reports.run_plot import plot

    with pytest.raises(RunError, match=r"\.png, \.svg, \.pdf"):
        plot(damaged, tmp_path / "run")
