"""The stage around a bloom: camera, world, ground, lamps, finishing and render settings, each a choice of its own; all ordinary datablocks."""

from __future__ import annotations

from typing import Any

import bpy

from .. import properties
from ..materials import variants
from . import camera, compositing, ground, lights, parts, settings, world

PARTS = ("move", "world", "ground", "lights", "looks", "view", "engine")
"""What a stage is made of, in the order of building: lamps look at the camera's focus, and settings know what there is to render."""


def build(scene: Any, obj: bpy.types.Object, preset: str | None = "night") -> None:
    """Sets the stage of a preset around a bloom, Cycles in draft quality; None: what is chosen in the scene.

    A stage that is there is set anew; what an artist made or put in stays.
    """
    chosen = scene.bloom_stage
    if preset is not None:
        chosen.fill(preset)
        chosen.choose("engine", "CYCLES")
        chosen.choose("quality", "DRAFT")
    chosen.bloom = obj
    if not parts.is_ours(scene.camera):
        chosen.camera_before = scene.camera
    if not parts.is_ours(scene.world):
        chosen.world_before = scene.world
    for part in PARTS:
        rebuild(scene, part)


def rebuild(scene: Any, part: str) -> None:
    """Sets one part of the stage as it is chosen; nothing where no stage is set."""
    chosen = scene.bloom_stage
    if properties.bloom_of(chosen.bloom) is None or chosen.bloom.name not in scene.objects:
        return
    filmed = camera.subject(scene, chosen.bloom)
    if part == "move":
        camera.build(scene, filmed, chosen.move)
    elif part == "world":
        world.build(scene, chosen.world)
    elif part == "ground":
        ground.build(scene, filmed, chosen.ground)
    elif part == "lights":
        lights.build(scene, filmed, chosen.lights)
    elif part == "looks":
        compositing.build(scene, chosen.looks)
    elif part == "view":
        scene.view_settings.view_transform = chosen.view
    if part in ("move", "ground", "lights", "looks", "engine"):
        apply_settings(scene)


def apply_settings(scene: Any) -> None:
    """Sets the scene to render with the chosen engine and quality."""
    chosen = scene.bloom_stage
    filmed = camera.subject(scene, chosen.bloom)
    lit = chosen.ground != "none" or chosen.lights != "none" or any(variants.scatters(found) for found in variants.materials_of(chosen.bloom))
    denoised = "DENOISE" in chosen.looks and compositing.find_group(scene) is not None
    settings.apply(scene, chosen.engine, chosen.quality, lit=lit, denoised=denoised, reach=camera.distances(scene, filmed))


def refit(scene: Any, obj: bpy.types.Object) -> None:
    """Fits the stage to the scene's frames and to where and how large the bloom is now. Raises ValueError where no stage is set."""
    filmed = camera.subject(scene, obj)
    if not camera.refit(scene, filmed):
        raise ValueError("There is no stage yet: press Set the Stage first")
    scene.bloom_stage.bloom = obj
    for part in ("ground", "lights"):
        rebuild(scene, part)


def remove(scene: Any) -> None:
    """Takes the stage away and gives the scene its camera and world back. Render settings stay as they are."""
    chosen = scene.bloom_stage
    ours = parts.is_ours(scene.camera)
    parts.drop_all(scene)
    if ours:
        scene.camera = chosen.camera_before
    world.restore(scene, chosen.world_before)
    compositing.remove(scene)
    chosen.bloom = chosen.camera_before = chosen.world_before = None


def is_set(scene: Any) -> bool:
    """Says whether a stage of ours stands in the scene."""
    return parts.collection_of(scene) is not None and scene.bloom_stage.bloom is not None
