"""The command line: what can be asked, and how."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from bloom_core import __version__, designs, frame_ranges, growth, palettes
from bloom_core.lessons import lesson_files, timing
from bloom_core.trainability import map_files
from bloom_core.trainability.coloring import COLORMAPS
from bloom_core.trainability.presets import PRESETS as MAPS
from bloom_core.trajectories import trajectory

from ..materials.variants import VARIANTS
from ..properties.lessons import LANGUAGES
from ..properties.maps import VIEWS
from ..properties.stage_presets import ENGINES, PRESETS, QUALITIES

Command = Callable[[argparse.Namespace], None]

SHAPES = ("terrain", "volume", "garden")
"""As what a map is shown."""

TAKES = ("volume", "points", "both")
"""What a flower can be baked as."""

SAMPLES, RESOLUTION, POINTS = 50.0, 384, 1.0
"""Million samples and voxels along the longest side of a volume, and million points, for which none are asked."""


def parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Returns the parser; the parsed options' `run_command` is the one of `commands` that was asked for."""
    made = argparse.ArgumentParser(prog="bloom", description="Grow, bake and film flowers from recorded training runs, in Blender without a window.")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", dest="form", action="store_const", const="json", help="tell progress and results as JSON lines, for programs")
    form.add_argument("--openjd", dest="form", action="store_const", const="openjd", help="tell them as tasks of Open Job Description do, for farms")
    made.add_argument("--version", action="version", version=f"Bloom {__version__}")
    subparsers = made.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, told: str) -> argparse.ArgumentParser:
        command = subparsers.add_parser(name, help=told, description=told[0].upper() + told[1:])
        command.set_defaults(run_command=commands[name], command=name)
        return command

    for name, told in (
        ("demo", "the film of the run and the flower that Bloom brings along"),
        ("film", "grow, bake and render: a film, three stills and the .blend"),
    ):
        command = add(name, told)
        command.add_argument("--out", type=Path, required=True, help="folder for what is made")
        _add_sources(command)
        _add_growth(command)
        _add_stage(command)
        _add_picture(command, (640, 400), 8)
        _add_quality(command)
    _add_working_commands(add)
    garden = add("garden", "several runs side by side on one common scale: a film, and the .blend; by default five optimizers")
    garden.add_argument("--out", type=Path, required=True, help="folder for what is made")
    garden.add_argument("--run", action="append", metavar="RUN", help="a run, as in film; repeat it for each flower")
    garden.add_argument("--title", action="append", metavar="TEXT", help="the label of the flower at the same place; default: the run's own title")
    garden.add_argument("--heading", help="title of the film")
    garden.add_argument("--design", action="append", metavar="FLOWER", help="a flower, as in film; one for all, or one for each run")
    garden.add_argument("--layout", choices=("row", "circle", "map"), default="row", help="how the flowers stand; map: by their learning rates")
    garden.add_argument("--blend-only", action="store_true", help="no baking and no film: the .blend alone")
    _add_growth(garden)
    _add_stage(garden)
    _add_picture(garden, (960, 400), 8)
    _add_quality(garden)
    _add_map(add)
    _add_lesson(add)
    still = add("still", "one picture of an open flower: a design, or any .flame file, in three dimensions")
    still.add_argument("flower", help=f"a .flame file, or one of: {', '.join(designs.designs())}")
    still.add_argument("--out", type=Path, required=True, help="the picture, .png")
    _add_stage(still)
    _add_picture(still, (960, 600), 24)
    _add_quality(still)
    return made


