"""The stage's lamps: area lights about the flower that look at it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import bpy

from bloom_core.camera_paths import Subject

from . import parts


@dataclass(frozen=True)
class Lamp:
    """A lamp: where it stands and how large it is, in the flower's radii from its middle; watts at a radius of 1 m; colour, linear."""

    name: str
    place: tuple[float, float, float]
    size: float
    power: float
    color: tuple[float, float, float]


SETS = {
    "none": (),
    "rim": (
        Lamp("Cool Rim", (-2.6, 2.4, 1.6), 1.6, 190.0, (0.45, 0.66, 1.0)),
        Lamp("Warm Rim", (2.8, 1.8, 1.2), 1.4, 170.0, (1.0, 0.60, 0.34)),
        Lamp("Front", (-0.8, -3.4, 2.4), 2.4, 32.0, (1.0, 0.93, 0.86)),
    ),
    "soft": (Lamp("Soft", (0.6, -0.8, 4.0), 4.0, 150.0, (1.0, 0.96, 0.92)),),
}
"""Lamps by the name of the choice."""


def build(scene: bpy.types.Scene, filmed: Subject, kind: str) -> None:
    """Sets the lamps of a kind around the subject in place of the stage's others. They look at the stage's focus where it has one."""
    parts.drop(scene, lambda role: role.startswith("lamp"))
    focus = parts.find(scene, "focus")
    for lamp in SETS[kind]:
        obj = parts.part(scene, f"lamp {lamp.name}", f"Bloom {lamp.name}", _new_lamp)
        light: Any = obj.data
        light.shape, light.size = "DISK", lamp.size * filmed.radius
        light.spread = math.radians(70.0)  # on the flower, not all over the ground
        light.energy, light.color = lamp.power * filmed.radius**2, lamp.color
        obj.location = [middle + filmed.radius * offset for middle, offset in zip(filmed.center, lamp.place, strict=True)]
        obj.visible_camera = False
        if focus is not None:
            aim: Any = obj.constraints.new("TRACK_TO")
            aim.target, aim.track_axis, aim.up_axis = focus, "TRACK_NEGATIVE_Z", "UP_Y"


def _new_lamp(name: str) -> bpy.types.Light:
    return bpy.data.lights.new(name, "AREA")
