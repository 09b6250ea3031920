"""A camera of the real world as the 3D camera of Ember: angles, perspective, and a blur that grows with the distance from one plane."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from bloom_core.flames.flame import FloatArray, View

_OFF_AXIS = 0.01  # of the distance: from here on the difference is seen


@dataclass(frozen=True)
class Camera:
    """A camera in the flame's own space.

    `right`, `up`, `back` and `position` are float64 (3,), the first three orthonormal. `scale` is in pixels: those of a unit at
    distance 1, or with `orthographic` at any. `aperture` is the lens opening's radius in units, 0 for a pinhole.
    """

    right: FloatArray
    up: FloatArray
    back: FloatArray
    position: FloatArray
    scale: float
    orthographic: bool = False
    aperture: float = 0.0


def view_of(camera: Camera, base: View) -> tuple[View, list[str]]:
    """Returns `base` as seen by `camera`, and warnings of what Ember's camera cannot do.

    Ember draws y downwards, which makes of every view a mirror image: here left and right change places. Its camera turns about
    a point of the z axis, which is put where the axis of view comes closest, and focuses there.
    """
    right, up, back = camera.right, camera.up, camera.back
    rising = 1.0 - float(back[2]) ** 2
    pivot = np.zeros(3)
    if rising > 1e-9:
        pivot[2] = (camera.position @ right * right[2] + camera.position @ up * up[2]) / rising
    away = camera.position - pivot
    distance = float(away @ back)
    if distance <= 0.0:
        return base, ["the camera looks away from the flower's axis; the view of the design is written instead"]
    pitch, yaw = math.acos(min(max(float(back[2]), -1.0), 1.0)), math.atan2(-back[0], back[1]) if rising > 1e-9 else 0.0
    across = np.array([math.cos(yaw), math.sin(yaw), 0.0])
    down = np.array([-math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), -math.sin(pitch)])
    cosine, sine = -float(right @ across), float(right @ down)
    off = np.array([-right @ away, -up @ away])
    center = np.array([[cosine, sine], [-sine, cosine]]) @ off
    warnings = []
    if not camera.orthographic and np.hypot(*off) > _OFF_AXIS * distance:
        warnings.append("the camera does not look at the flower's axis, which Ember's camera always does: the perspective is only near to it")
    view = replace(
        base,
        center=(float(center[0]), float(center[1])),
        scale=camera.scale if camera.orthographic else camera.scale / distance,
        rotate=math.degrees(math.atan2(sine, cosine)),
        zoom=0.0,
        cam_yaw=yaw,
        cam_pitch=pitch,
        cam_persp=0.0 if camera.orthographic else 1.0 / distance,
        cam_zpos=float(pivot[2]),
        cam_dof=0.0 if camera.orthographic else 10.0 * camera.aperture / distance,
        blur_curve=0.0,
    )
    return view, warnings
