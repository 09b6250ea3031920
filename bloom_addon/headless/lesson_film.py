"""The command `lesson`: a recorded lesson as a scene, a film and three stills."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import bpy

from ..lessons import building
from ..properties.lessons import FILE, LESSONS, lessons_of
from ..rendering import film, held_frames
from . import making, progress, scenes, working

STILLS = ("beginning", "middle", "end")


def make_lesson(options: argparse.Namespace) -> None:
    """Builds a lesson with its flowers, saves it, and renders its film. Raises LessonError for what is none."""
    out = scenes.folder(options.out)
    scene: Any = scenes.new_scene()
    settings = lessons_of(scene)
    packaged = options.lesson in [name for name, *_ in LESSONS]
    settings.lesson, settings.file = (options.lesson, "") if packaged else (FILE, str(Path(options.lesson).resolve()))
    settings.language, settings.speed, settings.flower = options.language or "AUTO", options.speed, not options.no_flower
    if options.fps is not None:
        scene.render.fps = options.fps
    scene.render.resolution_x, scene.render.resolution_y = options.size or options.usual_size
    blend = out / f"{Path(options.lesson).stem}.blend"
    scenes.save(blend)  # the flowers' takes lie beside it
    material = building.prepare(building.plan(scene), progress.reporter("growing and baking the flowers" if settings.flower else "reading"))
    building.build(bpy.context, scene, material)
    making.set_picture(options, scene, new=False)
    scenes.save(blend)
    blend.with_suffix(".blend1").unlink(missing_ok=True)  # the backup that Blender made of our own first save
    progress.made(blend)
    progress.say(f"built: {material.lesson.title}, {material.times.seconds:.0f} s in {scene.frame_end - scene.frame_start + 1} frames")
    if not options.blend_only:
        _render(scene, out, options.frames, blend.stem)
        _keep_stills(scene, out)
    progress.say(f"done: {blend if options.blend_only else out}")


def _render(scene: bpy.types.Scene, out: Path, only: tuple[int, ...] | None, name: str) -> None:
    """Renders the film's frames, or `only` some; of those that look alike, while a caption is read, one, which the others are copies of."""
    wanted, folder = working.frames_asked(scene, only), scenes.folder(out / "frames")
    firsts = held_frames.first_alike(scene)
    rendered: dict[int, int] = {}
    for frame in wanted:
        rendered.setdefault(firsts[frame], frame)
    if len(rendered) < len(wanted):
        progress.say(f"{len(rendered)} of {len(wanted)} frames are rendered; the others look like the one before, and are copied")
    working.render_frames(scene, folder, list(rendered.values()))
    for frame in wanted:
        if rendered[firsts[frame]] != frame:
            film.copy_still(film.still_path(folder, rendered[firsts[frame]]), film.still_path(folder, frame))
    working.join_frames(scene, out, name)


def _keep_stills(scene: bpy.types.Scene, out: Path) -> None:
    """Copies the first, the middle and the last of the frames that are there."""
    frames = range(scene.frame_start, scene.frame_end + 1)
    files = [path for path in (film.still_path(out / "frames", frame) for frame in frames) if path.is_file()]
    for name, path in zip(STILLS, (files[0], files[len(files) // 2], files[-1]), strict=True):
        film.copy_still(path, out / f"{name}.png")
        progress.made(out / f"{name}.png")
