"""The commands of `bloom` that make pictures and films of flames."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from bloom_core import designs, palettes
from bloom_core.flames.flame import DIALECTS, Flame, FlameError
from bloom_core.flames.flame_file import read_flames
from bloom_core.growth import MAPPINGS, PACES, grow
from bloom_core.images import film, image
from bloom_core.images.image_files import BITS, SUFFIXES, check_place, write_picture
from bloom_core.trajectories import trajectory

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]


_MOST_WARNINGS = 10  # a film's file may have one for each frame


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands; `add` takes a name, a function and a text."""
    sub = add("render", _render, "Render a flame as a picture (PNG or OpenEXR), as flam3 and Ember would.")
    sub.add_argument("flame", metavar="FLAME", help="a .flame file, or the name of a design")
    sub.add_argument("-o", "--output", metavar="PICTURE.png", type=Path, required=True, help="ends in .png, or in .exr for linear light")
    sub.add_argument("--frame", metavar="T", type=float, help="the time to show between the key frames of a file (default: its first flame)")
    _add_how(sub)
    _add_alpha(sub)

    sub = add("film", _film, "Render a film of key frames, or of a flower that grows with a training run, without Blender.")
    sub.add_argument("source", metavar="SOURCE", type=Path, help="a .flame file of key frames, or of single ones; or a run, .bloom file or folder")
    sub.add_argument("-o", "--output", metavar="FILM.mp4", type=Path, required=True, help="ends in .mp4; else a folder for frame_0001.png …")
    sub.add_argument("--frames", metavar=("FIRST", "LAST"), type=int, nargs=2, help="which frames to render (default: all)")
    sub.add_argument("--fps", metavar="N", type=_rate, default=Fraction(24), help="frames a second, also as 30000/1001 (default: %(default)s)")
    sub.add_argument("--design", metavar="FLOWER", default="lotus", help="for a run: a design or a .flame file that grows (default: %(default)s)")
    sub.add_argument("--length", metavar="N", type=_count, default=96, help="for a run: how many frames the growth takes (default: %(default)s)")
    sub.add_argument("--mapping", choices=MAPPINGS, default="parts", help="for a run: what moves which petal (default: %(default)s)")
    colors = tuple(palettes.names())
    sub.add_argument("--palette", choices=colors, default="design", help="for a run: where the colours come from (default: %(default)s)")
    sub.add_argument("--pace", choices=PACES, default="balanced", help="for a run: what frames are spread evenly over (default: %(default)s)")
    _add_how(sub)
    _add_alpha(sub)


def _add_how(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--quality", metavar="Q", type=_positive, help="samples per pixel; four times as many halve the noise (default: the flame's)")
    how_large = sub.add_mutually_exclusive_group()
    how_large.add_argument("--scale", metavar="S", type=_positive, default=1.0, help="of the picture and all in it (default: %(default)s)")
    how_large.add_argument("--size", metavar=("W", "H"), type=_count, nargs=2, help="in pixels, with all that the flame shows")
    sub.add_argument("--dialect", choices=DIALECTS, help="the program whose rules to follow (default: the one that wrote the file)")
    sub.add_argument("--seed", metavar="N", type=int, default=0, help="the same seed gives the same picture (default: %(default)s)")
    sub.add_argument("--threads", metavar="N", type=_count, default=0, help="how many threads to use (default: one a core)")


def _add_alpha(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--bits", type=int, choices=BITS, default=BITS[0], help="per channel of a PNG (default: %(default)s)")
    sub.add_argument("--transparent", action="store_true", help="leave the background out, with alpha in its place")


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _rate(text: str) -> Fraction:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of frames a second from 1 to 1000")
    return value.limit_denominator(1001)


@contextmanager
def _bar(what: str, total: int = 1) -> Iterator[Callable[[float], bool]]:
    """Gives a function to call with what is done of `total`; shows a bar with the time to go on a terminal where tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield lambda done: True
        return
    layout = "{desc}: {percentage:3.0f} % |{bar}| {elapsed}, {remaining} to go"
    with tqdm(desc=what, total=total, disable=None, bar_format=layout, file=sys.stderr) as bar:

        def show(done: float) -> bool:
            bar.update(done - bar.n)
            return True

        yield show


def _render(options: argparse.Namespace) -> None:
    output: Path = options.output
    check_place(output, SUFFIXES)
    if not Path(options.flame).exists() and options.flame in designs.designs():
        design = designs.design(options.flame).open
        keys = [replace(design, dialect=options.dialect or design.dialect)]
    else:
        keys = _read(options.flame, options.dialect)
    flame = keys[0] if options.frame is None else film.story_of_keys(keys).at(options.frame)
    if options.size:
        flame = image.framed(flame, tuple(options.size))
    with _bar(output.name) as show:
        how = {"seed": options.seed, "threads": options.threads, "transparent": options.transparent, "progress": show}
        picture = image.render(flame, quality=options.quality, scale=options.scale, **how)
    write_picture(output, picture.pixels, bits=options.bits, transparent=options.transparent)
    height, width, _ = picture.pixels.shape
    print(f"{output}: {width} x {height} pixels, {picture.statistics.iterations} samples")


def _film(options: argparse.Namespace) -> None:
    story, output = _story(options), options.output
    frames = film.frames_of(story, tuple(options.frames) if options.frames else None)
    is_film = output.suffix.lower() == ".mp4"
    if is_film and (options.transparent or options.bits != BITS[0]):
        raise FlameError(f"{output}: an MP4 has neither alpha nor {BITS[1]} bits; name a folder, for single pictures")
    sink = film.mp4(output, options.fps) if is_film else film.stills(output, bits=options.bits, transparent=options.transparent)
    size = tuple(options.size) if options.size else None
    how = {"quality": options.quality, "scale": options.scale, "size": size, "seed": options.seed, "threads": options.threads}
    with sink as add, _bar(output.name, len(frames)) as show:
        for number, frame in enumerate(frames):

            def progress(fraction: float, number: int = number) -> bool:
                return show(number + fraction)

            add(frame, film.render_frame(story, frame, transparent=options.transparent, progress=progress, **how))
    print(f"{output}: {len(frames)} frames")


def _story(options: argparse.Namespace) -> film.Story:
    source: Path = options.source
    if not (source.is_dir() or source.suffix.lower() == ".bloom"):
        return film.story_of_keys(_read(source, options.dialect))
    name = options.design
    design = designs.design(name) if name in designs.designs() and not Path(name).exists() else designs.read_design(name)
    if options.dialect:
        design = replace(design, bud=replace(design.bud, dialect=options.dialect), open=replace(design.open, dialect=options.dialect))
    how = {name: getattr(options, name) for name in ("mapping", "pace", "palette")}
    return film.story_of_growth(grow(trajectory.read_run(source), design, frames=options.length, **how))


def _read(path: Path | str, dialect: str | None) -> list[Flame]:
    flames, warnings = read_flames(path, dialect)
    for warning in warnings[:_MOST_WARNINGS]:
        print(f"bloom: warning: {warning}", file=sys.stderr)
    if len(warnings) > _MOST_WARNINGS:
        print(f"bloom: warning: {path}: and {len(warnings) - _MOST_WARNINGS} more; `bloom inspect` tells them all", file=sys.stderr)
    return flames
