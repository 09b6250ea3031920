"""The command `map`: a trainability map as a terrain, a volume or the ground of a garden; a still or a film, and the .blend."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import bpy

from bloom_core.native import Progress
from bloom_core.trainability import bursting, costs, experiment_files, map_files, map_volume, spot_runs
from bloom_core.trainability.making import make_map
from bloom_core.trainability.maps import Map
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import overview

from .. import properties
from ..maps import garden, garden_operators, showing
from ..rendering import film
from ..volumes import notice
from . import making, progress, scenes, take_kinds, working

PIXELS, FRAMES = 128, 48
"""Networks along each side of a map for which no number is asked, and frames of a garden, whose flowers grow."""


def make_scene(options: argparse.Namespace) -> None:
    """Makes or reads a map, shows it, and renders it."""
    out = scenes.folder(options.out)
    name, found = _map(options, out)
    shape = options.shape or ("volume" if len(found.view.size) == 3 else "terrain")
    scene = scenes.new_scene()
    chosen = properties.map_of(scene)
    chosen.file, chosen.folder = name, str(out)
    chosen.colormap, chosen.labels = options.colors, not options.no_labels
    chosen.view = options.view or ("garden" if shape == "garden" else "raking")
    length = options.frames or (FRAMES if shape == "garden" else 1)
    scene.frame_start, scene.frame_end = 1, length
    for choice in ("engine", "quality"):
        if getattr(options, choice) is not None:
            getattr(scene, "bloom_stage").choose(choice, getattr(options, choice).upper())  # noqa: B009 - no attribute to the type checker
    making.set_picture(options, scene, new=True)
    blend = out / "map.blend"
    if shape == "volume":
        if notice.uses_cycles(scene) and take_kinds.is_black():
            progress.warn(f"{notice.BLACK}. The map will not be seen: --engine eevee shows it")
        obj = showing.show_volume(scene, found, map_volume.publish_volume(found, out / "takes", progress=progress.reporter("making the volume")))
    else:
        obj = showing.show_terrain(scene, found)
    making.set_picture(options, scene, new=True)  # what shows the map chose samples
    blooms = _planted(options, scene, found, obj, out, length) if shape == "garden" else []
    scenes.save(blend)
    if not options.blend_only:
        for bloom in blooms:
            working.bake_one(scene, bloom, options.threads)
        scene.frame_set(length)
        scenes.save(blend)
        _render(scene, out, still=options.frames is None)
    blend.with_suffix(".blend1").unlink(missing_ok=True)
    progress.made(blend)
    progress.say(f"done: {blend if options.blend_only else out / ('map.png' if options.frames is None else 'bloom.mp4')}")


def _map(options: argparse.Namespace, out: Path) -> tuple[str, Map]:
    """Returns the map that was asked for, and the name that a .blend finds it by: one that comes along, a file, or one that is made now."""
    if options.map in map_files.example_maps() and options.pixels is None:
        return options.map, map_files.example_map(options.map)
    path = Path(options.map)
    if path.suffix == map_files.SUFFIX:
        return str(path.resolve()), map_files.read_map(path)
    if options.map not in PRESETS and not path.is_file():
        raise ValueError(f"{options.map}: is neither a file nor one of: {', '.join(PRESETS)}")
    subject = PRESETS[options.map] if options.map in PRESETS else experiment_files.read_experiment(path)
    view = overview(subject, (options.pixels or PIXELS,) * len(subject.axes))
    progress.say(costs.cost(subject, view).text)
    file = out / f"{subject.name}{map_files.SUFFIX}"
    found = make_map(subject, view, folder=out / "tiles", progress=progress.reporter("training the map"))
    map_files.write_map(file, found)
    progress.made(file)
    return str(file), found


def _planted(options: argparse.Namespace, scene: Any, found: Map, land: bpy.types.Object, out: Path, length: int) -> list[bpy.types.Object]:
    """Records runs at places of the map, or takes those that were named, and plants them."""
    report: Progress = progress.reporter("recording runs")
    paths = [Path(name) for name in options.run or []] or spot_runs.spot_runs(found, options.flowers, out / "runs", report)
    plots = garden_operators.plots_of(paths, scenes.flower(options.design or "lotus"))
    settings = properties.growth_of(scene)
    settings.frames = max(length, 2)
    grown = bursting.grow(plots, settings.arguments(), progress.reporter("growing"))
    blooms = garden.plant(bpy.context, found, land, plots, grown)
    scene.frame_start, scene.frame_end = 1, length
    kind = take_kinds.kind_asked(options) if options.blend_only else take_kinds.kind_seen(options, scene)
    for obj in blooms:
        take_kinds.set_up(options, obj, kind, new=True)
        properties.bloom_of(obj).folder = "//takes"
        progress.say(f"planted: {obj.name}")
    return blooms


def _render(scene: bpy.types.Scene, out: Path, *, still: bool) -> None:
    if not still:
        working.render_scene(scene, out)
        return
    with progress.quiet():
        made = film.render_stills(scene, out, frames=[scene.frame_end])[0]
        made.replace(out / "map.png")
    progress.made(out / "map.png")
