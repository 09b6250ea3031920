"""The commands that work on a .blend: stage, bake, render, export."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

from bloom_core import take_estimates, takes

from .. import bloom_object, properties
from ..baking import bake, catalogue
from ..entry import export
from ..materials import variants
from ..materials.variants import VARIANTS
from ..rendering import film
from ..stage import stage
from . import progress, scenes, take_kinds


def stage_blend(options: argparse.Namespace) -> None:
    """Sets the stage around a bloom, and saves."""
    scene, obj = scenes.one_bloom(options.blend, options.bloom)
    set_stage(options, scene, obj)
    scenes.save(options.blend)
    progress.made(options.blend)
    progress.say(f"done: {options.blend}")


def set_stage(options: argparse.Namespace, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Sets the stage, material and engine that were asked for; what was not is that of the stage that stands, or else of the night."""
    chosen: Any = getattr(scene, "bloom_stage")  # noqa: B009 - no attribute to the type checker
    if options.stage is not None or not stage.is_set(scene):
        chosen.fill(options.stage or "night")
    for choice in ("engine", "quality"):
        if getattr(options, choice) is not None:
            chosen.choose(choice, getattr(options, choice).upper())
    if options.material is not None:
        wanted = VARIANTS[options.material]
        worn = [found for found in variants.materials_of(obj) if variants.for_points(found) == wanted.points]
        if not worn:
            kind = "points" if wanted.points else "a volume"
            raise ValueError(f"--material {options.material} is for takes of {kind}, and {obj.name} shows none: bake one in Blender first")
        for found in worn:
            variants.set_variant(found, options.material)
    stage.build(scene, obj, None)


def bake_blend(options: argparse.Namespace) -> None:
    """Bakes the blooms of a .blend and saves it with their takes, or bakes some frames of them and leaves it alone: others may be reading it."""
    if options.out is not None and options.frames is not None:
        raise ValueError("--out is for the whole take: leave it away with --frames, or --frames with it")
    scene, blooms = scenes.open_blooms(options.blend, options.bloom)
    for obj in blooms:
        if options.folder is not None:
            properties.bloom_of(obj).folder = str(options.folder.resolve())
    # Every one of them, even if an earlier one is not whole yet: a farm's task bakes its frames of all blooms.
    shown = [bake_one(scene, obj, options.threads, options.frames) for obj in blooms]
    if options.frames is not None:
        if all(shown):
            progress.say("all frames are there: bake without --frames to save the .blend with them")
        return
    if options.out is None:
        scenes.save(options.blend)
    else:
        _save_elsewhere(blooms, options.out)
    progress.made(options.out or options.blend)


def _save_elsewhere(blooms: list[bpy.types.Object], blend: Path) -> None:
    """Saves a copy as `blend`, whose blooms keep their takes folders, and notes with the takes that it shows them."""
    beside = scenes.folder(blend.parent)
    for obj in blooms:
        folder = bloom_object.takes_folder(obj)
        same_drive = folder.drive == beside.drive
        properties.bloom_of(obj).folder = bpy.path.relpath(str(folder), start=str(beside)) if same_drive else str(folder)
        for take, *_ in catalogue.shown(obj).values():
            takes.tell(take, {"blends": [str(beside / blend.name)]})
    scenes.save_copy(beside / blend.name)


def bake_one(scene: bpy.types.Scene, obj: bpy.types.Object, threads: int, only: tuple[int, ...] | None = None) -> bool:
    """Bakes what a bloom is to be baked as, or only some frames of it; shows the takes that are whole, and says whether any is."""
    shown = False
    for job in bake.prepare_all(scene, obj):
        chosen = None if only is None else [frame - job.frame_start for frame in only if 0 <= frame - job.frame_start < len(job.flames)]
        if chosen is not None and not chosen:
            last = job.frame_start + len(job.flames) - 1
            raise ValueError(f"--frames names none of the frames of {obj.name}, {job.frame_start} to {last}")
        take = bake.run(job, threads, progress.reporter(f"baking {obj.name}"), chosen)
        if not take.complete:
            told = f"{take.missing} of {len(take.files)} are still to be baked, and the take is shown when all are there"
            progress.say(f"baked: {take.baked} frames anew; {told}")
            continue
        bloom_object.show_take(obj, take, job.frame_start)
        shown = True
        progress.made(take.folder)
        size = take_estimates.size(sum(path.stat().st_size for path in take.files))
        progress.say(f"baked: {take.baked} of {len(take.files)} frames anew, {size} in {take.folder}")
    return shown


def export_blend(options: argparse.Namespace) -> None:
    """Writes a bloom's frames as a .flame sequence."""
    scene, obj = scenes.one_bloom(options.blend, options.bloom)
    start = scene.frame_start if options.start is None else options.start
    end = scene.frame_end if options.end is None else options.end
    for warning in export.write_sequence(scene, obj, options.out, start, end):
        progress.warn(warning)
    progress.made(options.out)
    progress.say(f"done: {end - start + 1} frames in {options.out}")


def render_blend(options: argparse.Namespace) -> None:
    """Renders the film of a .blend, or some frames of it."""
    scene = scenes.open_blend(options.blend)
    if scene.camera is None:
        raise ValueError(f"{options.blend}: the scene has no camera. Press Bloom ▸ Stage in Blender, or add one")
    take_kinds.warn_of_black(scene)
    render_scene(scene, scenes.folder(options.out), options.frames, options.missing, not options.no_film)


def render_scene(scene: bpy.types.Scene, out: Path, only: tuple[int, ...] | None = None, missing: bool = False, joined: bool = True) -> list[Path]:
    """Renders stills into `out`/frames, with `missing` those that are not there, and joins them to a film once all of the scene's frames are there,
    but for `joined` False; returns the stills of this call.
    """
    frames = frames_asked(scene, only)
    folder = scenes.folder(out / "frames")
    if missing:
        frames = [frame for frame in frames if not film.still_path(folder, frame).is_file()]
    stills = render_frames(scene, folder, frames)
    if joined:
        join_frames(scene, out, "bloom")
    else:
        progress.made(folder)
    return stills


def frames_asked(scene: bpy.types.Scene, only: tuple[int, ...] | None) -> list[int]:
    """Returns the scene's frames, or those of `only`. Raises ValueError where it names none."""
    wanted = range(scene.frame_start, scene.frame_end + 1)
    frames = list(wanted) if only is None else [frame for frame in only if frame in wanted]
    if not frames:
        raise ValueError(f"--frames names none of the scene's frames, {scene.frame_start} to {scene.frame_end}")
    return frames


def render_frames(scene: bpy.types.Scene, folder: Path, frames: Sequence[int]) -> list[Path]:
    """Renders frames into `folder`, and tells of it."""
    report = progress.reporter("rendering")
    with progress.quiet():
        return film.render_stills(scene, folder, lambda done, count: report(done / count), frames)


def join_frames(scene: bpy.types.Scene, out: Path, name: str) -> None:
    """Joins the stills in `out`/frames to the film `name`.mp4, once those of all of the scene's frames are there."""
    files = [film.still_path(out / "frames", frame) for frame in range(scene.frame_start, scene.frame_end + 1)]
    lacking = sum(not path.is_file() for path in files)
    if lacking:
        progress.say(f"{lacking} of {len(files)} frames are still to be rendered; the film is made when all are there")
        return
    with progress.quiet():
        film.encode(files, out / f"{name}.mp4", scene.render.fps)
    progress.made(out / f"{name}.mp4")
