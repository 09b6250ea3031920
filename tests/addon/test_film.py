"""The shortened demo, end to end, as a user runs it: a process of its own, real files, and the .blend opened without the add-on."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from bloom_addon import compat
from bloom_addon.rendering import film

ROOT = Path(__file__).parents[2]
SMALL = ("--size", "96x60", "--rays", "1", "--samples", "0.5", "--resolution", "64", "--threads", "2")


def bloom(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "bloom_addon", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def pixels(path: Path) -> np.ndarray:
    """Returns a picture as float32 (height, width, 3)."""
    image = bpy.data.images.load(str(path))
    values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(values)
    shape = (image.size[1], image.size[0], 4)
    bpy.data.images.remove(image)
    return values.reshape(shape)[..., :3]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "out"
    done = bloom("demo", "--out", str(out), "--frames", "12", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "Look at bloom.mp4" in done.stderr
    return out


def test_the_film_has_its_frames(demo: Path) -> None:
    clip = bpy.data.movieclips.load(str(demo / "bloom.mp4"))
    assert clip.frame_duration == 12 and tuple(clip.size) == (96, 60)
    assert len(list((demo / "frames").glob("frame_*.png"))) == 12


def test_the_flower_opens_out_of_black(demo: Path) -> None:
    bud, half, opened = (pixels(demo / f"{name}.png") for name in ("bud", "half-open", "open"))
    assert min(picture.max() for picture in (bud, half, opened)) > 0.1 and np.abs(half - opened).mean() > 0.005
    assert opened.mean() > 0.02 and bud.mean() < 0.5 * opened.mean() and bud.mean() < half.mean()
    lit = [(picture.max(axis=2) > 0.1).mean() for picture in (bud, opened)]
    assert lit[0] < 0.6 * lit[1]  # it grows
    corners = [opened[rows, columns] for rows in (slice(0, 8), slice(-8, None)) for columns in (slice(0, 12), slice(-12, None))]
    assert max(corner.mean() for corner in corners) < 0.03  # black around it


def test_frames_follow_the_training(demo: Path) -> None:
    film = np.array([pixels(path) for path in sorted((demo / "frames").glob("*.png"))])
    moved = np.abs(np.diff(film, axis=0)).mean(axis=(1, 2, 3))
    assert moved.min() > 0.0005  # it never stands still
    assert moved[:6].mean() > 1.5 * moved[-3:].mean()  # wild at first, trembling late


WITHOUT_ADDON = """
import sys, bpy
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
assert not hasattr(bpy.types.Object, "bloom")
scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples = 96, 60, 1
volume = next(data for data in bpy.data.volumes)
assert volume.filepath.startswith("//"), volume.filepath
for frame in (2, 12):
    scene.frame_set(frame)
    volume.grids.load()
    assert volume.grids.frame_filepath.startswith(sys.argv[3]), volume.grids.frame_filepath
    assert volume.grids.frame_filepath.endswith(f"bloom_{frame:04d}.vdb"), volume.grids.frame_filepath
    scene.render.filepath = f"{sys.argv[2]}/{frame}.png"
    bpy.ops.render.render(write_still=True)
