"""The command `bloom inspect`: what is in a run or in a `.flame` file."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from bloom_core import events
from bloom_core.flames.flame import Flame, Xform
from bloom_core.flames.flame_file import read_flames
from bloom_core.reports import inspection, run_drawing
from bloom_core.reports.inspection import count
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_files import RunError

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]

__all__ = ["add_commands", "count", "variation_names"]


def add_commands(command: AddCommand) -> None:
    """Adds `inspect`."""
    sub = command("inspect", _inspect, "Say what is in a run or in a .flame file; of a run, find and draw its events.")
    sub.add_argument("file", metavar="FILE", type=Path)
    sub.add_argument("--plot", metavar="PICTURE", type=Path, help="draw the run into a picture as well (.png, .svg or .pdf; needs matplotlib)")
    sub.add_argument("--events", action="store_true", help="list all events of a run, one a line, and nothing else")
    sub.add_argument("--json", action="store_true", help="print the numbers and events of a run as JSON, and nothing else")


def _inspect(options: argparse.Namespace) -> None:
    path: Path = options.file
    is_run = path.is_dir() or path.suffix.lower() == ".bloom"
    if not is_run:
        with path.open("rb") as file:
            is_run = file.read(2) == b"PK"
    if is_run:
        _inspect_run(path, options)
    elif options.plot or options.events or options.json:
        raise RunError(f"{path}: is not a run, so it has no events. Name a run, or leave out --plot, --events and --json.")
    else:
        print("\n".join(_flame_file_lines(path)))


def _inspect_run(path: Path, options: argparse.Namespace) -> None:
    run = trajectory.read_run(path)
    found = events.find(run)
    if options.json:
        print(json.dumps({"file": str(path)} | inspection.as_json(run, found), allow_nan=False, indent=1))
    elif options.events:
        _print([events.caption(event) for event in found] or ["no events"])
    else:
        lines = [f"{path}: {run.meta.get('title', 'a run')}", *inspection.summary(run, found), ""]
        lines += run_drawing.drawing(run, found, shutil.get_terminal_size((100, 24)).columns, plain=not _draws_blocks())
        _print(lines)
    if options.plot:
        from bloom_core.reports import run_plot

        run_plot.plot(run, options.plot, found)
        print(f"{options.plot}: {options.plot.stat().st_size} bytes", file=sys.stderr if options.json else sys.stdout)


def _print(lines: list[str]) -> None:
    """Prints lines as the terminal can show them. Names come from a file that anyone may have made: what steers a terminal is left out."""
    for line in lines:
        shown = "".join(sign if sign.isprintable() else "?" for sign in line)
        print(shown.encode(_encoding(), "replace").decode(_encoding()))


def _encoding() -> str:
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def _draws_blocks() -> bool:
    try:
        run_drawing.BLOCKS.encode(_encoding())
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _flame_file_lines(path: Path) -> list[str]:
    flames, warnings = read_flames(path)
    lines = [f"{path}: {count(len(flames), 'flame')}"]
    for index, flame in enumerate(flames):
        xaos = ", xaos" if flame.xaos is not None else ""
        lines.append(f"flame {index} {flame.name!r}: {flame.dialect}, {count(len(flame.xforms), 'xform')}, {len(flame.palette)} colours{xaos}")
        lines += [f"  xform {number}: {_xform_line(xform)}" for number, xform in enumerate(flame.xforms)]
        if flame.final is not None:
            lines.append(f"  final xform: {_xform_line(flame.final)}")
    return [*lines, *(f"warning: {warning}" for warning in warnings)]


def _xform_line(xform: Xform) -> str:
    terms = " + ".join(f"{term.weight:g} {term.name}" for term in xform.variations) or "no variation (a single point)"
    return f"weight {xform.weight:g}, color {xform.color:g} (speed {xform.color_speed:g}), opacity {xform.opacity:g}: {terms}"


def variation_names(flame: Flame) -> list[str]:
    xforms = [*flame.xforms, *([flame.final] if flame.final is not None else [])]
    return sorted({term.name for xform in xforms for term in xform.variations}, key=str.lower)
