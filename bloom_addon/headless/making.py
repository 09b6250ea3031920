"""The commands that make something new: film, demo, grow, still, import."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import bpy

from bloom_core.designs import Design

from .. import bloom_object, properties
from ..growing import plan
from ..rendering import film
from . import progress, scenes, take_kinds, working

FRAMES = 84
"""Length of a film for which none is asked: three and a half seconds, ten minutes of work for two cores."""


def make_film(options: argparse.Namespace) -> None:
    """Grows, bakes and renders: a film, three stills and the .blend."""
    begin = time.monotonic()
    out = scenes.folder(options.out)
    blend = out / "bloom.blend"
    scene, obj = _grown(options, blend, seen=True)
    working.bake_one(scene, obj, options.threads)
    scenes.save(blend)
    blend.with_suffix(".blend1").unlink(missing_ok=True)  # the backup that Blender made of our own first save
    stills = working.render_scene(scene, out)
    names = dict(zip(("bud", "half-open", "open"), (stills[len(stills) // 24], stills[len(stills) // 2], stills[-1]), strict=True))
    for name, path in names.items():
        film.copy_still(path, out / f"{name}.png")
    progress.say(f"done in {time.monotonic() - begin:.0f} s: {out / 'bloom.mp4'}")
    if options.command == "demo":
        progress.say(
            "Look at bloom.mp4: a network learns to read digits. Out of the dark a bud, wild while the first batches push it about, opens\n"
            "with the share of learning done, and trembles to the end, as training did. open.png is where it ended; bloom.blend plays in\n"
            "Blender, with or without the add-on."
        )


def grow(options: argparse.Namespace) -> None:
    """Writes a growth: into a new .blend with a stage, or anew into one that exists."""
    if options.blend.is_file():
        _grow_again(options)
    else:
        scenes.folder(options.blend.parent)
        _grown(options, options.blend, seen=False)
    progress.made(options.blend)
    progress.say(f"done: {options.blend}")


def still(options: argparse.Namespace) -> None:
    """Makes one picture of an open flower."""
    scene = scenes.new_scene()
    obj = new_bloom(options, scenes.flower(options.flower), take_kinds.kind_seen(options, scene))
    scene.frame_start = scene.frame_end = 1
    set_stage(options, scene, obj)
    folder = scenes.folder(options.out.parent)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        properties.bloom_of(obj).folder = place
        working.bake_one(scene, obj, options.threads)
        with progress.quiet():
            os.replace(film.render_stills(scene, Path(place))[0], folder / options.out.name)
    progress.made(options.out)
    progress.say(f"done: {options.out}")


def import_files(options: argparse.Namespace) -> None:
    """Adds runs and flames to a .blend as blooms."""
    if options.out.is_file():
        scenes.open_blend(options.out)
    else:
        scenes.folder(options.out.parent)
        scenes.new_scene()
    for name in options.files:
        if name.endswith(".flame"):
            design, run = scenes.flower(name), ""
        else:
            bloom_object.read_run(name)  # told now if it is none
            design, run = scenes.flower(options.design), bloom_object.lasting_name(name)
        obj = bloom_object.new_bloom(bpy.context, design)
        bloom: Any = properties.bloom_of(obj)
        bloom.run, bloom.design = run, bloom_object.lasting_name(name if not run else options.design)
        progress.say(f"added: {obj.name}")
    scenes.save(options.out)
    progress.made(options.out)


def new_bloom(options: argparse.Namespace, design: Design, kind: str | None) -> bpy.types.Object:
    """Adds a bloom of `design` that is baked as a `kind` of take (VOLUME if None), with the quality that was asked for."""
    obj = bloom_object.new_bloom(bpy.context, design)
    take_kinds.set_up(options, obj, kind, new=True)
    return obj


def settings_of(options: argparse.Namespace, scene: bpy.types.Scene, *, new: bool) -> Any:
    """Returns the scene's growth settings with what was asked for; a new scene gets the film's length. Raises ValueError."""
    settings = properties.growth_of(scene)
    if new:
        settings.frames = FRAMES
    if options.frames is not None and options.frames < 2:
        raise ValueError(f"frames is {options.frames}; choose 2 or more")
    for name in ("frames", "strength", "mapping", "pace", "smoothing", "palette", "dense"):
        if getattr(options, name) is not None:
            setattr(settings, name, getattr(options, name))
    return settings


def set_tremble(options: argparse.Namespace, obj: bpy.types.Object) -> None:
    """Sets the gain of the trembling that was asked for."""
    if options.tremble is not None:
        properties.bloom_of(obj).wind.tremble = options.tremble


def set_stage(options: argparse.Namespace, scene: Any, obj: bpy.types.Object) -> None:
    """Sets the stage that was asked for in a new scene, at the size and quality that were asked for."""
    working.set_stage(options, scene, obj)
    set_picture(options, scene, new=True)


def set_picture(options: argparse.Namespace, scene: Any, *, new: bool) -> None:
    """Sets the picture's size and samples, and the threads, that were asked for; in a new scene also those that were not."""
    rays, size = options.rays or (options.usual_rays if new else None), options.size or (options.usual_size if new else None)
    if rays is not None:
        scene.cycles.samples = scene.eevee.taa_render_samples = rays
    if size is not None:
        scene.render.resolution_x, scene.render.resolution_y = size
    if options.threads:
        scene.render.threads_mode, scene.render.threads = "FIXED", options.threads