"""


def test_the_blend_plays_without_the_addon_also_when_moved(demo: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(demo, moved)
    arguments = [str(moved / "bloom.blend"), str(tmp_path), str(moved / "takes")]
    done = subprocess.run([sys.executable, "-c", WITHOUT_ADDON, *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    first, last = pixels(tmp_path / "2.png"), pixels(tmp_path / "12.png")
    assert last.mean() > 0.02 and np.abs(first - last).mean() > 0.01
    assert np.abs(last - pixels(demo / "open.png")).mean() < 0.01


def test_bake_and_render_of_a_blend(demo: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(demo, copy)
    done = bloom("bake", str(copy / "bloom.blend"), "--threads", "1")
    assert done.returncode == 0 and re.search(r"baked: 0 of 12 frames anew, [\d.]+ [kM]B in .+", done.stderr), done.stderr
    done = bloom("bake", str(copy / "bloom.blend"), "--folder", str(tmp_path / "elsewhere"))
    assert done.returncode == 0 and "baked: 12 of 12 frames anew" in done.stderr, done.stderr
    takes = [sorted(folder.glob("takes/take-*/*.vdb")) or sorted(folder.glob("take-*/*.vdb")) for folder in (demo, tmp_path / "elsewhere")]
    assert [path.read_bytes() for path in takes[0]] == [path.read_bytes() for path in takes[1]]  # two threads, then every core


def test_a_still_of_a_flame(shared_data: Path, tmp_path: Path) -> None:
    done = bloom("still", str(shared_data / "original-bloom/flames/kindling.flame"), "--out", str(tmp_path / "kindling.png"), *SMALL)
    assert done.returncode == 0, done.stderr
    assert pixels(tmp_path / "kindling.png").mean() > 0.01
    assert [path.name for path in tmp_path.iterdir()] == ["kindling.png"]


def test_the_originals_mapping_makes_a_film_that_ends_in_its_flame(shared_data: Path, tmp_path: Path) -> None:
    original = shared_data / "original-bloom"
    imported = subprocess.run(
        [sys.executable, "-m", "bloom_core.cli", "import", str(original / "embeddings"), "-o", str(tmp_path / "run.bloom")], cwd=ROOT, check=False
    )
    assert imported.returncode == 0
    sources = ("--run", str(tmp_path / "run.bloom"), "--design", str(original / "flames" / "willowisp.flame"))
    done = bloom("film", "--mapping", "original", *sources, "--frames", "4", "--out", str(tmp_path), *SMALL)
    assert done.returncode == 0, done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "bloom.blend"))
    action = next(action for action in bpy.data.actions if action.name.startswith("willowisp Growth"))
    curves = action.layers[0].strips[0].channelbags[0].fcurves
    weight = curves.find("bloom.xforms[1].weight")
    assert weight.evaluate(4) == pytest.approx(5.0) and weight.evaluate(1) != pytest.approx(5.0, abs=0.5)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("film",), 2, "--out"),
        (("film", "--out", "x", "--size", "huge"), 2, "640x400"),
        (("film", "--out", "{tmp}", "--run", "{tmp}/none.bloom"), 1, "none.bloom"),
        (("film", "--out", "{tmp}", "--design", "{tmp}/none.flame"), 1, "none.flame"),
        (("film", "--out", "{tmp}/file/out", "--frames", "4"), 1, "cannot be made"),
        (("film", "--out", "{tmp}", "--frames", "1"), 1, "frames is 1"),
        (("film", "--out", "{tmp}", "--rays", "0"), 2, "'0' must be a whole number from 1"),
        (("film", "--out", "{tmp}", "--samples", "nan"), 2, "'nan' must be a number from 0.1"),
        (("film", "--out", "{tmp}", "--resolution", "many"), 2, "'many' must be a whole number from 16"),
        (("film", "--out", "{tmp}", "--threads", "-1"), 2, "'-1' must be a whole number from 0"),
        (("film", "--out", "{tmp}", "--design", "{tmp}/file"), 1, "{tmp}/file, line 1"),
        (("film", "--out", "{tmp}", "--run", "{tmp}/file"), 1, "{tmp}/file"),
        (("film", "--out", "{tmp}", "--mapping", "none"), 2, "original"),
        (("bake", "{tmp}/none.blend"), 1, "there is no such .blend"),
        (("render", "{tmp}/file", "--out", "{tmp}"), 1, "cannot open it"),
    ],
)
def test_wrong_arguments_end_in_a_line(tmp_path: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    (tmp_path / "file").write_text("not a folder, and no .blend")
    done = bloom(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.returncode == code, done.stderr
    assert words.format(tmp=tmp_path) in done.stderr and "Traceback" not in done.stderr
    assert code == 2 or len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(tmp_path.glob("*.blend")) and not list(tmp_path.glob("takes"))


@pytest.mark.parametrize(("moment", "samples"), [("takes/frames/*.vdb", "50"), ("frames/frame_*.png", "0.5")])
def test_ctrl_c_stops_and_keeps_what_is_finished(tmp_path: Path, moment: str, samples: str) -> None:
    arguments = ("--samples", samples, "--resolution", "48", "--frames", "40", "--size", "200x120", "--rays", "16")
    process = subprocess.Popen(
        [sys.executable, "-m", "bloom_addon", "film", "--out", str(tmp_path), *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(moment)):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "finished frames are kept" in errors and "Traceback" not in errors, errors
    assert 1 <= len(list(tmp_path.glob(moment))) < 40
    assert not list(tmp_path.glob("*.mp4")) and not list(tmp_path.rglob(".*"))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def sky(size: tuple[int, int]) -> bpy.types.Scene:
    """Returns a scene of two frames that shows noise, which takes room."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.world = bpy.data.worlds.new("noise")
    tree = compat.ensure_nodes(scene.world)
    noise = tree.nodes.new("ShaderNodeTexWhiteNoise")
    tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"], noise.inputs["Vector"])
    tree.links.new(noise.outputs["Color"], tree.nodes["Background"].inputs["Color"])
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.frame_start, scene.frame_end = 1, 2
    return scene


def test_a_folders_name_is_taken_as_it_is(tmp_path: Path) -> None:
    out = tmp_path / "ünï #1 %d {frame} {x} 007"
    done = bloom("film", "--out", str(out), "--frames", "3", *SMALL)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in out.iterdir()} == {"bloom.blend", "bloom.mp4", "bud.png", "half-open.png", "open.png", "frames", "takes"}
    assert [path.name for path in sorted((out / "frames").iterdir())] == ["frame_0001.png", "frame_0002.png", "frame_0003.png"]
    assert pixels(out / "open.png").mean() > 0.02


def test_an_odd_size_loses_a_line_and_not_the_film(tmp_path: Path) -> None:
    stills = film.render_stills(sky((97, 61)), tmp_path / "frames")
    assert pixels(stills[0]).shape == (61, 97, 3)
    film.encode(stills, tmp_path / "bloom.mp4")
    clip = bpy.data.movieclips.load(str(tmp_path / "bloom.mp4"))
    assert clip.frame_duration == 2 and tuple(clip.size) == (96, 60)


def test_stills_on_a_full_disk_are_whole_or_not_there(tiny_disk: Path) -> None:
    small = film.render_stills(sky((40, 30)), tiny_disk / "frames")
    before = [path.read_bytes() for path in small]
    with pytest.raises(OSError, match=r"frame_0001\.png: Blender wrote no whole picture. Is the disk full\?"):
        film.render_stills(sky((320, 200)), tiny_disk / "frames")
    assert sorted((tiny_disk / "frames").iterdir()) == small and [path.read_bytes() for path in small] == before


def test_a_film_on_a_full_disk_is_whole_or_not_there(tiny_disk: Path, tmp_path: Path) -> None:
    stills = film.render_stills(sky((320, 200)), tmp_path / "frames") * 6
    film.encode(stills, tmp_path / "roomy.mp4")
    assert (tmp_path / "roomy.mp4").stat().st_size > 32 * 1024
    with pytest.raises(OSError, match=r"bloom\.mp4: Blender wrote no whole film. Is the disk full\?"):
        film.encode(stills, tiny_disk / "bloom.mp4")
    assert not list(tiny_disk.iterdir())
