"""The bloom beside a lesson: each act's run grows a flower, which shows at every moment the very training step that the act shows.

Growing and baking need nothing of Blender, and are done in a thread; the flowers are then put into the scene with their takes, one after the other in
the same place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from bloom_core import designs, growth, native, takes
from bloom_core.designs import Design
from bloom_core.flames.flame import Flame, FloatArray, Xform
from bloom_core.growth.animation import Animation
from bloom_core.growth.shown_steps import ShownSteps
from bloom_core.lessons import timing
from bloom_core.lessons.lesson import Act, Lesson
from bloom_core.lessons.timing import Timing
from bloom_core.native import Points, Progress
from bloom_core.takes import PointSettings, Take
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_model import Trajectory
from bloom_core.whole_file import whole_file

from .. import bloom_object, keyframes, material, point_cloud, properties
from ..stage.parts import remove_unused
from .layout import Rectangle
from .look import LIT
from .objects import IntArray, Workshop, eased
from .translations import say

DESIGN = "orchid"
"""Its petals stand apart: a small picture shows which of them a step moves."""

EXPOSURE, BUD, EVENNESS = 2.5, 5.0, 0.6
"""How much brighter than elsewhere; how much more, at most, the bud, which is dark and here is looked at for long; and the power of what it lacks."""

_LOOKED_AT = 3000
"""So many points tell how bright a flower is, and how far it reaches."""

POINTS = 30_000
"""Of each frame: enough for a third of a picture, and a megabyte."""

TILT = math.radians(38.0)
"""How far the flower leans towards the camera, which looks at a lesson straight from the front."""

FILLED = 0.82
"""How much of its place a flower takes: the few points that fly farther are to stay off the words."""

MARK = "bloom_lesson_act"
"""Custom property of a lesson's flower: the number of its act."""

CLOSED = "The same training, as a flower. It is closed: nothing has been learned yet."
PUSHED = "Each step pushes the petals as far as it moved the weights. They open with the way the network has come."
OPEN = "Open: the training ends here. The petals rest where the weights rest."
"""How the flower is read: before the first step, while they pass, and when they are over."""

WORDS, LINES = 0.3, 1.5
"""Size of these words, and the height that is left for them."""

_BAKING = 0.5
"""Share of the time that baking takes."""


@dataclass(frozen=True)
class Flower:
    """An act's flower, ready to be put into a scene: its animation, its take, and the run, as a file, that it grew from.

    `light` (M,): the exposure at each moment; `low`, `high`: where it reaches to the left and down, and to the right and up, leaning as it does.
    """

    design: Design
    animation: Animation
    take: Take
    run: Path
    title: str
    light: FloatArray
    low: FloatArray
    high: FloatArray


def make_flowers(lesson: Lesson, times: Timing, folder: Path, progress: Progress) -> list[Flower]:
    """Grows and bakes a flower for each act, on one scale; takes and runs go into `folder`. Touches nothing of Blender.

    What was baked before is used again. Raises RunError, FlameError, TakeError, OSError, and Cancelled where `progress` answers False.
    """
    design, files = designs.design(DESIGN), [_write_run(lesson, number, folder / "runs") for number in range(len(lesson.acts))]
    runs = [trajectory.read_run(file) for file in files]
    scale, made = growth.common_scale(runs), []
    for number, (act, run, file, frames, last) in enumerate(zip(lesson.acts, runs, files, times.frames, times.act_ends(), strict=True)):
        share = _part_of(progress, number, len(runs))
        steps = states_of(run, timing.shown_steps(act, frames, last, times.fps))
        animation = growth.grow(
            run, design, steps=steps, frame_start=int(frames[0]), scale=scale, tolerance=None, progress=_between(share, 0.0, 1.0 - _BAKING)
        )
        flames = [as_kept(animation.at(frame)) for frame in range(int(frames[0]), last + 1)]
        about = {"bloom": act.title, "frame_start": int(frames[0])}
        take = takes.bake(folder / "takes", flames, PointSettings(POINTS), progress=_between(share, 1.0 - _BAKING, 1.0), about=about)
        clouds = [native.points(flames[int(frame) - int(frames[0])], _LOOKED_AT, threads=1) for frame in frames]
        made.append(Flower(design, animation, take, file, act.title, _light(clouds), *_reach(clouds)))
    return made


