"""Renders the pictures of the stages: docs/pictures/stage-NAME.jpg, and the thumbnails that the panel shows.

    python docs/render_stages.py [NAME ...] [--samples MILLIONS] [--rays N] [--out FOLDER]

Needs bpy; some minutes on two cores. With --out, pictures go there and nothing of the project is written.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import bpy  # noqa: E402

import bloom_addon  # noqa: E402
from bloom_addon import bloom_object, properties  # noqa: E402
from bloom_addon.baking import bake  # noqa: E402
from bloom_addon.materials import variants  # noqa: E402
from bloom_addon.properties.stage_presets import PRESETS  # noqa: E402
from bloom_addon.stage import stage, thumbnails  # noqa: E402
from bloom_core import designs  # noqa: E402

SIZE, THUMBNAIL = (640, 400), (256, 160)


@dataclass(frozen=True)
class Shot:
    """Which flower shows a stage, of what, and at which share of the way from bud to open flower and from the camera's start to its end."""

    flower: str
    material: str = "glow"
    opened: float = 1.0
    along: float = 1.0


SHOTS = {
    "night": Shot("lotus"),
    "turntable": Shot("crocus", along=0.1),
    "dawn": Shot("edelweiss", along=0.5),
    "pond": Shot("lotus", opened=0.7, along=0.4),
    "macro": Shot("dahlia", along=0.7),
    "mandala": Shot("dahlia"),
    "studio": Shot("lotus", "velvet"),
}


def main() -> None:
    """Renders what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"stages; default: all of {', '.join(PRESETS)}")
    parser.add_argument("--samples", type=float, default=50.0, help="millions of points")
    parser.add_argument("--rays", type=int, default=16, help="Cycles samples per pixel")
    parser.add_argument("--out", type=Path, help="another folder")
    options = parser.parse_args()
    for name in options.names or PRESETS:
        picture = (options.out or ROOT / "docs" / "pictures") / f"stage-{name}.jpg"
        picture.parent.mkdir(parents=True, exist_ok=True)
        render(name, picture, options.samples, options.rays)
        thumbnail = (options.out or thumbnails.FOLDER) / f"{name}.jpg"
        shrink(picture, thumbnail)
        print(f"{picture} {picture.stat().st_size // 1024} KB, {thumbnail} {thumbnail.stat().st_size // 1024} KB", file=sys.stderr)


def render(name: str, picture: Path, samples: float, rays: int) -> None:
    """Renders one stage with its flower."""
    shot = SHOTS[name]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bloom_addon.register()
    with tempfile.TemporaryDirectory() as place:
        scene: Any = bpy.context.scene
        scene.render.resolution_x, scene.render.resolution_y = SIZE
        scene.frame_start, scene.frame_end = 1, 101
        scene.frame_set(1 + round(100 * shot.along))
        obj = bloom_object.new_bloom(bpy.context, posed(designs.design(shot.flower), shot.opened))
        for material in variants.materials_of(obj):
            variants.set_variant(material, shot.material)
        stage.build(scene, obj, name)
        settings: Any = properties.bloom_of(obj)
        settings.samples, settings.resolution, settings.folder, settings.estimator = samples, 448, place, 2.0
        frame = scene.frame_current
        scene.frame_start = scene.frame_end = frame
        job = bake.prepare(scene, obj)
        bloom_object.show_take(obj, bake.run(job), frame)
        scene.cycles.samples, scene.cycles.volume_step_rate = rays, 1.5
        scene.render.image_settings.file_format, scene.render.image_settings.quality = "JPEG", 90
        scene.render.filepath = str(picture)
        bpy.ops.render.render(write_still=True)
    bloom_addon.unregister()


def posed(design: designs.Design, opened: float) -> designs.Design:
    """Returns a design whose open flower is a pose on its way there."""
    from dataclasses import replace

    pose = designs.poses(design.bud, design.open, 101)[round(100 * opened)]
    return replace(design, open=replace(pose, palette=design.open.palette))


def shrink(picture: Path, thumbnail: Path) -> None:
    """Writes a small copy of a picture."""
    image: Any = bpy.data.images.load(str(picture))
    image.scale(*THUMBNAIL)
    scene = bpy.context.scene
    scene.render.image_settings.file_format, scene.render.image_settings.quality = "JPEG", 85
    scene.view_settings.view_transform = "Standard"
    thumbnail.parent.mkdir(parents=True, exist_ok=True)
    image.filepath_raw, image.file_format = str(thumbnail), "JPEG"
    image.save(quality=85)
    bpy.data.images.remove(image)


if __name__ == "__main__":
    main()