def _add_map(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    mapped = add("map", "a trainability map as a terrain, a volume, or with flowers on it: a still or a film, and the .blend")
    told = f"a .bloommap file, a configuration (.toml), or one of: {', '.join(dict.fromkeys((*map_files.example_maps(), *MAPS)))}"
    mapped.add_argument("map", metavar="MAP", help=told)
    mapped.add_argument("--out", type=Path, required=True, help="folder for what is made")
    mapped.add_argument("--as", dest="shape", choices=SHAPES, help="as what it is shown; default: terrain, or volume where it has three axes")
    mapped.add_argument("--pixels", type=_within(int, 8, 4096), help="networks along each side of a map that is made; default: 128")
    mapped.add_argument("--colors", choices=tuple(COLORMAPS), default="spectral", help="how places are colored; default: spectral")
    mapped.add_argument("--view", choices=[name for name, *_ in VIEWS], help="how the camera sees it; default: raking, or garden with flowers")
    mapped.add_argument("--no-labels", action="store_true", help="without axes and title")
    mapped.add_argument("--flowers", type=_within(int, 1, 64), default=4, help="of a garden: places whose training is recorded and grown; default: 4")
    mapped.add_argument("--run", action="append", metavar="RUN.bloom", help="of a garden: a run that stands there instead; repeat it for each flower")
    mapped.add_argument("--design", help="of a garden: a flower, as in film; default: lotus")
    mapped.add_argument("--frames", type=_within(int, 2, 100_000), help="a film of so many frames; default: a still")
    mapped.add_argument("--blend-only", action="store_true", help="no picture: the .blend alone")
    mapped.add_argument("--engine", choices=tuple(name.lower() for name, *_ in ENGINES), help="what renders; default: cycles")
    mapped.add_argument("--quality", choices=tuple(name.lower() for name, *_ in QUALITIES), help="of the rendering; default: draft")
    _add_picture(mapped, (960, 600), 16)
    mapped.set_defaults(material=None)
    _add_quality(mapped)


def _add_lesson(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    lesson = add("lesson", "a recorded lesson, how a neuron learns: a film, three stills and the .blend")
    lesson.add_argument("lesson", metavar="LESSON", help=f"one of: {', '.join(lesson_files.lessons())}; or a .bloomlesson file")
    lesson.add_argument("--out", type=Path, required=True, help="folder for what is made")
    lesson.add_argument("--language", choices=[name for name, *_ in LANGUAGES[1:]], help="of labels and captions; default: Blender's own")
    lesson.add_argument("--speed", type=_within(float, *timing.SPEEDS), default=1.0, help="2: half as long; default: 1, time to read every caption")
    lesson.add_argument("--fps", type=_within(int, 1, 240), help="frames a second; default: 24")
    lesson.add_argument("--no-flower", action="store_true", help="the network alone")
    lesson.add_argument("--blend-only", action="store_true", help="no film: the .blend alone")
    lesson.add_argument("--frames", type=_frames, metavar="LIST", help="render only these, such as 1-48,96: the film is made once all are there")
    _add_picture(lesson, (1280, 800), 8)
    _add_threads(lesson)


def _add_working_commands(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Adds the commands that work on a .blend."""
    importing = add("import", "add runs and flames to a .blend as blooms, not yet grown")
    importing.add_argument("files", nargs="+", metavar="FILE", help="run.bloom, a run's folder, or a .flame file")
    importing.add_argument("-o", "--out", type=Path, required=True, metavar="BLEND", help="the .blend to write; one that exists is added to")
    importing.add_argument("--design", default="lotus", help="flower that a run is given")
    growing = add("grow", "write a run's growth as keys: into a new .blend with a stage, or anew into one that exists")
    growing.add_argument("blend", type=Path, help="the .blend to write; in one that exists, its bloom is grown anew and the artist's keys stay")
    growing.add_argument("--bloom", metavar="NAME", help="which bloom of a .blend that exists; needed where there are several")
    _add_sources(growing)
    _add_growth(growing)
    _add_stage(growing)
    _add_picture(growing, (640, 400), 8)
    _add_quality(growing)
    staging = add("stage", "set the stage around a bloom of a .blend")
    staging.add_argument("blend", type=Path)
    staging.add_argument("--bloom", metavar="NAME", help="which bloom; needed where the scene has several")
    _add_stage(staging)
    baking = add("bake", "bake the blooms of a .blend, and save it with their takes")
    baking.add_argument("blend", type=Path)
    baking.add_argument("-o", "--out", type=Path, metavar="BLEND", help="save it under this name, and leave the one that is baked as it is")
    baking.add_argument("--bloom", metavar="NAME", help="only this bloom")
    baking.add_argument("--frames", type=_frames, metavar="LIST", help="bake only these, such as 1-48,96, and leave the .blend as it is")
    baking.add_argument("--folder", type=Path, help="where takes go; default: where the .blend says")
    _add_threads(baking)
    exporting = add("export", "write a bloom's frames as a .flame sequence, for flam3 and Fractorium")
    exporting.add_argument("blend", type=Path)
    exporting.add_argument("-o", "--out", type=Path, required=True, metavar="SEQUENCE.flame")
    exporting.add_argument("--bloom", metavar="NAME", help="which bloom; needed where the scene has several")
    exporting.add_argument("--start", type=int, help="first frame; default: the scene's")
    exporting.add_argument("--end", type=int, help="last frame; default: the scene's")
    rendering = add("render", "render the film of a .blend")
    rendering.add_argument("blend", type=Path)
    rendering.add_argument("--out", type=Path, required=True, help="folder for film and frames")
    rendering.add_argument("--frames", type=_frames, metavar="LIST", help="render only these, such as 1-48,96: the film is made once all are there")
    rendering.add_argument("--missing", action="store_true", help="render only what is not there yet: go on with a render that was stopped")
    rendering.add_argument("--no-film", action="store_true", help="frames only: another task makes the film of them")


def _add_sources(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", help=f"a .bloom file or folder, or one of: {', '.join(trajectory.embedded_runs())}; default: digits")
    command.add_argument("--design", help=f"a .flame file, or one of: {', '.join(designs.designs())}; default: lotus")


def _add_growth(command: argparse.ArgumentParser) -> None:
    # No defaults here: what is not asked for stays as it is in a .blend that exists.
    command.add_argument("--frames", type=_within(int, 0, growth.growing.MAX_FRAMES), help="length of the film; default: 84")
    command.add_argument("--strength", type=_within(float, 0, 100), help="how far the training displaces the flower; default: 1")
    command.add_argument("--mapping", choices=growth.MAPPINGS, help="what moves which petal; original: as in 2019; default: parts")
    command.add_argument("--pace", choices=growth.PACES, help="what frames are spread evenly over; default: balanced")
    command.add_argument("--smoothing", type=_within(float, 0, 1000), help="frames over which displacements are smoothed; default: 0")
    command.add_argument("--tremble", type=_within(float, 0, 100), help="gain of the late trembling; default: 1")
    command.add_argument("--palette", choices=tuple(palettes.names()), help="where the colours come from; default: design")
    command.add_argument("--dense", action="store_true", default=None, help="a key on every frame, in place of few Bézier keys")


def _add_stage(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stage", choices=tuple(PRESETS), help="camera, world and look; default: night")
    command.add_argument("--material", choices=tuple(VARIANTS), help="what the flower is made of; default: glow")
    command.add_argument("--engine", choices=tuple(name.lower() for name, *_ in ENGINES), help="what renders; default: cycles")
    command.add_argument("--quality", choices=tuple(name.lower() for name, *_ in QUALITIES), help="of the rendering; default: draft")


def _add_picture(command: argparse.ArgumentParser, size: tuple[int, int], rays: int) -> None:
    # No defaults here either; what a new scene gets is told apart.
    command.set_defaults(usual_size=size, usual_rays=rays)
    command.add_argument("--size", type=_size, metavar="WxH", help=f"pixels; default: {size[0]}x{size[1]}")
    command.add_argument("--rays", type=_within(int, 1, 65536), help=f"samples per pixel; default: {rays}")


def _add_quality(command: argparse.ArgumentParser) -> None:
    told = "what the flower is baked as; default: volume, or points for --material sparks and glass, and where this Blender's Cycles shows no volumes"
    command.add_argument("--take", choices=TAKES, help=told)
    told = f"of a volume, millions of samples a frame; default: {SAMPLES:g}"
    command.add_argument("--samples", type=_within(float, 0.1, 100_000), help=told)
    command.add_argument("--resolution", type=_within(int, 16, 4096), help=f"of a volume, voxels along its longest side; default: {RESOLUTION}")
    command.add_argument("--points", type=_within(float, 0.001, 2000), help=f"of points, millions a frame; default: {POINTS:g}")
    _add_threads(command)


def _add_threads(command: argparse.ArgumentParser) -> None:
    command.add_argument("--threads", type=_within(int, 0, 1024), default=0, help="0: every core")


def _frames(text: str) -> tuple[int, ...]:
    try:
        return frame_ranges.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


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
