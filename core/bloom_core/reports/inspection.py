"""What a run holds, in words and numbers: its size, its layers and parts, how it went, its events, and what it does not know."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import events
from bloom_core.events.event_detectors import jitter_threshold, momentum_of
from bloom_core.trajectories.run_model import Event, Trajectory

CAPTIONS = 3
"""How many events of a kind a summary tells in words."""

LAYERS = 40
"""How many layers a summary lists by name."""

STEADY = 0.2
"""A mean cosine of successive updates above this, beyond what momentum gives, is a steady direction."""


def figures(run: Trajectory) -> dict[str, Any]:
    """Returns the numbers of a run as plain JSON values (None where unknown); "early" and "late" are means over its first and last tenth."""
    size = run.update_size()
    parts = run.part_update_size()
    rates = run.lr[np.isfinite(run.lr)]
    logged = run.loss[np.isfinite(run.loss)]
    return {
        "title": _text(run.meta.get("title")) or "a run",
        "closed": run.meta.get("closed") is True,
        "steps": len(run.steps),
        "first_step": int(run.steps[0]),
        "last_step": int(run.steps[-1]),
        "epochs": [_plain(run.epoch[0]), _plain(run.epoch[-1])],
        "seconds": _plain(run.wall[-1] - run.wall[0]),
        "loss": {"first": _plain(logged[0]), "last": _plain(logged[-1]), "least": _plain(logged.min())} if logged.size else None,
        "optimizer": optimizer_name(run.meta),
        "momentum": momentum_of(run.meta),
        "lr": {"least": _plain(rates.min()), "most": _plain(rates.max()), "last": _plain(rates[-1])} if rates.size else None,
        "update_norm": early_and_late(size),
        "parts": [
            {
                "name": part,
                "layers": sum(layer.part == part for layer in run.layers),
                "parameters": sum(_entries(layer.shape) for layer in run.layers if layer.part == part),
                "update_norm": early_and_late(parts[:, index]),
            }
            for index, part in enumerate(run.parts)
        ],
        "layers": [asdict(layer) | {"shape": list(layer.shape)} for layer in run.layers],
        "parameters": sum(_entries(layer.shape) for layer in run.layers),
        "cosine": {f"lag_{lag + 1}": early_and_late(run.cosine[:, lag]) for lag in range(2)} | {"jitter_below": jitter_threshold(run)},
        "nonfinite_steps": int(np.count_nonzero(run.nonfinite)),
        "embeddings": None if run.embeddings is None else list(run.embeddings.values.shape),
        "reduction": None if run.reduction is None else len(run.reduction.basis),
        "unknown": unknown(run),
    }


def summary(run: Trajectory, found: Sequence[Event] | None = None) -> list[str]:
    """Returns what a run holds as lines of text. `found`: its events, where they are known already."""
    known = figures(run)
    lines = [f"steps: {known['steps']}, numbered {known['first_step']} to {known['last_step']}; epochs {run.epoch[0]:g} to {run.epoch[-1]:g}"]
    loss = known["loss"]
    lines.append(f"loss: {loss['first']:.6g} first, {loss['last']:.6g} last, {loss['least']:.6g} least" if loss else "loss: not recorded")
    lines.append("optimizer: " + (known["optimizer"] or "not recorded") + ("" if known["momentum"] is None else f", momentum {known['momentum']:g}"))
    if known["lr"]:
        least, most, last = (known["lr"][key] for key in ("least", "most", "last"))
        lines.append(f"learning rate: {most:.4g}" + ("" if least == most else f" at most, {least:.4g} at least, {last:.4g} last"))
    lines.append(f"update norm: {_sides(known['update_norm'], '{:.6g} in the first tenth, {:.6g} in the last')}")
    lines.append(cosine_line(known["cosine"], known["momentum"]))
    if known["nonfinite_steps"]:
        lines.append(f"steps that were not finite: {known['nonfinite_steps']}")
    lines += _accuracies(run.meta)
    lines.append(f"layers: {len(run.layers)}, {known['parameters']} parameters, in {count(len(known['parts']), 'part')}")
    lines += _part_lines(run, known["parts"])
    if run.embeddings is not None:
        epochs, words, dimensions = run.embeddings.values.shape
        lines.append(f"embeddings: {count(epochs, 'snapshot')} of {count(words, 'word')} in {count(dimensions, 'dimension')}")
    lines.append(f"reduction: {'none' if run.reduction is None else count(len(run.reduction.basis), 'direction')}")
    lines += event_lines(events.find(run) if found is None else found)
    if known["unknown"]:
        lines.append("what this run does not know:")
        lines += [f"  {entry}" for entry in known["unknown"]]
    return lines


def event_lines(found: Sequence[Event], most: int = CAPTIONS) -> list[str]:
    """Returns a run's events by kind, with the captions of the first `most` of each (of epochs, none)."""
    if not found:
        return ["events: none"]
    tally = Counter(event.kind for event in found)
    lines = ["events: " + ", ".join(f"{number} x {events.TITLES.get(kind, kind)}" for kind, number in tally.items())]
    for kind in tally:
        same = [event for event in found if event.kind == kind]
        if kind != "epoch":
            lines += [f"  {events.caption(event)}" for event in same[:most]]
            lines += [f"  … and {len(same) - most} more of this kind"] if len(same) > most else []
    return lines


