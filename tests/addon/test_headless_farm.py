"""What farms need of the commands: a copy with its takes, renders that go on, lines of Open Job Description, equal pictures as equal files."""

from __future__ import annotations

import json
import struct
import time
import zlib
from pathlib import Path

import bpy
import pytest

from bloom_addon import properties
from bloom_addon.headless import headless
from bloom_core.images.png_metadata import without_render_facts

SMALL = ("--size", "48x32", "--rays", "1", "--samples", "0.2", "--resolution", "32")


def run(*arguments: object, code: int = 0) -> None:
    assert headless.main([str(argument) for argument in arguments]) == code, arguments


@pytest.fixture
def blend(scene: bpy.types.Scene, tmp_path: Path) -> Path:
    """A small lotus of the example run over four frames, staged, not baked."""
    path = tmp_path / "scene" / "lotus.blend"
    run("grow", path, "--frames", 4, *SMALL)
    return path


@pytest.mark.parametrize("kind", ["VOLUME", "POINTS"])
def test_a_copy_with_its_takes_is_saved_elsewhere(blend: Path, tmp_path: Path, kind: str) -> None:
    baking = properties.bloom_of(properties.blooms(bpy.context.scene)[0]).baking
    baking.kind, baking.point_count = kind, 0.01
    bpy.ops.wm.save_mainfile()
    before, out, folder = blend.read_bytes(), tmp_path / "film" / "bloom.blend", tmp_path / "takes"
    run("bake", blend, "--folder", folder, "--out", out)
    run("bake", blend, "--folder", folder, "--out", out)  # a task that is tried again
    assert blend.read_bytes() == before and [path.name for path in out.parent.iterdir()] == ["bloom.blend"]
    (take,) = folder.glob("take-*")
    assert str(out) in json.loads((take / "about.json").read_text())["blends"], "what is not shown is pruned"
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in (out.parent, folder):
        path.rename(moved / path.name)
    bpy.ops.wm.open_mainfile(filepath=str(moved / "film" / "bloom.blend"))
    obj = properties.blooms(bpy.context.scene)[0]
    assert properties.bloom_of(obj).folder.startswith("//") and Path(bpy.path.abspath(properties.bloom_of(obj).folder)).resolve() == moved / "takes"
    run("render", moved / "film" / "bloom.blend", "--out", tmp_path / "new", "--frames", "2", "--no-film")


def test_a_copy_is_of_the_whole_take(blend: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run("bake", blend, "--frames", "1-4", "--out", tmp_path / "out.blend", code=1)
    assert "--out is for the whole take" in capfd.readouterr().err and not (tmp_path / "out.blend").exists()


def test_a_render_goes_on_with_what_is_missing(blend: Path, tmp_path: Path) -> None:
    run("bake", blend)
    film = tmp_path / "film"
    run("render", blend, "--out", film, "--frames", "1,3", "--no-film")
    made = {path.name: path.stat().st_mtime_ns for path in (film / "frames").iterdir()}
    run("render", blend, "--out", film, "--missing", "--no-film")
    assert not (film / "bloom.mp4").exists()
    assert {path.name: path.stat().st_mtime_ns for path in (film / "frames").iterdir() if path.name in made} == made
    run("render", blend, "--out", film, "--missing")
    assert len(list((film / "frames").iterdir())) == 4 and (film / "bloom.mp4").is_file()


def test_the_same_frame_is_the_same_file(blend: Path, tmp_path: Path) -> None:
    run("bake", blend)
    run("render", blend, "--out", tmp_path / "one", "--frames", "2")
    time.sleep(1.1)  # another second to be noted
    run("render", blend, "--out", tmp_path / "two", "--frames", "2")
    one, two = ((tmp_path / name / "frames" / "frame_0002.png").read_bytes() for name in ("one", "two"))
    assert one == two and b"tEXtFrame\0" in one and b"tEXtDate" not in one


def test_only_what_tells_of_the_render_goes() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head, end = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)), chunk(b"IEND", b"")
    note, date, times = (chunk(b"tEXt", words) for words in (b"Note\0of the artist", b"Date\0today", b"cycles.View.total_time\0" + b"1"))
    assert without_render_facts(head + note + date + times + end) == head + note + end
    for other in (b"", b"no PNG", (head + date + end)[:-3]):
        assert without_render_facts(other) == other


def test_farms_read_lines_of_open_job_description(blend: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    run("--openjd", "bake", blend, "--frames", "1-2")
    run("--openjd", "bake", tmp_path / "two\nlines.blend", code=1)
    lines = capfd.readouterr().out.splitlines()
    assert "openjd_progress: 50.0" in lines and "openjd_progress: 100.0" in lines and "openjd_status: baking Lotus" in lines
    assert lines[-1] == f"openjd_fail: {tmp_path / 'two'} lines.blend: there is no such .blend"
    run("--openjd", "--json", "bake", blend, code=2)
