"""Where a render of the panel goes, and what is to be known before it begins."""

from __future__ import annotations

import re
from pathlib import Path

import bpy

from .. import properties
from ..baking import catalogue, staleness
from ..properties.rendering import kind_of


def target(scene: bpy.types.Scene) -> str:
    """Returns the file that a render of the scene's range goes to; of numbered stills, the first."""
    settings, first, last = scene.render, scene.frame_start, scene.frame_end
    if kind_of(scene) == "SCENE":
        return str(bpy.path.abspath(settings.frame_path(frame=first)))
    path = bpy.path.abspath(settings.filepath)
    if kind_of(scene) == "STILLS":
        still = _numbered(path, first)
        return still if still.lower().endswith(".png") else f"{still}.png"
    return path[:-4] + ".mp4" if path.lower().endswith(".mp4") else _numbered(path, first, last) + ".mp4"


def _numbered(path: str, *frames: int) -> str:
    """Returns a path with its numbers as Blender puts them: in place of the last # signs of the file's name, or else behind it."""
    folder, slash, name = path.rpartition("/")
    marks = list(re.finditer("#+", name))
    start, end, width = (*marks[-1].span(), len(marks[-1].group())) if marks else (len(name), len(name), 4)
    return folder + slash + name[:start] + "-".join(f"{frame:0{width}d}" for frame in frames) + name[end:]


def is_temporary(scene: bpy.types.Scene) -> bool:
    """Says whether a render goes to where Blender clears up when it ends, as in a new scene."""
    return Path(target(scene)).is_relative_to(Path(bpy.app.tempdir)) or scene.render.filepath in ("", "/tmp/", "/tmp\\")


def length(scene: bpy.types.Scene) -> str:
    """Returns how much is rendered: 96 frames, 4.0 s of film."""
    settings = scene.render
    frames = len(range(scene.frame_start, scene.frame_end + 1, scene.frame_step))
    seconds = frames * settings.fps_base / settings.fps
    return f"{frames} frame{'' if frames == 1 else 's'}, {seconds:.1f} s of film"


def warnings(scene: bpy.types.Scene) -> list[str]:
    """Returns what would be wrong with the flowers in the picture. Reads no disk, samples nothing."""
    found = []
    shown = [obj for obj in properties.blooms(scene) if not obj.hide_render]
    for obj in shown:
        whose = f"{obj.name}: " if len(shown) > 1 else ""
        if not catalogue.shown(obj):
            found.append(f"{whose}No take is baked yet: the flower would not be in the picture")
        found += [whose + flag.text for flag in staleness.flags(scene, obj)]
    return found