def _light(clouds: Sequence[Points]) -> FloatArray:
    """Returns the exposures (M,) that make a flower about as bright at each moment as it is at the last."""
    bright = np.array([max(float(cloud.weight.sum(dtype=np.float64)), 1e-9) for cloud in clouds])
    return np.asarray(EXPOSURE * np.clip((bright[-1] / bright) ** EVENNESS, 1.0, BUD))


def _reach(clouds: Sequence[Points]) -> tuple[FloatArray, FloatArray]:
    """Returns how far nearly all points of each cloud reach, as the camera sees them: (left, down) and (right, up)."""
    ends = []
    for cloud in clouds:
        places = cloud.position.astype(np.float64)
        seen = np.stack([places[:, 0], math.sin(TILT) * places[:, 1] + math.cos(TILT) * places[:, 2]])
        ends.append(np.quantile(seen, (0.01, 0.99), axis=1))
    reach = np.array(ends)
    return np.asarray(reach[:, 0].min(axis=0)), np.asarray(reach[:, 1].max(axis=0))


def states_of(run: Trajectory, steps: FloatArray) -> FloatArray:
    """Returns, for numbers of training steps (F,), how many recorded steps of the run had been made, as `growth.grow` asks for."""
    return np.interp(steps, np.concatenate([[0.0], run.steps]), np.arange(len(run.steps) + 1.0))


def as_kept(flame: Flame) -> Flame:
    """Returns a flame as Blender keeps it, in 32 bits: a take that is baked of it is the one that the scene itself would be baked to."""
    xaos = None if flame.xaos is None else _single(flame.xaos)
    return replace(flame, xforms=tuple(map(_kept, flame.xforms)), final=None if flame.final is None else _kept(flame.final), xaos=xaos)


def _kept(xform: Xform) -> Xform:
    numbers = {name: float(np.float32(getattr(xform, name))) for name in ("weight", "color", "color_speed", "opacity")}
    told: dict[str, Any] = {**numbers, "pre": _single(xform.pre), "post": _single(xform.post)}
    told["variations"] = tuple(
        replace(each, weight=float(np.float32(each.weight)), parameters={name: float(np.float32(value)) for name, value in each.parameters.items()})
        for each in xform.variations
    )
    return replace(xform, **told)


def _single(values: FloatArray) -> FloatArray:
    return values.astype(np.float32).astype(np.float64)


def put(
    context: bpy.types.Context, collection: bpy.types.Collection, place: Rectangle, lesson: Lesson, times: Timing, flowers: Sequence[Flower]
) -> list[bpy.types.Object]:
    """Puts the flowers into a scene, each for the frames of its act, into `place`, with words that say how it is read; returns the flowers.

    The frame range stays as it is. Words are in the language that is spoken (`translations.speaking`).
    """
    made = []
    for number, flower in enumerate(flowers):
        obj = bloom_object.new_bloom(context, flower.design)
        for home in list(obj.users_collection):
            home.objects.unlink(obj)
        collection.objects.link(obj)
        obj.name, obj[MARK] = flower.title, number
        bloom: Any = properties.bloom_of(obj)
        bloom.baking.kind, bloom.baking.point_count = "POINTS", POINTS / 1e6
        bloom.baking.range, bloom.baking.frame_start, bloom.baking.frame_end = "CUSTOM", flower.animation.frame_start, flower.animation.frame_end
        bloom.run, bloom.folder = str(flower.run), bloom_object.blend_path(flower.take.folder.parent)
        keyframes.write_animation(obj, flower.animation)
        bloom.held_frames = int((flower.animation.guard < 1.0).sum())
        bloom.frame_steps = ShownSteps(flower.animation.frame_start, flower.animation.steps, bloom.run).text()
        _stand(obj, flower, place.inset(0.0, LINES, 0.0, 0.0))
        glow: Any = material.glow_of(obj)
        light = glow.node_tree.nodes[material.EXPOSURE].outputs[0].default_value * flower.light
        eased(glow.node_tree, f'nodes["{material.EXPOSURE}"].outputs[0].default_value', 0, "Light", times.frames[number], light)
        bloom_object.show_take(obj, flower.take, flower.animation.frame_start)
        for each in (obj, point_cloud.companion(obj)):
            _show(each, flower.animation.frame_start, flower.animation.frame_end, len(flowers))
        film = int(times.frames[0][0]), times.last
        workshop = Workshop(collection, film, flower.animation.frame_start, flower.animation.frame_end)
        box = Rectangle(place.left, place.bottom, place.right, place.bottom + LINES)
        for words, first, last in _readings(lesson.acts[number], times.frames[number], flower.animation.frame_end):
            text = workshop.text("flower", f"{flower.title} flower", say(words), WORDS, (0.0, 0.0), box=box, shown=(first, last))
            text[LIT] = 0.6
        made.append(obj)
    return made