def _grown(options: argparse.Namespace, blend: Path, *, seen: bool) -> tuple[bpy.types.Scene, bpy.types.Object]:
    """Grows the run in a new scene with a stage, and saves it as `blend`; its takes are to go beside it. `seen`: this Blender is to render it."""
    name, flower = options.run or "digits", options.design or "lotus"
    run, design = bloom_object.read_run(name), scenes.flower(flower)
    scene = scenes.new_scene()
    settings = settings_of(options, scene, new=True)
    obj = new_bloom(options, design, take_kinds.kind_seen(options, scene) if seen else take_kinds.kind_asked(options))
    bloom: Any = properties.bloom_of(obj)
    bloom.run, bloom.design = bloom_object.lasting_name(name), bloom_object.lasting_name(flower)
    _grow(scene, obj)
    progress.say(f"grown: {len(run.steps)} training steps over {settings.frames} frames of a {design.title.lower()}")
    set_tremble(options, obj)
    set_stage(options, scene, obj)
    bloom.folder = "//takes"
    scenes.save(blend)
    return scene, obj


def _grow(scene: bpy.types.Scene, obj: bpy.types.Object) -> list[str]:
    """Grows a bloom as its panel would; returns the names of the artist's curves that stay."""
    planned = plan.make(scene, obj)
    return plan.write(planned, planned.grow(), replace_edited=False)


def _grow_again(options: argparse.Namespace) -> None:
    scene, obj = scenes.one_bloom(options.blend, options.bloom)
    bloom: Any = properties.bloom_of(obj)
    if options.run is not None:
        bloom.run = bloom_object.lasting_name(options.run)
    if not bloom.run:
        raise ValueError(f"{options.blend}: {obj.name} has no run yet. Name one with --run")
    if options.design is not None:
        bloom_object.set_design(obj, scenes.flower(options.design))
        bloom.design = bloom_object.lasting_name(options.design)
    settings_of(options, scene, new=False)
    if options.palette is not None:
        bloom.palette.property_unset("applied")  # a palette that was applied in the panel would go before
    kept = _grow(scene, obj)
    if kept:
        progress.say(f"{len(kept)} edited curves kept: {', '.join(kept)}")
    set_tremble(options, obj)
    take_kinds.set_up(options, obj, take_kinds.kind_asked(options), new=False)
    if any(getattr(options, name) is not None for name in ("stage", "material", "engine", "quality")):
        working.set_stage(options, scene, obj)
    set_picture(options, scene, new=False)
    scenes.save(options.blend)

