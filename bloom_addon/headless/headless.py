"""Bloom without a window: `python -m bloom_addon …`, `blender --command bloom …`, or `main([...])` from a script.

Exit codes: 0 done, 1 could not be done (one line says why), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import bpy

from bloom_core import designs, growth, palettes
from bloom_core.flames.flame import FlameError
from bloom_core.native import NativeError
from bloom_core.takes import TakeError
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_files import RunError

from .. import bloom_object, properties
from ..baking import bake
from ..entry import export
from ..rendering import film
from ..stage import stage

ERRORS = (FlameError, NativeError, RunError, TakeError, ValueError, OSError, RuntimeError)
"""What a user can cause: shown as one line."""


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    try:
        options = parser.parse_args(list(arguments))
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        options.run_command(options)
    except KeyboardInterrupt:
        print("\nbloom: stopped; finished frames are kept", file=sys.stderr)
        return 130
    except ERRORS as error:
        print(f"bloom: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bloom_addon", description="Grow, bake and film a flower from a recorded training run, in Blender without a window."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="the film of the run and the flower that Bloom brings along")
    film_command = commands.add_parser("film", help="grow, bake and render: a film, three stills and the .blend")
    growing = commands.add_parser("grow", help="a .blend with the growth as keys, staged and ready to bake")
    growing.set_defaults(run_command=_grow)
    growing.add_argument("blend", type=Path, help="the .blend to write")
    for command in (demo, film_command):
        command.set_defaults(run_command=_film, demo=command is demo)
        command.add_argument("--out", type=Path, required=True, help="folder for what is made")
    for command in (demo, film_command, growing):
        command.add_argument("--run", default="digits", help=f"a .bloom file or folder, or one of: {', '.join(trajectory.embedded_runs())}")
        command.add_argument("--design", default="lotus", help=f"a .flame file, or one of: {', '.join(designs.designs())}")
        command.add_argument("--frames", type=int, default=84, help="length of the film")
        command.add_argument("--strength", type=float, default=1.0, help="how far the training displaces the flower")
        command.add_argument("--mapping", choices=growth.MAPPINGS, default="parts", help="what moves which petal; original: as in 2019")
        command.add_argument("--pace", choices=growth.PACES, default="balanced", help="what frames are spread evenly over")
        command.add_argument("--smoothing", type=_within(float, 0, 1000), default=0.0, help="frames over which displacements are smoothed")
        command.add_argument("--tremble", type=_within(float, 0, 100), default=1.0, help="gain of the late trembling")
        command.add_argument("--palette", choices=tuple(palettes.names()), default="design", help="where the colours come from")
        command.add_argument("--dense", action="store_true", help="a key on every frame, in place of few Bézier keys")
        command.add_argument("--size", type=_size, default=(640, 400), metavar="WxH", help="pixels")
        command.add_argument("--rays", type=_within(int, 1, 65536), default=8, help="Cycles samples per pixel")
        _add_quality(command)
    still = commands.add_parser("still", help="one picture of an open flower: a design, or any .flame file, in three dimensions")
    still.set_defaults(run_command=_still)
    still.add_argument("flower", help=f"a .flame file, or one of: {', '.join(designs.designs())}")
    still.add_argument("--out", type=Path, required=True, help="the picture, .png")
    still.add_argument("--size", type=_size, default=(960, 600), metavar="WxH", help="pixels")
    still.add_argument("--rays", type=_within(int, 1, 65536), default=24, help="Cycles samples per pixel")
    _add_quality(still)
    baking = commands.add_parser("bake", help="bake the blooms of a .blend, and save it with their takes")
    baking.set_defaults(run_command=_bake)
    baking.add_argument("blend", type=Path)
    baking.add_argument("--folder", type=Path, help="where takes go; default: where the .blend says")
    baking.add_argument("--threads", type=_within(int, 0, 1024), default=0, help="0: every core")
    exporting = commands.add_parser("export", help="write a bloom's frames as a .flame sequence, for flam3 and Fractorium")
    exporting.set_defaults(run_command=_export)
    exporting.add_argument("blend", type=Path)
    exporting.add_argument("-o", "--out", type=Path, required=True, metavar="SEQUENCE.flame")
    exporting.add_argument("--bloom", metavar="NAME", help="which bloom; needed where the scene has several")
    exporting.add_argument("--start", type=int, help="first frame; default: the scene's")
    exporting.add_argument("--end", type=int, help="last frame; default: the scene's")
    rendering = commands.add_parser("render", help="render the film of a .blend")
    rendering.set_defaults(run_command=_render)
    rendering.add_argument("blend", type=Path)
    rendering.add_argument("--out", type=Path, required=True, help="folder for film and frames")
    return parser


def _add_quality(command: argparse.ArgumentParser) -> None:
    command.add_argument("--samples", type=_within(float, 0.1, 100_000), default=50.0, help="millions of points a frame")
    command.add_argument("--resolution", type=_within(int, 16, 4096), default=384, help="voxels along the volume's longest side")
    command.add_argument("--threads", type=_within(int, 0, 1024), default=0, help="0: every core")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and 16 <= int(width) <= 16384 and 16 <= int(height) <= 16384):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write it as 640x400")
    return int(width), int(height)


def _within(kind: Callable[[str], float], low: float, high: float) -> Callable[[str], float]:
    """Returns a reader of numbers in a range; Blender's properties would quietly clamp to it."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} must be a{' whole' if kind is int else ''} number from {low:g} to {high:g}")
        return value

    return read


