"""The command `bloom`: importing and packing runs, looking into files, points and volumes of a flame without Blender."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from bloom_core import __version__, designs, native
from bloom_core.commands import cli_flames, cli_images, cli_import, cli_inspect, cli_lesson, cli_map, cli_palettes, cli_train
from bloom_core.commands.cli_import import warn
from bloom_core.commands.cli_inspect import count, variation_names
from bloom_core.flames.flame import DIALECTS, Flame, FlameError
from bloom_core.flames.flame_file import read_flames
from bloom_core.images import point_cloud
from bloom_core.images.image_files import PictureError
from bloom_core.lessons.lesson_files import LessonError
from bloom_core.native import Box, NativeError
from bloom_core.trainability.experiment import MapError
from bloom_core.trajectories.run_files import RunError

Command = Callable[[argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line (`sys.argv` by default). Returns the exit status: 0, 1 for an error it names, 2 for wrong usage, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        command(options)
        sys.stdout.flush()
    except (FlameError, RunError, NativeError, PictureError, MapError, LessonError) as error:
        return _fail(str(error))
    except BrokenPipeError:  # the reader of our output, as in `bloom inspect x | head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except MemoryError:
        return _fail("there is not enough memory for this; ask for less")
    except KeyboardInterrupt:
        print("bloom: interrupted", file=sys.stderr)
        return 130
    return 0


def _fail(message: str) -> int:
    print("bloom: " + " ".join(message.split()), file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bloom", description="Flowers grown from recorded training runs: the part that needs no Blender.")
    parser.add_argument("--version", action="version", version=f"Bloom {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=function)
        return sub

    cli_import.add_commands(command)
    cli_inspect.add_commands(command)
    cli_palettes.add_commands(command)
    cli_train.add_commands(command)
    cli_map.add_commands(command)
    cli_lesson.add_commands(command)

    sub = command("points", _points, "Write a flame as a point cloud (PLY).")
    _add_flame(sub, "CLOUD.ply")
    sub.add_argument("--count", metavar="N", type=_whole, default=1_000_000, help="how many points (default: %(default)s)")

    sub = command("volume", _volume, "Write a flame as a volume (OpenVDB) with the grids density and palette.")
    _add_flame(sub, "VOLUME.vdb")
    sub.add_argument("--resolution", metavar="N", type=_whole, default=256, help="voxels along the longest side (default: %(default)s)")
    sub.add_argument("--samples", metavar="N", type=_whole, default=50_000_000, help="how often to iterate (default: %(default)s)")
    sub.add_argument("--gain", metavar="G", type=float, default=1.0, help="density is ln(1 + G * hits per sample and volume) (default: %(default)s)")

    sub.add_argument("--box", metavar="V", type=float, nargs=6, help="the volume's corners, x y z and x y z (default: around what is seen)")
    sub.add_argument("--estimator", metavar="R", type=float, default=0.0, help="spread sparse hits over up to R voxels (default: not at all)")
    sub.add_argument("--color", action="store_true", help="add the grid Cd: the exact mean colour of each voxel")
    sub.add_argument("--full-float", action="store_true", help="store values in 32 bits instead of 16")
    sub.add_argument("--compressed", action="store_true", help="compress the file (Blosc): a little smaller, a little slower")
    sub.add_argument("--double", action="store_true", help="iterate in double precision: slower, for flames that need it")

    cli_flames.add_commands(command)
    cli_images.add_commands(command)
    command("designs", _designs, "List the flower designs that come with Bloom.")
    return parser


def _add_flame(parser: argparse.ArgumentParser, output: str) -> None:
    parser.add_argument("flame", metavar="FLAME", help="a .flame file (its first flame), or the name of a design")
    parser.add_argument("--dialect", choices=DIALECTS, help="the program whose rules to follow (default: the one that wrote the file)")
    parser.add_argument("-o", "--output", metavar=output, type=Path, required=True)
    parser.add_argument("--seed", metavar="N", type=_whole, default=0, help="the same seed gives the same bytes (default: %(default)s)")
    parser.add_argument("--threads", metavar="N", type=_whole, default=0, help="how many threads to use (default: one a core)")


def _whole(text: str) -> int:
    """Reads a count, also as 1e6. Raises argparse.ArgumentTypeError."""
    try:
        value = float(text)
        if 0 <= value < 2**62 and value == int(value):
            return int(value)
    except (ValueError, OverflowError):
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")


@contextmanager
def _progress(what: str) -> Iterator[native.Progress]:
    """Gives a progress callback that shows a percentage on a terminal and stays silent elsewhere."""
    shown = -1

    def show(fraction: float) -> bool:
        nonlocal shown
        percent = int(100 * fraction)
        if percent != shown and sys.stderr.isatty():
            shown = percent
            print(f"\r{what}: {percent} %", end="", file=sys.stderr, flush=True)
        return True

    try:
        yield show
    finally:
        if shown >= 0:
            print(file=sys.stderr)


def _points(options: argparse.Namespace) -> None:
    flame, _ = _flame(options.flame, options.dialect)
    with _progress("points") as progress:
        points = native.points(flame, options.count, seed=options.seed, threads=options.threads, progress=progress)
    point_cloud.write_ply(options.output, points)
    print(f"{options.output}: {len(points.position)} points")


def _volume(options: argparse.Namespace) -> None:
    flame, box = _flame(options.flame, options.dialect)
    output: Path = options.output
    partial = output.with_name(output.name + ".tmp")
    if options.box:
        box = Box(tuple(options.box[:3]), tuple(options.box[3:]))
    box = box or designs.bounds((flame,))
    how = {"seed": options.seed, "threads": options.threads, "double": options.double, "color": options.color}
    with _progress("volume") as progress:
        grid = native.accumulate(flame, options.samples, box, options.resolution, progress=progress, **how)
    with grid:
        if options.estimator:
            with _progress("density estimation") as progress:
                grid.estimate(options.estimator, threads=options.threads, progress=progress)
        try:
            grid.write_vdb(partial, gain=options.gain, half=not options.full_float, compressed=options.compressed)
            os.replace(partial, output)
        finally:
            partial.unlink(missing_ok=True)
        voxels = int(np.count_nonzero(grid.mask()))
        print(f"{output}: {voxels} voxels of {' x '.join(map(str, grid.dimensions))}, {grid.statistics.outside} samples outside the box")


def _designs(_options: argparse.Namespace) -> None:
    for name in designs.designs():
        flame = designs.design(name).open
        print(f"{name}: {count(len(flame.xforms), 'xform')}, {', '.join(variation_names(flame))}")


def _flame(text: str, dialect: str | None = None) -> tuple[Flame, Box | None]:
    """Returns the flame that a command line names, with the box of its design if it is one. Raises FlameError."""
    if not Path(text).exists() and text in designs.designs():
        design = designs.design(text)
        return replace(design.open, dialect=dialect or design.open.dialect), design.box
    flames, warnings = read_flames(text, dialect)
    if len(flames) > 1:
        warnings.append(f"{text}: it has {len(flames)} flames; the first one, {flames[0].name!r}, is used")
    warn(warnings)
    return flames[0], None


if __name__ == "__main__":
    sys.exit(main())