def unknown(run: Trajectory) -> list[str]:
    """Returns what the run does not know, and what cannot be told of it therefore."""
    lacks = []
    if run.meta.get("closed") is not True:
        lacks.append("how it ended: it was not closed (it is still going, or was killed)")
    without_loss = int(np.count_nonzero(~np.isfinite(run.loss) & (run.nonfinite == 0)))
    if without_loss == len(run.loss):
        lacks.append("its loss, so no loss spikes are found")
    elif without_loss:
        lacks.append(f"the loss of {count(without_loss, 'step')}")
    if not np.isfinite(run.lr).any():
        lacks.append("its learning rate, so schedule and convergence cannot be told apart")
    if run.gradient_norm is None:
        lacks.append("its gradients, so bad batches that the optimizer damped go unseen")
    elif not np.isfinite(run.raw_gradient_norm).any():
        lacks.append("gradients before clipping: if it clipped, the damage of bad batches looks smaller than it was")
    if not np.isfinite(run.cosine).any():
        lacks.append("the cosines of successive updates, so no jitter is found")
    if not (run.batch_id >= 0).any():
        lacks.append("its batches, so no event can be traced to one")
    if not isinstance(run.meta.get("optimizer"), (str, Mapping)):
        lacks.append("its optimizer")
    return lacks


def cosine_line(cosine: Mapping[str, Any], momentum: float | None) -> str:
    """Returns the sentence about successive updates, early and late, with its judgement."""
    one = cosine["lag_1"]
    if one["late"] is None:
        return "cosine of successive updates: not recorded"
    sides = "not known" if one["early"] is None else f"{one['early']:+.2f}"
    said = judgement(one["late"], cosine["jitter_below"], momentum)
    return f"cosine of successive updates: {sides} in the first tenth, {one['late']:+.2f} in the last ({said})"


def judgement(cosine: float, threshold: float, momentum: float | None) -> str:
    """Returns what a mean cosine of successive updates says, given the one below which the run jitters, and the optimizer's momentum."""
    if cosine < threshold:
        return "jitter: updates undo each other"
    if momentum and cosine < momentum + STEADY:
        about = cosine > momentum - STEADY
        return f"about what momentum {momentum:g} gives" if about else f"less than momentum {momentum:g} gives: directions change"
    return "steady: successive updates agree" if cosine > STEADY else "each batch pulls its own way"


def early_and_late(values: NDArray[Any]) -> dict[str, float | None]:
    """Returns the means of the first and of the last tenth of a series, None where nothing in it is finite."""
    tenth = max(1, len(values) // 10)
    return {"early": _mean(values[:tenth]), "late": _mean(values[-tenth:])}


def as_json(run: Trajectory, found: Sequence[Event]) -> dict[str, Any]:
    """Returns a run's figures and events as plain JSON values; each event has its caption."""
    listed = [asdict(event) | {"value": _plain(event.value), "layers": list(event.layers), "caption": events.caption(event)} for event in found]
    return figures(run) | {"events": listed}


def optimizer_name(meta: Mapping[str, Any]) -> str | None:
    """Returns the optimizer's name by what `run.json` says."""
    about = meta.get("optimizer")
    return _text(about.get("name")) if isinstance(about, Mapping) else _text(about)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _part_lines(run: Trajectory, parts: Sequence[Mapping[str, Any]]) -> list[str]:
    lines, left = [], LAYERS
    for part in parts:
        sizes = _sides(part["update_norm"], "update norm {:.4g} early, {:.4g} late")
        lines.append(f"  part {part['name'] or '(unnamed)'}: {count(part['layers'], 'layer')}, {count(part['parameters'], 'parameter')}, {sizes}")
        inside = [layer for layer in run.layers if layer.part == part["name"]]
        lines += [f"    {layer.name} {' x '.join(map(str, layer.shape)) or 'scalar'}" for layer in inside[:left]]
        if len(inside) > left:
            lines.append(f"    … and {count(len(inside) - left, 'layer')} more")
        left = max(0, left - len(inside))
    return lines


def _accuracies(meta: Mapping[str, Any]) -> list[str]:
    lines = []
    for key in sorted(key for key in meta if "accuracy" in key.lower()):
        value = meta[key]
        lines.append(f"{key}: {value[0]} first, {value[-1]} last" if isinstance(value, list) and value else f"{key}: {value}")
    return lines


def _sides(values: Mapping[str, Any], text: str) -> str:
    early, late = values["early"], values["late"]
    return "not known" if early is None or late is None else text.format(early, late)


def _entries(shape: Sequence[int]) -> int:
    return min(math.prod(shape), 2**63)  # a damaged file may claim a number with thousands of digits


def _mean(values: NDArray[Any]) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.mean(dtype=np.float64)) if finite.size else None


def _plain(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