def _film(options: argparse.Namespace) -> None:
    begin = time.monotonic()
    out = _folder(options.out)
    blend = out / "bloom.blend"
    scene, obj = _grown(options, blend)
    _bake_one(scene, obj, options.threads)
    _save(blend)
    blend.with_suffix(".blend1").unlink(missing_ok=True)  # the backup that Blender made of our own first save
    stills = _render_scene(scene, out)
    names = dict(zip(("bud", "half-open", "open"), (stills[len(stills) // 24], stills[len(stills) // 2], stills[-1]), strict=True))
    for name, path in names.items():
        part = out / f".{name}.part.png"
        try:
            shutil.copyfile(path, part)
            part.replace(out / f"{name}.png")
        finally:
            part.unlink(missing_ok=True)
    _say(f"done in {time.monotonic() - begin:.0f} s: {out / 'bloom.mp4'}")
    if options.demo:
        _say(
            "Look at bloom.mp4: a network learns to read digits. Out of the dark a bud, wild while the first batches push it about, opens\n"
            "with the share of learning done, and trembles to the end, as training did. open.png is where it ended; bloom.blend plays in\n"
            "Blender, with or without the add-on."
        )


def _grow(options: argparse.Namespace) -> None:
    _folder(options.blend.parent)
    _grown(options, options.blend)
    _say(f"done: {options.blend}")


def _grown(options: argparse.Namespace, blend: Path) -> tuple[bpy.types.Scene, bpy.types.Object]:
    """Grows the run in a new scene with a stage, and saves it as `blend`; its takes are to go beside it."""
    run = bloom_object.read_run(options.run)
    design = _flower(options.design)
    how = {name: getattr(options, name) for name in ("frames", "strength", "mapping", "pace", "smoothing", "tremble", "palette")}
    animation = growth.grow(run, design, tolerance=None if options.dense else growth.TOLERANCE, **how)
    _say(f"grown: {len(run.steps)} training steps over {options.frames} frames of a {design.title.lower()}")
    scene, obj = _new_scene(options, design)
    bloom: Any = properties.bloom_of(obj)
    bloom.run, bloom.design = bloom_object.lasting_name(options.run), bloom_object.lasting_name(options.design)
    bloom_object.apply_growth(scene, obj, animation)
    _set_stage(options, scene, obj)
    bloom.folder = "//takes"
    _save(blend)
    return scene, obj


def _still(options: argparse.Namespace) -> None:
    scene, obj = _new_scene(options, _flower(options.flower))
    scene.frame_start = scene.frame_end = 1
    _set_stage(options, scene, obj)
    folder = _folder(options.out.parent)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        properties.bloom_of(obj).folder = place
        _bake_one(scene, obj, options.threads)
        with _quiet():
            os.replace(film.render_stills(scene, Path(place))[0], folder / options.out.name)
    _say(f"done: {options.out}")


def _flower(name: str) -> designs.Design:
    design, warnings = bloom_object.read_flower(name)
    for warning in warnings:
        _say(f"bloom: {warning}")
    return design


def _new_scene(options: argparse.Namespace, design: designs.Design) -> tuple[bpy.types.Scene, bpy.types.Object]:
    # Not the factory settings: those would switch the extension off that is running.
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    obj = bloom_object.new_bloom(bpy.context, design)
    bloom: Any = properties.bloom_of(obj)
    bloom.samples, bloom.resolution = options.samples, options.resolution
    return bpy.context.scene, obj


def _set_stage(options: argparse.Namespace, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    stage.build(scene, obj)
    cast(Any, scene).cycles.samples = options.rays
    scene.render.resolution_x, scene.render.resolution_y = options.size
    if options.threads:
        scene.render.threads_mode, scene.render.threads = "FIXED", options.threads


def _bake(options: argparse.Namespace) -> None:
    scene, blooms = _open_blooms(options.blend)
    for obj in blooms:
        if options.folder is not None:
            properties.bloom_of(obj).folder = str(options.folder.resolve())
        _bake_one(scene, obj, options.threads)
    _save(options.blend)


def _export(options: argparse.Namespace) -> None:
    scene, blooms = _open_blooms(options.blend)
    chosen = [obj for obj in blooms if options.bloom in (None, obj.name)]
    if len(chosen) != 1:
        names = ", ".join(obj.name for obj in blooms)
        raise ValueError(f"{options.blend}: choose one of its blooms with --bloom; there are: {names}")
    start = scene.frame_start if options.start is None else options.start
    end = scene.frame_end if options.end is None else options.end
    for warning in export.write_sequence(scene, chosen[0], options.out, start, end):
        _say(f"bloom: warning: {warning}")
    _say(f"done: {end - start + 1} frames in {options.out}")


def _open_blooms(blend: Path) -> tuple[bpy.types.Scene, list[bpy.types.Object]]:
    """Opens a .blend and returns its scene and the blooms in it, at least one. Raises ValueError."""
    _open(blend)
    scene = bpy.context.scene
    blooms = [obj for obj in scene.objects if properties.bloom_of(obj) is not None]
    if not blooms:
        raise ValueError(f"{blend}: there is no bloom in this scene. Add one with Add ▸ Bloom in Blender")
    return scene, blooms


def _render(options: argparse.Namespace) -> None:
    _open(options.blend)
    if bpy.context.scene.camera is None:
        raise ValueError(f"{options.blend}: the scene has no camera. Press Bloom ▸ Stage in Blender, or add one")
    _render_scene(bpy.context.scene, _folder(options.out))


def _bake_one(scene: bpy.types.Scene, obj: bpy.types.Object, threads: int) -> None:
    job = bake.prepare(scene, obj)
    take = bake.run(job, threads, _reporter(f"baking {obj.name}"))
    bloom_object.show_take(obj, take, job.frame_start)
    _say(f"baked: {take.baked} of {len(take.files)} frames anew, in {take.folder}")


def _render_scene(scene: bpy.types.Scene, out: Path) -> list[Path]:
    frames = _folder(out / "frames")
    report = _reporter("rendering")
    with _quiet():
        stills = film.render_stills(scene, frames, lambda done, count: report(done / count))
        film.encode(stills, out / "bloom.mp4", scene.render.fps)
    return stills


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"{path}: this folder cannot be made ({error.strerror}). Choose another with --out") from error
    return path.resolve()


def _open(blend: Path) -> None:
    if not blend.is_file():
        raise ValueError(f"{blend}: there is no such .blend")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(blend.resolve()))
    except RuntimeError as error:
        raise ValueError(f"{blend}: Blender cannot open it ({str(error).strip()})") from error


def _save(blend: Path) -> None:
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(blend.resolve()), compress=True, relative_remap=True)
    except RuntimeError as error:
        raise OSError(f"{blend}: cannot be saved ({str(error).strip()})") from error


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _reporter(what: str) -> Callable[[float], bool]:
    """Returns a progress callback: on a terminal a line with percent and time to go, elsewhere a line for each tenth."""
    begin, step, last = time.monotonic(), 100 if sys.stderr.isatty() else 10, -1

    def report(fraction: float) -> bool:
        nonlocal last
        done = int(fraction * step)
        if done > last:
            last = done
            left = (time.monotonic() - begin) * (1.0 - fraction) / fraction if fraction > 0.0 else 0.0
            line = f"{what}: {fraction:4.0%}" + (f", {left:.0f} s to go" if 0.0 < fraction < 1.0 else "")
            if step == 10 or fraction >= 1.0:
                _say(f"{line:<60}" if step == 100 else line)
            else:
                print(f"{line:<60}", end="\r", file=sys.stderr, flush=True)
        return True

    return report


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Blender's line per rendered tile off the terminal: it writes to the process's own standard output."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
