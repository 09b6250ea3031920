"""What each kind of event means in plain words, what it looks like in the flower, how serious it is, and its colour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Plain words about a kind of event.

    `means`: what happened in the training; `looks`: what is seen of it in the flower; `weight`: 0 (a mark on the way) … 3 (look at this batch);
    `color`: sRGB, 0 … 1.
    """

    means: str
    looks: str
    weight: int
    color: tuple[float, float, float]


def _color(code: str) -> tuple[float, float, float]:
    red, green, blue = (int(code[place : place + 2], 16) / 255.0 for place in (0, 2, 4))
    return red, green, blue


WORDS = {
    "explosion": Words(
        "This step's update or gradient was many times the usual. Look at its batch; a learning rate that is too high does it too",
        "The petals are thrown apart from one frame to the next, and swing back if the training recovers",
        3,
        _color("ff4b3e"),
    ),
    "nonfinite": Words(
        "The loss, a gradient or an update was infinite or no number. Look at this batch and at the step before",
        "The flower holds its breath: a step without a number moves nothing",
        3,
        _color("f2ece4"),
    ),
    "skipped": Words(
        "Mixed precision skipped this step to protect the network; now and then that is normal",
        "The flower stands still for a step",
        1,
        _color("b9b4c0"),
    ),
    "loss_spike": Words(
        "This batch was far harder than those before it: mislabelled, odd, or the damage of an explosion",
        "Often nothing at that frame; with an explosion beside it, a jolt",
        2,
        _color("ffb000"),
    ),
    "jitter": Words(
        "From here on each step takes back much of the last one, as between two walls of a valley. A smaller learning rate would calm it",
        "The petals quiver on the spot and get nowhere",
        2,
        _color("7ee787"),
    ),
    "lr_change": Words(
        "The learning rate jumped: a step of its schedule, or a hand at the dial",
        "From this frame on all petals move faster, or more gently",
        1,
        _color("5cd6e0"),
    ),
    "settled": Words(
        "From here on updates stay below a tenth of their early size",
        "The flower is open and comes to rest; only a faint tremble is left",
        1,
        _color("9fb6ff"),
    ),
    "epoch": Words(
        "The network has now seen all of its training data once more",
        "Nothing by itself: epochs are the ruler of the film",
        0,
        _color("8f8798"),
    ),
}
"""The kinds that `events.KINDS` lists."""

MARK = Words("A mark that was set while recording", "What you marked it for", 1, _color("d8c8ff"))


def words(kind: str) -> Words:
    """Returns the words about a kind; of one that is not among `WORDS`, those about a mark."""
    return WORDS.get(kind, MARK)
