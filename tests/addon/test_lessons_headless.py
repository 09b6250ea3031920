"""The command `lesson`: a film with the right frames, stills, the .blend; and one line where it cannot be done."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from bloom_addon.headless import headless
from bloom_addon.lessons import flower
from bloom_core.lessons import lesson_files

from .short_lessons import shortened

SMALL = ("--size", "96x60", "--rays", "1", "--speed", "100", "--fps", "4", "--threads", "1")


@pytest.fixture
def short(tmp_path: Path) -> Path:
    path = tmp_path / "short.bloomlesson"
    lesson_files.write_lesson(shortened("neuron", (0, 1, 6, 30, 70)), path)
    return path


def test_a_film_stills_and_the_blend(
    scene: bpy.types.Scene, short: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flower, "POINTS", 2000)
    out = tmp_path / "film"
    assert headless.main(["--json", "lesson", str(short), "--out", str(out), "--language", "es", *SMALL]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    made = {Path(line["path"]).name for line in lines if line["event"] == "made"}
    assert made == {"short.blend", "short.mp4", "beginning.png", "middle.png", "end.png"}
    assert {line["what"] for line in lines if line["event"] == "progress"} == {"growing and baking the flowers", "rendering"}
    frames = sorted((out / "frames").glob("*.png"))
    clip = bpy.data.movieclips.load(str(out / "short.mp4"))
    assert len(frames) == clip.frame_duration >= 5 and tuple(clip.size) == (96, 60)
    pictures = [_pixels(out / f"{name}.png") for name in ("beginning", "end")]
    assert all(picture.max() > 0.5 and np.median(picture) < 0.1 for picture in pictures), "bright on black"
    assert np.abs(pictures[0] - pictures[1]).mean() > 0.005
    bpy.ops.wm.open_mainfile(filepath=str(out / "short.blend"))
    opened = bpy.context.scene
    assert (opened.frame_start, opened.frame_end) == (1, len(frames)) and opened.render.fps == 4
    assert "pérdida media" in [obj.data.body for obj in opened.objects if obj.type == "FONT"]
    assert list(flower.flowers_of(opened)) == [0] and (out / "bloom_lessons" / "runs").is_dir()
    assert not list(out.glob("*.blend1"))


def test_only_the_blend_or_some_frames(scene: bpy.types.Scene, short: Path, tmp_path: Path) -> None:
    out = tmp_path / "blend"
    assert headless.main(["lesson", str(short), "--out", str(out), "--no-flower", "--blend-only", *SMALL]) == 0
    assert [path.name for path in out.iterdir()] == ["short.blend"]
    assert headless.main(["lesson", str(short), "--out", str(out), "--no-flower", "--frames", "2-3", *SMALL]) == 0
    assert [path.name for path in sorted((out / "frames").iterdir())] == ["frame_0002.png", "frame_0003.png"]
    assert not list(out.glob("*.mp4"))


def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str], scene: bpy.types.Scene) -> None:
    wrong = tmp_path / "wrong.bloomlesson"
    wrong.write_bytes(b"PK\x03\x04 nothing")
    for name in (wrong, tmp_path / "none.bloomlesson"):
        assert headless.main(["lesson", str(name), "--out", str(tmp_path / "out"), *SMALL]) == 1
        last = capfd.readouterr().err.strip().splitlines()[-1]
        assert name.name in last and last.startswith("bloom: ")
    assert headless.main(["lesson", "neuron", "--out", str(tmp_path), "--speed", "0"]) == 2
    assert headless.main(["lesson", "neuron", "--out", str(tmp_path), "--language", "klingon"]) == 2


def _pixels(path: Path) -> np.ndarray:
    image = bpy.data.images.load(str(path))
    try:
        return np.array(image.pixels[:], np.float32).reshape(-1, 4)[:, :3]
    finally:
        bpy.data.images.remove(image)
