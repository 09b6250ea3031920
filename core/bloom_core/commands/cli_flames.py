"""The commands of `bloom` that make flame files of flame files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from bloom_core.flames.flame import DIALECTS, Flame, FlameError
from bloom_core.flames.flame_file import read_flames, write_flames
from bloom_core.flames.interpolation import edge, interpolate, loop

_MOST_FRAMES = 10_000  # as many as `read_flames` takes

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands; `add` takes a name, a function and a text."""
    sub = add("interpolate", _interpolate, "Write the frames between the flames of a file, as flam3-genome does.")
    sub.add_argument("flames", metavar="KEYS.flame", type=Path)
    sub.add_argument("-o", "--output", metavar="FRAMES.flame", type=Path, required=True)
    sub.add_argument("--frames", metavar="N", type=_frames, required=True, help="frames from each flame to the next one, and of each loop")
    sub.add_argument("--loops", action="store_true", help="turn each flame once before going on, and while going on")
    sub.add_argument("--stagger", metavar="S", type=_share, default=0.0, help="0 to 1: let the xforms go one after the other (default: %(default)s)")
    sub.add_argument("--dialect", choices=DIALECTS, help="the program whose rules to follow (default: the one that wrote the file)")


def _frames(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_FRAMES):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {_MOST_FRAMES}")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _interpolate(options: argparse.Namespace) -> None:
    keys, warnings = read_flames(options.flames, options.dialect)
    for warning in warnings:
        print(f"bloom: warning: {warning}", file=sys.stderr)
    count = options.frames * (2 * len(keys) - 1 if options.loops else len(keys) - 1) + 1
    if count > _MOST_FRAMES:
        raise FlameError(
            f"{options.flames}: {len(keys)} flames with {options.frames} frames each make {count} frames; {_MOST_FRAMES} fit in one file"
        )
    frames = _looped(keys, options.frames, options.stagger) if options.loops else _between(keys, options.frames, options.stagger)
    write_flames(options.output, [replace(frame, key=replace(frame.key, time=float(time))) for time, frame in enumerate(frames)])
    print(f"{options.output}: {len(frames)} frames")


def _between(keys: list[Flame], frames: int, stagger: float) -> list[Flame]:
    """Returns `frames` frames from each key to the next one, and the last key; keys of one time stand evenly."""
    if len({key.key.time for key in keys}) == 1:
        keys = [replace(key, key=replace(key.key, time=float(time))) for time, key in enumerate(keys)]
    result = []
    for before, after in pairwise(keys):
        step = (after.key.time - before.key.time) / frames
        result += [interpolate(keys, before.key.time + step * frame, stagger) for frame in range(frames)]
    return [*result, keys[-1]]


def _looped(keys: list[Flame], frames: int, stagger: float) -> list[Flame]:
    """Returns the loop of each key and the edge to the next one, `frames` frames each, and the last key."""
    shares = [frame / frames for frame in range(frames)]
    result = []
    for number, key in enumerate(keys):
        result += [loop(key, share) for share in shares]
        if number + 1 < len(keys):
            result += [edge(key, keys[number + 1], share, stagger) for share in shares]
    return [*result, keys[-1]]
