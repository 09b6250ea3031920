"""The command `map`: from a preset or a file to a picture and a .blend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon import properties
from bloom_addon.headless import headless
from bloom_addon.maps import parts, terrain
from bloom_core.trainability import experiment_files, map_files
from bloom_core.trainability.making import make_map
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import overview

SMALL = ("--size", "48x32", "--rays", "1")


def pixels(path: Path) -> Any:
    image: Any = bpy.data.images.load(str(path))
    found = np.array(image.pixels[:], np.float32).reshape(image.size[1], image.size[0], 4)
    bpy.data.images.remove(image)
    return found


def test_a_preset_is_made_shown_and_rendered(scene: bpy.types.Scene, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert headless.main(["map", "preview", "--pixels", "16", "--out", str(out), *SMALL]) == 0
    told = capfd.readouterr().err
    assert told.index("256 places × 100 steps: about") < told.index("training the map"), "the cost comes first"
    assert sorted(path.name for path in out.iterdir()) == ["map.blend", "map.png", "preview.bloommap", "tiles"]
    picture = pixels(out / "map.png")
    assert picture.shape[:2] == (32, 48) and picture[..., :3].max() > 0.1
    bpy.ops.wm.open_mainfile(filepath=str(out / "map.blend"))
    opened: Any = bpy.context.scene
    shown = properties.map_of(opened).shown
    assert terrain.height_key(shown) is not None and opened.camera is not None
    assert map_files.read_map(bpy.path.abspath(properties.map_of(opened).file)).labels.shape == (16, 16)


def test_a_configuration_becomes_a_short_film(scene: bpy.types.Scene, tmp_path: Path) -> None:
    experiment_files.write_experiment(tmp_path / "mine.toml", PRESETS["preview"])
    words = ["map", str(tmp_path / "mine.toml"), "--pixels", "12", "--frames", "2", "--no-labels", "--view", "above", "--out", str(tmp_path), *SMALL]
    assert headless.main(words) == 0
    assert (tmp_path / "bloom.mp4").is_file() and len(list((tmp_path / "frames").glob("*.png"))) == 2
    first, last = (pixels(path) for path in sorted((tmp_path / "frames").glob("*.png")))
    assert not np.allclose(first, last), "the camera flies"


def test_a_garden_stands_on_a_file(scene: bpy.types.Scene, tmp_path: Path) -> None:
    subject = PRESETS["preview"]
    map_files.write_map(tmp_path / "a.bloommap", make_map(subject, overview(subject, (32, 32))))
    words = ["map", str(tmp_path / "a.bloommap"), "--as", "garden", "--flowers", "2", "--frames", "3", "--blend-only", "--out", str(tmp_path)]
    assert headless.main([*words, *SMALL]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "map.blend"))
    opened: Any = bpy.context.scene
    assert len(properties.blooms(opened)) == 2 and (opened.frame_start, opened.frame_end) == (1, 3)
    assert len([obj for obj in parts.collection(opened).objects if obj.get(parts.MARK) == "flower label"]) == 2
    assert len(list((tmp_path / "runs").glob("*.bloom"))) == 2


def test_a_cube_is_shown_as_a_volume(scene: bpy.types.Scene, tmp_path: Path) -> None:
    assert headless.main(["map", "cube", "--pixels", "12", "--blend-only", "--out", str(tmp_path), *SMALL]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "map.blend"))
    shown = properties.map_of(bpy.context.scene).shown
    assert shown.type == "VOLUME" and Path(bpy.path.abspath(shown.data.filepath)).is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["map", "nowhere"], "nowhere: is neither a file nor one of: reference"),
        (["map", "lost.bloommap"], "lost.bloommap"),
        (["map", "cube", "--pixels", "8", "--as", "terrain"], "three axes"),
    ],
)
def test_what_cannot_be_is_told(scene: bpy.types.Scene, tmp_path: Path, words: list[str], told: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert headless.main([*words, "--out", str(tmp_path)]) == 1
    assert told in capfd.readouterr().err
