"""Renders the pictures of lessons.md, docs/pictures/lesson-NAME.jpg: four moments of each lesson.

    python docs/render_lessons.py [LESSON ...]

Needs Blender as a Python module; some minutes on two cores.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import bpy  # noqa: E402
from PIL import Image  # noqa: E402

import bloom_addon  # noqa: E402
from bloom_addon.headless import scenes  # noqa: E402
from bloom_addon.lessons import building  # noqa: E402
from bloom_addon.properties.lessons import lessons_of  # noqa: E402
from bloom_addon.rendering import film  # noqa: E402
from bloom_core.lessons.timing import Timing  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
SIZE, SAMPLES = (720, 450), 16
CAPTIONS = {
    "neuron": ((0, 3), (0, 12), (0, 20), (0, 23)),
    "songs": ((0, 3), (0, 15), (1, 9), (1, 18)),
    "recurrent": ((0, 4), (0, 25), (1, 7), (1, 16)),
    "melody": ((0, 4), (0, 19), (1, 3), (1, 13)),
}
"""The four captions at which each lesson is pictured: acts, and numbers of captions in them."""


def main(names: list[str]) -> None:
    """Renders the pictures of some lessons, or of all."""
    bloom_addon.register()
    for name in names or list(CAPTIONS):
        with tempfile.TemporaryDirectory() as place:
            stills = render(name, Path(place))
            sheet = Image.new("RGB", (2 * SIZE[0], 2 * SIZE[1]))
            for number, path in enumerate(stills):
                with Image.open(path) as opened:
                    sheet.paste(opened.convert("RGB"), (number % 2 * SIZE[0], number // 2 * SIZE[1]))
        sheet.save(PICTURES / f"lesson-{name}.jpg", quality=82, optimize=True)
        print(PICTURES / f"lesson-{name}.jpg", flush=True)
    bloom_addon.unregister()


def render(name: str, folder: Path) -> list[Path]:
    """Builds a lesson and renders four moments of it into `folder`; returns the pictures."""
    scene: Any = scenes.new_scene()
    scenes.save(folder / "lesson.blend")
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    settings = lessons_of(scene)
    settings.lesson, settings.language = name, "en"
    material = building.prepare(building.plan(scene), lambda _: True)
    building.build(bpy.context, scene, material)
    scene.cycles.samples = SAMPLES
    acts = material.lesson.acts
    frames = [frame_of(material.times, act, acts[act].captions[number].moment) for act, number in CAPTIONS[name]]
    return film.render_stills(scene, folder / "stills", frames=frames)


def frame_of(times: Timing, act: int, moment: int) -> int:
    """Returns the frame in the middle of a moment of an act: what moves to it has arrived, and what follows has not begun."""
    ends = [*(int(frame) - 1 for frame in times.frames[act][1:]), times.act_ends()[act]]
    return (times.frame_of(act, moment) + ends[moment]) // 2


if __name__ == "__main__":
    main(sys.argv[1:])
