"""A run in brief, for showing: a few lines, one sentence, its curves, and its events with captions. Small, whatever the length of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import events
from bloom_core.reports.event_words import words
from bloom_core.reports.inspection import count, figures
from bloom_core.reports.strip import Envelope, envelope
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_files import Budget, RunError, ZipSource, read_json
from bloom_core.trajectories.run_model import Event, Trajectory

LEARNT = 0.5
"""A loss that ends above this share of its first value has hardly fallen."""

AROUND = 20
"""Steps whose median is the loss at the start and at the end: single batches are easy or hard."""


@dataclass(frozen=True)
class Digest:
    """A run of T steps with N events, in brief.

    `lines`: (name, text) of what was recorded; `tells`: a sentence or two; `steps` int64, `epoch`, `loss` float32 (T,) as in `Trajectory`;
    `loss_curve`, `update_curve`: envelopes of the loss and of the network's update norm; `events` in the order of their steps, with their
    `captions`; `rows` int64, `weights` int64 (N,): the row of each event's step, and how serious it is; `tally`: how many of each kind.
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    tells: str
    steps: NDArray[np.int64]
    epoch: NDArray[np.float32]
    loss: NDArray[np.float32]
    loss_curve: Envelope
    update_curve: Envelope
    events: tuple[Event, ...]
    captions: tuple[str, ...]
    rows: NDArray[np.int64]
    weights: NDArray[np.int64]
    tally: Mapping[str, int]

    def standing(self, row: int) -> str:
        """Returns where the training stands after a row: "step 412 · epoch 9.2 · loss 0.0342"."""
        told = f"step {self.steps[row]}"
        if np.isfinite(self.epoch[row]):
            told += f" · epoch {self.epoch[row]:.1f}"
        return told + (f" · loss {events.number(float(self.loss[row]))}" if np.isfinite(self.loss[row]) else "")


def digest(run: Trajectory) -> Digest:
    """Returns a run in brief. Takes about a second for a million steps."""
    found = events.find(run)
    known = figures(run)
    tally = Counter(event.kind for event in found)
    rows = np.searchsorted(run.steps, np.array([event.step for event in found], dtype=np.int64))
    return Digest(
        title=known["title"],
        lines=tuple(_lines(run, known, found)),
        tells=tells(run, found),
        steps=run.steps,
        epoch=run.epoch,
        loss=run.loss,
        loss_curve=envelope(run.loss),
        update_curve=envelope(run.update_size()),
        events=found,
        captions=tuple(map(events.caption, found)),
        rows=np.minimum(rows, len(run.steps) - 1),
        weights=np.array([words(event.kind).weight for event in found], dtype=np.int64),
        tally=dict(tally),
    )


def tells(run: Trajectory, found: Sequence[Event]) -> str:
    """Returns what a run tells, in a plain sentence or two: how the loss went, what disturbed it, how it ended."""
    first: dict[str, Event] = {}
    for event in found:
        first.setdefault(event.kind, event)
    told = [_loss_went(run)]
    if "nonfinite" in first:
        told.append(f"At step {first['nonfinite'].step} its numbers broke.")
    elif "explosion" in first:
        told.append(f"It exploded at step {first['explosion'].step}{_aftermath(run, first['explosion'])}.")
    if "settled" in first:
        why = {"schedule": ": its falling learning rate stilled it", "convergence": ": it has converged"}.get(first["settled"].note, "")
        told.append(f"From step {first['settled'].step} on it rests{why}.")
    elif "jitter" in first:
        told.append(f"From step {first['jitter'].step} on its steps undo each other: the petals quiver.")
    else:
        told.append("It was still moving when it ended.")
    return " ".join(sentence for sentence in told if sentence)


def example_titles() -> dict[str, str]:
    """Returns the title of each run that comes with the package, by name; reads no more of them than that."""
    titles = {}
    for name in trajectory.embedded_runs():
        path = trajectory.embedded_run(name)
        titles[name] = _title(path) or name
    return titles


def _title(path: Path) -> str:
    source = ZipSource(path)
    try:
        meta = read_json(source.read("run.json", Budget()), f"{path}, run.json")
    except RunError:
        return ""
    finally:
        source.close()
    return str(meta.get("title", "")) if isinstance(meta, dict) else ""


def _lines(run: Trajectory, known: Mapping[str, Any], found: Sequence[Event]) -> list[tuple[str, str]]:
    epochs = float(run.epoch[-1])
    lines = [("Steps", f"{known['steps']:,}" + (f" in {epochs:.3g} epochs" if np.isfinite(epochs) and epochs > 0.0 else ""))]
    parts = [part["name"] for part in known["parts"]]
    inside = f" in {count(len(parts), 'part')}" if len(parts) > 1 else ""
    lines.append(("Network", f"{_short(known['parameters'])} parameters{inside}"))
    if known["optimizer"]:
        rate = known["lr"]
        lines.append(("Optimizer", known["optimizer"] + (f", rate {rate['most']:.3g}" if rate else "")))
    if known["loss"]:
        lines.append(("Loss", f"{events.number(known['loss']['first'])} to {events.number(known['loss']['last'])}"))
    rests = next((event for event in found if event.kind == "settled"), None)
    lines.append(("Settled", f"at step {rests.step} ({rests.note})" if rests else "not within this run"))
    return lines


def _loss_went(run: Trajectory) -> str:
    loss = run.loss[np.isfinite(run.loss)].astype(np.float64)
    if len(loss) < 2:
        return ""
    start, end = float(np.median(loss[: max(1, min(AROUND, len(loss) // 10))])), float(np.median(loss[-AROUND:]))
    if start <= 0.0 or end <= 0.0:
        return f"The loss went from {events.number(start)} to {events.number(end)}."
    if end > start:
        return "It learnt nothing: the loss ended above its start."
    if end > LEARNT * start:
        return f"It learnt little: the loss kept {100.0 * end / start:.0f} % of its start."
    return f"It learnt: the loss fell to 1/{start / end:,.0f} of its start."


def _aftermath(run: Trajectory, event: Event) -> str:
    """Returns what the loss did after an explosion, against what it was before."""
    row = int(np.searchsorted(run.steps, event.step))
    before, after = (part[np.isfinite(part)] for part in (run.loss[max(0, row - AROUND) : row], run.loss[-AROUND:]))
    if not before.size or not after.size:
        return ""
    return ", and it recovered" if float(np.median(after)) < float(np.median(before)) else ", and it never recovered"


def _short(number: int) -> str:
    """Returns a number of parameters as people say it: 8,970, 1.3 million."""
    for size, name in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            return f"{number / size:.3g} {name}"
    return f"{number:,}"
