"""The command `garden`: several runs side by side, as a film with titles."""

from __future__ import annotations

import argparse

import bpy

from bloom_core import gardens
from bloom_core.gardens import Plot

from .. import bloom_object, properties
from ..garden import planting
from . import making, progress, scenes, take_kinds, working

HEADING = "One network, five optimizers"
"""What stands above the garden for which no run is named."""


def make_garden(options: argparse.Namespace) -> None:
    """Grows runs on one common scale, plants them, bakes and renders."""
    plots = _plots(options)
    out = scenes.folder(options.out)
    scene = scenes.new_scene()
    settings = making.settings_of(options, scene, new=True)
    grown = gardens.grow(plots, settings.arguments(), progress.reporter("growing"))
    making.set_picture(options, scene, new=True)
    heading = options.heading if options.heading is not None else ("" if options.run else HEADING)
    blooms = planting.plant(bpy.context, plots, grown, options.layout, heading)
    walking = scene.camera
    kind = take_kinds.kind_asked(options) if options.blend_only else take_kinds.kind_seen(options, scene)
    for obj in blooms:
        making.set_tremble(options, obj)
        take_kinds.set_up(options, obj, kind, new=True)
        properties.bloom_of(obj).folder = "//takes"
    making.set_stage(options, scene, blooms[0])
    scene.camera = walking
    blend = out / "garden.blend"
    scenes.save(blend)
    if not options.blend_only:
        for obj in blooms:
            working.bake_one(scene, obj, options.threads)
        scenes.save(blend)
        working.render_scene(scene, out)
    blend.with_suffix(".blend1").unlink(missing_ok=True)
    progress.made(blend)
    progress.say(f"done: {blend if options.blend_only else out / 'bloom.mp4'}")


def _plots(options: argparse.Namespace) -> list[Plot]:
    """Returns what is to be planted. Raises ValueError where flowers or titles do not go with the runs."""
    names = options.run or list(gardens.OPTIMIZERS)
    flowers = options.design or ["lotus"]
    flowers = flowers * len(names) if len(flowers) == 1 else flowers
    for option, given in (("--design", flowers), ("--title", options.title or names)):
        if len(given) != len(names):
            raise ValueError(f"{option} is given {len(given)} times for {len(names)} runs: give it once for each run")
    runs = [bloom_object.read_run(name) for name in names]
    titles = options.title or [gardens.title_of(run, name) for run, name in zip(runs, names, strict=True)]
    return [Plot(name, run, scenes.flower(flower), title) for name, run, flower, title in zip(names, runs, flowers, titles, strict=True)]
