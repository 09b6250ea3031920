"""A camera of the real world as the 3D camera of Ember, and back: angles, perspective, and a blur that grows with the distance from one plane.

Ember draws y downwards, so a point that comes nearer with growing depth (`cam_persp` > 0) is seen as in a mirror; with `cam_persp` < 0
it goes away with growing depth, and is seen as it is. Both directions keep that: every picture stays the picture it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from bloom_core.flames.flame import FloatArray, View

_OFF_AXIS = 0.01  # of the distance: from here on the difference is seen
_FLAT = 1e-4  # a perspective weaker than this is none: its camera would stand too far away for single precision
_FAR = 4.0  # where an orthographic camera is put, times the longer side of what it sees


@dataclass(frozen=True)
class Camera:
    """A camera in the flame's own space.

    `right`, `up`, `back` and `position` are float64 (3,), the first three orthonormal; left-handed for a camera that sees as in a mirror.
    `scale` is in pixels: those of a unit at distance 1, or with `orthographic` at any. `aperture` is the lens opening's radius in units,
    0 for a pinhole. `shift` is how many pixels the middle of the picture lies to the right of and above what the camera looks at.
    """

    right: FloatArray
    up: FloatArray
    back: FloatArray
    position: FloatArray
    scale: float
    orthographic: bool = False
    aperture: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)


def view_of(camera: Camera, base: View) -> tuple[View, list[str]]:
    """Returns `base` as seen by `camera`, and warnings of what Ember's camera cannot do.

    Its camera turns about a point of the z axis, which is put where the axis of view comes closest, and focuses there.
    """
    right, up, back = camera.right, camera.up, camera.back
    mirrored = float(np.cross(right, up) @ back) < 0.0
    deep = back if mirrored else -back  # the direction in which Ember's depth grows
    rising = float(right[2]) ** 2 + float(up[2]) ** 2  # 1 - back_z²: the square of the pitch's sine
    pivot = np.array([0.0, 0.0, base.cam_zpos])
    if rising > 1e-9:
        pivot[2] = (camera.position @ right * right[2] + camera.position @ up * up[2]) / rising
    away = camera.position - pivot
    distance = float(away @ back)
    if distance <= 0.0:
        return base, ["the camera looks away from the flower's axis; the view of the design is written instead"]
    pitch, yaw = math.atan2(math.sqrt(rising), float(deep[2])), math.atan2(-deep[0], deep[1]) if rising > 0.0 else 0.0
    across, down = _picture_axes(yaw, pitch)
    cosine, sine = float(right @ across), -float(right @ down)
    scale = camera.scale if camera.orthographic else camera.scale / distance
    off = np.array([right @ away + camera.shift[0] / scale, -(up @ away + camera.shift[1] / scale)])
    center = np.array([[cosine, sine], [-sine, cosine]]) @ off
    warnings = []
    if not camera.orthographic and np.hypot(right @ away, up @ away) > _OFF_AXIS * distance:
        warnings.append("the camera does not look at the flower's axis, which Ember's camera always does: the perspective is only near to it")
    view = replace(
        base,
        center=(float(center[0]), float(center[1])),
        scale=scale,
        rotate=math.degrees(math.atan2(sine, cosine)),
        zoom=0.0,
        cam_yaw=yaw,
        cam_pitch=pitch,
        cam_persp=0.0 if camera.orthographic else (1.0 if mirrored else -1.0) / distance,
        cam_zpos=float(pivot[2]),
        cam_dof=0.0 if camera.orthographic else 10.0 * camera.aperture / distance,
        blur_curve=0.0,
    )
    return view, warnings


def camera_of(view: View) -> tuple[Camera, list[str]]:
    """Returns the camera that sees what Ember draws of `view`, and warnings of what such a camera cannot do.

    It is the inverse of `view_of`: it stands `distance` = 1 / |cam_persp| from the point of the z axis that it turns about and focuses on.
    """
    yaw, pitch = view.cam_yaw, view.cam_pitch
    across, down = _picture_axes(yaw, pitch)
    deep = np.array([-math.sin(yaw) * math.sin(pitch), math.cos(yaw) * math.sin(pitch), math.cos(pitch)])
    turn = math.radians(view.rotate)
    cosine, sine = math.cos(turn), math.sin(turn)
    scale = view.scale * 2.0**view.zoom
    orthographic = abs(view.cam_persp) < _FLAT
    distance = _FAR * max(view.size) / scale if orthographic else 1.0 / abs(view.cam_persp)
    back = deep if view.cam_persp >= 0.0 or orthographic else -deep
    x, y = view.center
    camera = Camera(
        right=cosine * across - sine * down,
        up=-(sine * across + cosine * down),
        back=back,
        position=np.array([0.0, 0.0, view.cam_zpos]) + back * distance,
        scale=scale if orthographic else scale * distance,
        orthographic=orthographic,
        aperture=0.0 if orthographic else 0.1 * abs(view.cam_dof) * distance,
        shift=(scale * (cosine * x - sine * y), -scale * (sine * x + cosine * y)),
    )
    warnings = []
    if view.cam_dof and view.blur_curve:
        warnings.append("blur_curve: a lens blurs by depth alone, not by the place in the picture")
    if view.cam_dof and orthographic:
        warnings.append("cam_dof without perspective: an orthographic camera has no lens to be out of focus")
    return camera, warnings


def _picture_axes(yaw: float, pitch: float) -> tuple[FloatArray, FloatArray]:
    """Returns the directions in which Ember draws to the right and downwards, before its rotation, float64 (3,) each."""
    across = np.array([math.cos(yaw), math.sin(yaw), 0.0])
    return across, np.array([-math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), -math.sin(pitch)])
