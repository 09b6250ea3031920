"""What a growth needs, as plain data; and where its curves go once it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from bloom_core import growth
from bloom_core.designs import Design
from bloom_core.growth.animation import Animation
from bloom_core.native import Progress
from bloom_core.trajectories import trajectory

from .. import bloom_object, growth_book, keyframes, material, properties
from ..background import still_there
from ..palette import stops


@dataclass(frozen=True)
class Plan:
    """A growth to be made: of which design, from which run, how; `bloom` and `scene` are the session's numbers of object and scene."""

    design: Design
    run: Path
    arguments: dict[str, Any]
    bloom: int
    scene: int
    name: str

    def grow(self, progress: Progress | None = None) -> Animation:
        """Returns the animation. Touches nothing of Blender. Raises what `growth.grow` and `trajectory.read_run` raise."""
        return growth.grow(trajectory.read_run(self.run), self.design, **self.arguments, progress=progress)

    def targets(self) -> tuple[bpy.types.Scene, bpy.types.Object]:
        """Returns the scene and the bloom that it was planned for. Raises ValueError where one is gone."""
        return still_there(bpy.data.scenes, self.scene, self.name), still_there(bpy.data.objects, self.bloom, self.name)


def make(scene: bpy.types.Scene, obj: bpy.types.Object, as_before: bool = False) -> Plan:
    """Returns the plan of a bloom's growth by the scene's settings, or by those that it was last grown with.

    Raises ValueError where the bloom has no run, FlameError, OSError.
    """
    bloom = properties.bloom_of(obj)
    if not bloom.run:
        raise ValueError("There is no run yet: choose one under Run, or use the example run")
    found = growth_book.grown_action(obj)
    before = growth_book.Book(*found).arguments if found is not None else {}
    worn = {"palette": bloom.palette.applied, "seed": bloom.palette.applied_seed} if bloom.palette.applied else {}
    arguments = properties.growth_of(scene).arguments() | worn | (before if as_before else {})
    run = trajectory.embedded_run(bloom.run) if bloom.run in trajectory.embedded_runs() else Path(bpy.path.abspath(bloom.run))
    return Plan(bloom_object.flower_of(obj), run, arguments, obj.session_uid, scene.session_uid, obj.name)


def write(plan: Plan, animation: Animation, replace_edited: bool) -> list[str]:
    """Writes a whole growth where it was planned for, around locked stops of the palette; returns the names of what was kept. Raises ValueError."""
    scene, obj = plan.targets()
    locked, glow = stops.locked(obj), material.glow_of(obj)
    places = [material.ramp_of(glow).elements[number].position for number in locked] if glow is not None else []
    kept = bloom_object.apply_growth(scene, obj, animation, replace_edited=replace_edited, locked=stops.locked(obj))
    if places:
        stops.relock(obj, places)
    found = growth_book.grown_action(obj)
    if found is not None:
        book = growth_book.Book(*found)
        book.arguments.clear()
        book.arguments.update(plan.arguments)
        book.save()
    return kept


def write_only(plan: Plan, animation: Animation, only: Callable[[str, int], bool]) -> None:
    """Writes some curves of a growth in place of what the artist made of them. Raises ValueError."""
    _, obj = plan.targets()
    keyframes.write_animation(obj, animation, replace_edited=True, only=only)
