"""`bloom map` and `bloom maps`, as people run them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bloom_core import cli
from bloom_core.trainability import presets
from bloom_core.trainability.experiment_files import write_experiment
from bloom_core.trainability.map_files import read_map, write_map

from .test_map_pictures import read_png

FAST = ("--threads", 1)
EDGE = "0.8827915,1.6939259"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Returns an empty folder to work in, and sees that nothing half-written is left in it."""
    out = tmp_path / "work"
    out.mkdir()
    yield out
    assert not [path for path in out.rglob("*") if ".tmp" in path.name or ".part" in path.name]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "bloom_core.cli", *map(str, arguments)]


def bloom(folder: Path, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Runs `bloom` in `folder`; what fails must say so in one line, without a traceback."""
    run = subprocess.run(command(*arguments), cwd=folder, capture_output=True, text=True, timeout=300)
    assert run.returncode == status, run.stderr
    assert "Traceback" not in run.stderr
    if status == 1:
        assert re.fullmatch(r"bloom: .+\n", run.stderr)
    return run


def test_maps_lists_every_preset(folder: Path) -> None:
    lines = bloom(folder, "maps").stdout.splitlines()
    assert "reference: tanh, whole batch (input_rate, output_rate)" in lines
    assert {line.partition(":")[0] for line in lines} >= {*presets.PRESETS, "cubic", "smale"}


def test_a_map_is_made_once_and_drawn_in_every_way(folder: Path) -> None:
    said = bloom(folder, "map", "preview", "-o", "map.bloommap", "--size", 40, "--folder", "tiles", *FAST).stdout.splitlines()
    assert re.fullmatch(r"1,600 places × 100 steps: about .+ \(native .+, float\)", said[0]), "the cost is told first"
    assert re.fullmatch(r"map\.bloommap: 40 × 40, float precision, native .+", said[1])
    found = read_map(folder / "map.bloommap")
    assert found.view.size == (40, 40) and any((folder / "tiles").iterdir())
    bloom(folder, "map", "map.bloommap", "-o", "map.png", "--plain", "--colors", "bloom")
    pixels, texts = read_png(folder / "map.png")
    assert pixels.shape == (40, 40, 3) and json.loads(texts["Bloom map"])["colors"] == "bloom"
    bloom(folder, "map", "map.bloommap", "-o", "final.png", "--plain", "--score", "final")
    other, texts = read_png(folder / "final.png")
    assert json.loads(texts["Bloom map"])["subject"]["experiment"]["score"] == "final" and not np.array_equal(pixels, other)
    write_map(folder / "small.bloommap", found, small=True)
    assert "keeps only the score" in bloom(folder, "map", "small.bloommap", "-o", "x.png", "--score", "final", status=1).stderr
    assert "no sensitivity" in bloom(folder, "map", "map.bloommap", "-o", "x.png", "--score", "sensitivity", status=1).stderr


def test_a_picture_is_made_again_from_itself(folder: Path) -> None:
    bloom(folder, "map", "preview", "-o", "one.png", "--size", 32, "--at", EDGE, "--zoom", 3, "--plain", *FAST)
    bloom(folder, "map", "one.png", "-o", "two.png", "--plain", *FAST)
    one, two = read_png(folder / "one.png"), read_png(folder / "two.png")
    np.testing.assert_array_equal(one[0], two[0])
    bloom(folder, "map", "one.png", "-o", "large.bloommap", "--size", 48, *FAST)
    told, large = json.loads(one[1]["Bloom map"]), read_map(folder / "large.bloommap").view
    assert [str(side) for side in large.center] == told["view"]["center"] and large.size == (48, 48)
    (folder / "cut.png").write_bytes((folder / "one.png").read_bytes()[:300])
    assert "does not say of which map" in bloom(folder, "map", "cut.png", "-o", "x.png", status=1).stderr
    data = (folder / "one.png").read_bytes().replace(b'"bloom-map"', b'"bloom-mop"')
    (folder / "wrong.png").write_bytes(data)
    assert "does not describe a map" in bloom(folder, "map", "wrong.png", "-o", "x.png", status=1).stderr


def test_a_place_and_a_zoom_lead_to_the_same_view(folder: Path) -> None:
    write_experiment(folder / "own.toml", presets.PRESETS["preview"])
    bloom(folder, "map", "own.toml", "-o", "one.bloommap", "--size", 24, "--at", EDGE, "--zoom", 4, *FAST)
    bloom(folder, "map", "preview", "-o", "two.bloommap", "--size", 24, 24, "--at", EDGE, "--span", "0.5625", *FAST)
    one, two = read_map(folder / "one.bloommap"), read_map(folder / "two.bloommap")
    assert one.view == two.view and one.view.center == (Fraction("0.8827915"), Fraction("1.6939259"))
    np.testing.assert_array_equal(one.outcomes, two.outcomes)
    bloom(folder, "map", "two.bloommap", "-o", "three.bloommap", "--size", 24, "--at=-1,-1.5", "--span", "1,2", *FAST)
    assert read_map(folder / "three.bloommap").view.span == (1, 2)


def test_precision_engine_and_axes_are_as_asked_for(folder: Path) -> None:
    bloom(folder, "map", "preview", "-o", "map.bloommap", "--size", 8, "--precision", "double-double", *FAST)
    assert read_map(folder / "map.bloommap").made.precision == "double-double"
    bloom(folder, "map", "cube", "-o", "cube.bloommap", "--size", 6, 5, 4, *FAST)
    assert read_map(folder / "cube.bloommap").labels.shape == (4, 5, 6)
    deep = bloom(folder, "map", "preview", "-o", "deep.bloommap", "--size", 4, "--at", EDGE, "--zoom", 30, *FAST)
    assert "double)" in deep.stdout and read_map(folder / "deep.bloommap").made.precision == "double"


def test_the_cost_alone_makes_nothing(folder: Path) -> None:
    said = bloom(folder, "map", "preview", "--cost", "--size", 2000).stdout
    assert "4,000,000 places × 100 steps: about" in said
    search, film = bloom(folder, "map", "preview", "--cost", "--zoom", 3, "-o", "film.mp4", "--size", 100, *FAST).stdout.splitlines()
    assert search.startswith("search for detailed spots: at most")
    assert re.match(r"4 keyframes: 160,000 places × 100 steps: about .+; kept in film\.keyframes", film)
    assert not list(folder.iterdir())


def test_a_film_finds_its_own_spot(folder: Path) -> None:
    av = pytest.importorskip("av", reason="the extra images is not installed")
    said = bloom(folder, "map", "cubic", "-o", "film.mp4", "--zoom", 4, "--size", 64, "--per-level", 3, "--plain").stdout
    assert re.search(r"film\.mp4: 13 frames, 4 levels about --at=-?[\d.]+,-?[\d.]+\n", said)
    with av.open(str(folder / "film.mp4")) as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert len(frames) == 13 and frames[0].shape == (64, 64, 3) and all(frame.std() > 5 for frame in frames)
    assert sorted(path.name for path in (folder / "film.keyframes").iterdir()) == [f"level-0{level}.bloommap" for level in range(5)]
    there = ("--zoom", 4, said.split()[-1], "--size", 64, "--folder", "film.keyframes", "--per-level", 1, "--plain")
    again = bloom(folder, "map", "cubic", "-o", "frames", *there)
    assert "5 keyframes: 0 places" in again.stdout
    assert sorted(path.name for path in (folder / "frames").iterdir()) == [f"frame_000{number}.png" for number in range(1, 6)]
    plot = bloom(folder, "map", "film.keyframes/level-00.bloommap", "--dimension", "plot.png").stdout
    assert plot.startswith("plot.png: ") and "dimension" in plot and (folder / "plot.png").stat().st_size > 10_000


def test_spots_are_told_as_at_takes_them(folder: Path) -> None:
    said = bloom(folder, "map", "smale", "--spots", 2, "--zoom", 6, "-o", "spots.png").stdout
    found = re.findall(r"^--at=(-?[\d.]+),(-?[\d.]+) \(detail 0\.\d\d\)$", said, re.M)
    assert len(found) == 2 and read_png(folder / "spots.png")[0].shape == (2 * 198 + 6, 4 * 198 + 6, 3)
    bloom(folder, "map", "smale", "-o", "smale.bloommap", "--size", 128)
    again = bloom(folder, "map", "smale.bloommap", "--spots", 2, "--zoom", 6).stdout
    assert "at most 81,920 places" in again and re.findall(r"^--at=.*$", again, re.M) == re.findall(r"^--at=.*$", said, re.M)


def test_a_stopped_film_goes_on_to_the_same_bytes(folder: Path) -> None:
    words = ("map", "preview", "--zoom", 3, "--at", EDGE, "--size", 48, "--supersample", 2, "--per-level", 2, "--plain", *FAST)
    bloom(folder, *words, "-o", "whole", "--folder", "one")
    stopped = command(*words, "-o", "parts", "--folder", "two")
    running = subprocess.Popen(stopped, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not list(folder.glob("two/level-00.bloommap")) and running.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130 and "Traceback" not in told and "interrupted" in told
    assert len(list(folder.glob("two/*.bloommap"))) < 4
    bloom(folder, *words, "-o", "parts", "--folder", "two")
    whole, parts = ({path.name: path.read_bytes() for path in (folder / name).iterdir()} for name in ("whole", "parts"))
    assert len(whole) == 7 and parts == whole


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["preview"], "Say with -o what to make"),
        (["nothing", "-o", "x.png"], "There is no map 'nothing'.*one of: reference, relu"),
        (["none.toml", "-o", "x.png"], "none.toml: cannot be read"),
        (["none.bloommap", "-o", "x.png"], "none.bloommap: cannot be opened"),
        (["preview", "-o", "x.jpg"], "its name must end in .png, .exr, .bloommap or .mp4"),
        (["preview", "-o", "no/x.png"], "there is no folder"),
        (["preview", "-o", "x.mp4"], "say how deep with --zoom"),
        (["preview", "-o", "x.png", "--size", "4", "4", "4"], "This map has 2 axes"),
        (["preview", "-o", "x.png", "--at", "1,2,3"], "This map has 2 axes"),
        (["cubic", "-o", "x.png", "--score", "final"], "has no scores"),
        (["preview", "-o", "x.png", "--at", "1,1", "--zoom", "90"], "arithmetic ends"),
        (["preview", "-o", "x.png", "--size", "900000"], "too much here"),
        (["preview", "-o", "x.mp4", "--zoom", "3", "--spots", "2"], "drawn on a sheet"),
        (["preview", "-o", "x.exr", "--spots", "2"], "drawn on a sheet"),
        (["cube", "-o", "x.png", "--zoom", "3"], "say with --at"),
        (["none.png", "-o", "x.png"], "none.png: No such file"),
        (["preview", "-o", "x.png", "--device", "cuda"], "choose the engine torch"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    tmp_path: Path, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["map", *arguments]) == 1
    told = capsys.readouterr().err
    assert re.fullmatch(r"bloom: .+\n", told) and re.search(message, told)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", ["--at=1e9,2", "--at=x", "--span=", "--zoom=0", "--zoom=many", "--size=0", "--fps=0", "--colors=rainbow"])
def test_wrong_usage_is_told_as_usage(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["map", "preview", "-o", "x.png", wrong])
    assert stopped.value.code == 2 and "usage: bloom map" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "library"),
    [
        (("-o", "x.png"), "matplotlib"),
        (("-o", "x.exr"), "OpenEXR"),
        (("-o", "x.mp4", "--zoom", "2"), "matplotlib"),
        (("-o", "x.mp4", "--zoom", "2", "--plain"), "av"),
    ],
)
def test_missing_libraries_are_told_before_the_work(
    words: tuple[str, ...], library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == library else find(name, *more))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["map", "preview", *words]) == 1
    told = capsys.readouterr()
    assert f"needs {library}" in told.err and "pip install 'bloom-core[" in told.err and not told.out


def test_hostile_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.bloommap").write_bytes(b"PK\x03\x04" + os.urandom(200))
    Path("bad.toml").write_text("width = 0\n")
    for name, word in (("bad.bloommap", "bad.bloommap"), ("bad.toml", "width")):
        assert cli.main(["map", name, "-o", "x.png"]) == 1
        assert word in capsys.readouterr().err
