"""The command `bloom`: importing and packing runs, looking into files, points and volumes of a flame without Blender."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from . import cli_flames, cli_images, designs, importers, native, point_cloud, trajectory
from .flame import DIALECTS, Flame, FlameError, Xform
from .flame_file import read_flames
from .image_files import PictureError
from .native import Box, NativeError
from .run_files import RunError

Command = Callable[[argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line (`sys.argv` by default). Returns the exit status: 0, 1 for an error it names, 2 for wrong usage, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        command(options)
        sys.stdout.flush()
    except (FlameError, RunError, NativeError, PictureError) as error:
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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=function)
        return sub

    sub = command("import", _import, "Make a run of a folder of word embeddings, one text file an epoch.")
    sub.add_argument("source", metavar="FOLDER", type=Path)
    sub.add_argument("-o", "--output", metavar="RUN.bloom", type=Path, required=True)
    sub.add_argument("--side", choices=importers.SIDES, default=importers.SIDES[0], help="which embeddings to read (default: %(default)s)")
    sub.add_argument("--labels", metavar="FILE", type=Path, help="an embeddings file whose words name the rows instead")

    sub = command("pack", _pack, "Pack a recorded run's folder into one file.")
    sub.add_argument("directory", metavar="FOLDER", type=Path)
    sub.add_argument("-o", "--output", metavar="RUN.bloom", type=Path, required=True)

    sub = command("inspect", _inspect, "Say what is in a run or in a .flame file.")
    sub.add_argument("file", metavar="FILE", type=Path)

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


def _import(options: argparse.Namespace) -> None:
    run, warnings = importers.import_embeddings(options.source, side=options.side, labels=options.labels)
    _warn(warnings)
    with tempfile.TemporaryDirectory(prefix="bloom-import-") as folder:
        trajectory.write_run(run, Path(folder) / "run")
        trajectory.pack_run(Path(folder) / "run", options.output)
    print(f"{options.output}: {len(run.steps)} steps")


def _pack(options: argparse.Namespace) -> None:
    trajectory.pack_run(options.directory, options.output)
    print(f"{options.output}: {options.output.stat().st_size} bytes")


def _inspect(options: argparse.Namespace) -> None:
    path: Path = options.file
    is_run = path.is_dir() or path.suffix.lower() == ".bloom"
    if not is_run:
        with path.open("rb") as file:
            is_run = file.read(2) == b"PK"
    for line in _run_lines(path) if is_run else _flame_file_lines(path):
        print(line)


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
        print(f"{name}: {_count(len(flame.xforms), 'xform')}, {', '.join(_names(flame))}")


def _flame(text: str, dialect: str | None = None) -> tuple[Flame, Box | None]:
    """Returns the flame that a command line names, with the box of its design if it is one. Raises FlameError."""
    if not Path(text).exists() and text in designs.designs():
        design = designs.design(text)
        return replace(design.open, dialect=dialect or design.open.dialect), design.box
    flames, warnings = read_flames(text, dialect)
    if len(flames) > 1:
        warnings.append(f"{text}: it has {len(flames)} flames; the first one, {flames[0].name!r}, is used")
    _warn(warnings)
    return flames[0], None


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        print(f"bloom: warning: {warning}", file=sys.stderr)


def _flame_file_lines(path: Path) -> list[str]:
    flames, warnings = read_flames(path)
    lines = [f"{path}: {_count(len(flames), 'flame')}"]
    for index, flame in enumerate(flames):
        xaos = ", xaos" if flame.xaos is not None else ""
        lines.append(f"flame {index} {flame.name!r}: {flame.dialect}, {_count(len(flame.xforms), 'xform')}, {len(flame.palette)} colours{xaos}")
        lines += [f"  xform {number}: {_xform_line(xform)}" for number, xform in enumerate(flame.xforms)]
        if flame.final is not None:
            lines.append(f"  final xform: {_xform_line(flame.final)}")
    return [*lines, *(f"warning: {warning}" for warning in warnings)]


def _xform_line(xform: Xform) -> str:
    terms = " + ".join(f"{term.weight:g} {term.name}" for term in xform.variations) or "no variation (a single point)"
    return f"weight {xform.weight:g}, color {xform.color:g} (speed {xform.color_speed:g}), opacity {xform.opacity:g}: {terms}"


def _run_lines(path: Path) -> list[str]:
    run = trajectory.read_run(path)
    steps, size = len(run.steps), run.update_size()
    lines = [f"{path}: {run.meta.get('title', 'a run')}"]
    lines.append(f"steps: {steps}, numbered {run.steps[0]} to {run.steps[-1]}; epochs {run.epoch[0]:g} to {run.epoch[-1]:g}")
    logged = run.loss[np.isfinite(run.loss)]
    lines.append(f"loss: {logged[0]:.6g} first, {logged[-1]:.6g} last" if logged.size else "loss: not recorded")
    tenth = max(1, steps // 10)
    lines.append(f"update norm: {size[:tenth].mean():.6g} in the first tenth, {size[-tenth:].mean():.6g} in the last")
    broken = int(np.count_nonzero(run.nonfinite))
    if broken:
        lines.append(f"steps that were not finite: {broken}")
    for key in sorted(key for key in run.meta if "accuracy" in key.lower()):
        value = run.meta[key]
        lines.append(f"{key}: {value[0]} first, {value[-1]} last" if isinstance(value, list) and value else f"{key}: {value}")
    lines.append(f"layers: {len(run.layers)}, {sum(int(np.prod(layer.shape, dtype=np.float64)) for layer in run.layers)} parameters")
    lines += [f"  {layer.name} {' x '.join(map(str, layer.shape)) or 'scalar'} ({layer.group})" for layer in run.layers]
    if run.embeddings is not None:
        epochs, words, dimensions = run.embeddings.values.shape
        lines.append(f"embeddings: {_count(epochs, 'snapshot')} of {_count(words, 'word')} in {_count(dimensions, 'dimension')}")
    lines.append(f"reduction: {'none' if run.reduction is None else _count(len(run.reduction.basis), 'direction')}")
    if run.events:
        lines.append(f"events: {len(run.events)}")
    return lines


def _names(flame: Flame) -> list[str]:
    xforms = [*flame.xforms, *([flame.final] if flame.final is not None else [])]
    return sorted({term.name for xform in xforms for term in xform.variations}, key=str.lower)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    sys.exit(main())
