"""A recorded lesson becomes a scene: objects that are keyed from the recording, act after act, and a camera before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from bloom_core.lessons.lesson import Act, Lesson

from ..stage import compositing
from . import captions_object, graph, layout, look, loss_curve, plane, sequence
from .layout import Layout, Rectangle
from .look import MARK
from .objects import Workshop

IntArray = NDArray[np.int64]

COLLECTION = "Bloom Lesson"
_CAMERA, _WORLD = "camera_before", "world_before"
"""Custom properties of the collection: what the scene had before."""

_KINDS = ("objects", "meshes", "curves", "cameras", "materials", "node_groups", "images", "worlds")


@dataclass(frozen=True)
class ActScene:
    """What was made of an act, which shows from frame `first` to frame `last`, both included.

    `nodes` and `edges`: the graph's objects in the order of the recording; the property "value" of each holds what it is at the frame, and "recorded"
    all of its values in double precision. `captions`: one object for each caption of the act. `objects`: everything of the act by role: "graph",
    "plane", "sequence", "loss", "captions", "title", "step".
    """

    first: int
    last: int
    nodes: tuple[bpy.types.Object, ...]
    edges: tuple[bpy.types.Object, ...]
    captions: tuple[bpy.types.Object, ...]
    objects: Mapping[str, tuple[bpy.types.Object, ...]]


@dataclass(frozen=True)
class LessonScene:
    """What was made of a lesson: its collection, the camera, and `flower`, the place on the plane y = 0 that is left free for the bloom."""

    collection: bpy.types.Collection
    camera: bpy.types.Object
    flower: Rectangle
    acts: tuple[ActScene, ...]


def build_lesson(scene: bpy.types.Scene, lesson: Lesson, *, frames: Sequence[IntArray], last: int) -> LessonScene:
    """Builds the scene of a lesson in place of the one that was there; returns what was made.

    `frames`: for each act int64 (M,), the frame at which each of its moments begins, rising through the lesson; `last`: the last frame of all.
    The picture's size is the scene's. Words are in the language that is spoken (`translations.speaking`). Raises ValueError where the frames do not
    fit the lesson.
    """
    _check(lesson, frames, last)
    clear_lesson(scene)
    collection: Any = bpy.data.collections.new(COLLECTION)
    collection[MARK] = lesson.name
    scene.collection.children.link(collection)
    collection[_CAMERA], collection[_WORLD] = scene.camera, scene.world
    scene.camera, scene.world = look.set_camera(collection), look.black_world()
    look.set_render(scene)
    aspect = scene.render.resolution_x / scene.render.resolution_y
    laid = [layout.lay_out(aspect, act) for act in lesson.acts]
    film = int(frames[0][0]), last
    ends = [int(following[0]) - 1 for following in frames[1:]] + [last]
    acts = [
        _act(Workshop(collection, film, int(begins[0]), end), act, begins, places)
        for act, begins, end, places in zip(lesson.acts, frames, ends, laid, strict=True)
    ]
    bottom = max(places.flower.bottom for places in laid)
    flower = Rectangle(laid[0].flower.left, bottom, laid[0].flower.right, laid[0].flower.top)
    return LessonScene(collection, scene.camera, flower, tuple(acts))


def find_lesson(scene: bpy.types.Scene) -> bpy.types.Collection | None:
    """Returns the collection of the scene's lesson, or None; its custom property `look.MARK` is the lesson's name."""
    return next((child for child in scene.collection.children_recursive if look.is_ours(child)), None)


def clear_lesson(scene: Any) -> None:
    """Removes the scene's lesson with everything that was made for it, and gives the scene its camera and world back.

    What the artist made stays, also within the lesson's collection, which then stays too.
    """
    collection = find_lesson(scene)
    if collection is None:
        return
    ours = [obj for obj in collection.objects if look.is_ours(obj)]
    if scene.camera is None or look.is_ours(scene.camera):
        scene.camera = collection.get(_CAMERA)
    if scene.world is None or look.is_ours(scene.world):
        scene.world = collection.get(_WORLD)
    compositing.remove(scene)
    actions = [found.animation_data.action for obj in ours for found in (obj, obj.data) if found is not None and found.animation_data is not None]
    bpy.data.batch_remove(ours)
    if collection.all_objects or collection.children:
        for name in (MARK, _CAMERA, _WORLD):
            collection.pop(name, None)
    else:
        bpy.data.collections.remove(collection)
    _remove_unused(actions)


def _remove_unused(actions: list[Any]) -> None:
    """Removes those of a lesson's datablocks that nothing uses any more, and the `actions` that only they used."""
    while True:
        unused = [entry for kind in _KINDS for entry in getattr(bpy.data, kind) if entry.users == 0 and look.is_ours(entry)]
        if not unused:
            break
        for entry in unused:
            tree = getattr(entry, "node_tree", None)
            for owner in (entry, tree):
                data = getattr(owner, "animation_data", None)
                actions.append(data.action if data is not None else None)
        bpy.data.batch_remove(unused)
    bpy.data.batch_remove([action for action in dict.fromkeys(actions) if action is not None and action.users == 0])


def _check(lesson: Lesson, frames: Sequence[IntArray], last: int) -> None:
    if [len(begins) for begins in frames] != [len(act.rows) for act in lesson.acts]:
        raise ValueError(f"The lesson {lesson.name} has other moments than there are frames for")
    together = np.concatenate([*frames, [last + 1]])
    if np.any(np.diff(together) < 1):
        raise ValueError("The frames of a lesson's moments must rise, and the last frame come after them")


def _act(workshop: Workshop, act: Act, frames: IntArray, places: Layout) -> ActScene:
    nodes, edges = graph.build(workshop, act, frames, places.graph)
    if act.plane is not None and places.plane is not None:
        plane.build(workshop, act, frames, places.plane)
    if act.sequence is not None and places.sequence is not None:
        sequence.build(workshop, act, frames, places.sequence)
    loss_curve.build(workshop, act, frames, places.loss)
    captions = captions_object.build(workshop, act, frames, places)
    objects = {role: tuple(made) for role, made in workshop.roles.items()}
    return ActScene(workshop.first, workshop.last, tuple(nodes), tuple(edges), tuple(captions), objects)
