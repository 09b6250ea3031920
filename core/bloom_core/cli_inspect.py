"""The command `bloom inspect`: what is in a run or in a `.flame` file."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from . import trajectory
from .flame import Flame, Xform
from .flame_file import read_flames

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]


def add_commands(command: AddCommand) -> None:
    """Adds `inspect`."""
    sub = command("inspect", _inspect, "Say what is in a run or in a .flame file.")
    sub.add_argument("file", metavar="FILE", type=Path)


def _inspect(options: argparse.Namespace) -> None:
    path: Path = options.file
    is_run = path.is_dir() or path.suffix.lower() == ".bloom"
    if not is_run:
        with path.open("rb") as file:
            is_run = file.read(2) == b"PK"
    for line in _run_lines(path) if is_run else _flame_file_lines(path):
        print(line)


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
        lines.append(f"embeddings: {count(epochs, 'snapshot')} of {count(words, 'word')} in {count(dimensions, 'dimension')}")
    lines.append(f"reduction: {'none' if run.reduction is None else count(len(run.reduction.basis), 'direction')}")
    if run.events:
        lines.append(f"events: {len(run.events)}")
    return lines


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


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
