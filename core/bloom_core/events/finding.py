"""Events of a run: the steps worth jumping to. What was recorded as it happened, and what can be found from the recorded numbers."""

from __future__ import annotations

import math
from dataclasses import replace

from bloom_core.events import event_detectors
from bloom_core.events.event_explosions import explosions
from bloom_core.events.event_statistics import runs_of
from bloom_core.trajectories.run_model import Event, Trajectory

VALUES = {
    "explosion": "how many times the usual norm (the median of the 50 steps before) the update or the gradient was; `note` says which of them",
    "nonfinite": "how many steps in a row were not finite, from this one on",
    "skipped": "what the gradient scaler fell to, where it was recorded",
    "loss_spike": "how many times the usual loss (the median of the 50 before) the loss was",
    "jitter": "the mean cosine of successive updates in the stretch that begins here",
    "lr_change": "the new learning rate divided by the old one",
    "settled": "the median update from here on, as a share of its early size; `note`: schedule, convergence or unknown",
    "epoch": "how many epochs were complete after this step",
}
"""The kinds of events, and what the value of each means."""

KINDS = tuple(VALUES)
"""The names of the kinds of events; any other kind is a mark that the user set."""

TITLES = {
    "explosion": "explosion",
    "nonfinite": "not finite",
    "skipped": "skipped step",
    "loss_spike": "loss spike",
    "jitter": "jitter",
    "lr_change": "learning rate change",
    "settled": "settled",
    "epoch": "end of epoch",
}
"""What people read instead of a kind's name."""

_SETTLED = {
    "schedule": "the falling learning rate alone explains it",
    "convergence": "updates shrank more than the learning rate did",
    "unknown": "the learning rate was not recorded",
}


def find(run: Trajectory) -> tuple[Event, ...]:
    """Returns all events of a run, in the order of their steps: its recorded ones, and those found in its numbers, none twice.

    Where an event was both recorded and found, the recorded one stands, and takes what it does not know from the other.
    """
    detectors = event_detectors
    found = [*explosions(run), *detectors.nonfinite(run), *detectors.loss_spikes(run), *detectors.lr_changes(run)]
    found += [*detectors.jitter(run), *detectors.settled(run), *detectors.epochs(run)]
    merged = {(event.step, event.kind): event for event in found}
    marks = []
    broken = [(int(run.steps[first]), int(run.steps[end - 1])) for first, end in runs_of(run.nonfinite != 0)]
    for event in dict.fromkeys(run.events):
        key = (event.step, event.kind)
        if event.kind not in KINDS:
            marks.append(event)
        elif key in merged:
            merged[key] = _both(event, merged[key])
        elif event.kind != "nonfinite" or not any(first < event.step <= last for first, last in broken):
            merged[key] = event
    order = {kind: place for place, kind in enumerate(KINDS)}
    return tuple(sorted([*merged.values(), *marks], key=lambda event: (event.step, order.get(event.kind, len(order)), event.kind)))


def caption(event: Event) -> str:
    """Returns what a viewer reads: "explosion, step 412, batch 1287, encoder.lstm: 31 times the usual update"."""
    place = [TITLES.get(event.kind, event.kind), f"step {event.step}"]
    if event.batch is not None:
        place.append(f"batch {event.batch}")
    if event.layers:
        others = len(event.layers) - 1
        place.append(event.layers[0] + (f" and {others} more layer{'s' if others > 1 else ''}" if others else ""))
    said = _said(event)
    return ", ".join(place) + (f": {said}" if said else "")


def number(value: float) -> str:
    """Returns a number as people write it: three digits, no exponent where it can be read without."""
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    return f"{value:.0f}" if 100.0 <= abs(value) < 1e6 else f"{value:.3g}"


def _said(event: Event) -> str:
    """Returns the second half of a caption."""
    value = None if event.value is None else number(event.value)
    if event.kind == "explosion" and value is not None:
        return f"{value} times the usual {event.note or 'update'}"
    if event.kind == "nonfinite" and value is not None:
        steps = "this step only" if event.value == 1.0 else f"{value} steps"
        return f"{steps}, in the {event.note}" if event.note else steps
    if event.kind == "loss_spike":
        return _with_note("" if value is None else f"{value} times the usual loss", event.note)
    if event.kind == "jitter" and value is not None:
        return _with_note(f"successive updates have a cosine of {value}", event.note)
    if event.kind == "lr_change":
        return _with_note("" if value is None else f"{value} times the old one", event.note)
    if event.kind == "settled" and value is not None:
        return f"updates stay at {number(100.0 * (event.value or 0.0))} % of their early size; " + _SETTLED.get(event.note, event.note)
    if event.kind == "epoch" and value is not None:
        return f"{value} complete"
    return _with_note(value or "", event.note)


def _with_note(text: str, note: str) -> str:
    return f"{text} ({note})" if text and note else text or note


def _both(recorded: Event, found: Event) -> Event:
    return replace(
        recorded,
        value=found.value if recorded.value is None else recorded.value,
        layers=recorded.layers or found.layers,
        batch=found.batch if recorded.batch is None else recorded.batch,
        note=recorded.note or found.note,
    )