def _readings(act: Act, frames: IntArray, last: int) -> list[tuple[str, int, int]]:
    """Returns what is said of an act's flower, with the first and last frame of each: before any step, then, in the last eighth."""
    count = len(frames)
    learning = next((moment for moment in range(1, count) if act.steps[act.rows[moment]] > 0), count)
    begins = [0, learning, max(learning, count - max(1, count // 8))]
    edges = [int(frames[moment]) if moment < count else last + 1 for moment in begins] + [last + 1]
    return [(words, first, after - 1) for words, first, after in zip((CLOSED, PUSHED, OPEN), edges, edges[1:], strict=False) if after > first]


def flowers_of(scene: bpy.types.Scene) -> dict[int, bpy.types.Object]:
    """Returns the flowers of the scene's lesson, by the numbers of their acts."""
    return {obj[MARK]: obj for obj in scene.objects if obj.get(MARK) is not None}


def remove(scene: bpy.types.Scene) -> None:
    """Takes the flowers of the scene's lesson away, with what only they used; their takes stay on the disk."""
    for obj in flowers_of(scene).values():
        points, glow = point_cloud.companion(obj), [slot.material for slot in obj.material_slots]
        trees = [modifier.node_group for modifier in points.modifiers] if points is not None else []
        nodes = point_cloud.nodes_of(points) if points is not None else None
        wears = [nodes[point_cloud.MATERIAL].inputs["Material"].default_value] if nodes is not None else []
        for each in (points, obj):
            if each is not None:
                made = [each.data, each.animation_data.action if each.animation_data is not None else None]
                bpy.data.objects.remove(each)
                remove_unused(made)
        for unused in (trees, wears, glow):  # the tree holds its material, and the points' colours follow the glow's
            actions = [each.animation_data.action for tree in unused for each in [getattr(tree, "node_tree", None)] if _has_action(each)]
            remove_unused(unused)
            remove_unused(actions)


def _has_action(tree: Any) -> bool:
    return tree is not None and tree.animation_data is not None


def _stand(obj: bpy.types.Object, flower: Flower, place: Rectangle) -> None:
    """Makes a flower fill its place, leaning towards the camera."""
    size, middle = flower.high - flower.low, (flower.low + flower.high) / 2.0
    scale = FILLED * min(place.width / float(size[0]), place.height / float(size[1]))
    x, z = place.center
    obj.scale, obj.rotation_euler = (scale, scale, scale), (TILT, 0.0, 0.0)
    obj.location = (x - scale * float(middle[0]), 0.0, z - scale * float(middle[1]))


def _show(obj: Any, first: int, last: int, acts: int) -> None:
    """Shows an object from frame `first` to `last` alone; of a lesson of one act always."""
    if acts > 1:
        for name in ("hide_render", "hide_viewport"):
            keyframes.key_held(obj, name, 0, "Act", np.array([first - 1.0, first, last + 1.0]), np.array([1.0, 0.0, 1.0]))


def _write_run(lesson: Lesson, number: int, folder: Path) -> Path:
    """Writes an act's run as a file, where it is not there already; returns its path."""
    path, data = folder / f"{lesson.name}-{lesson.acts[number].name}.bloom", lesson.runs[number]
    if not path.is_file() or path.read_bytes() != data:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(data)
    return path


def _part_of(progress: Progress, number: int, count: int) -> Progress:
    return lambda fraction: progress((number + fraction) / count)


def _between(progress: Progress, low: float, high: float) -> Progress:
    return lambda fraction: progress(low + fraction * (high - low))
