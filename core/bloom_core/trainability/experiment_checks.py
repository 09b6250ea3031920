"""What an experiment may be: every field's kind and limits, told in words a user can act on."""

from __future__ import annotations

import math
from dataclasses import fields

from bloom_core.trainability.experiment import ACTIVATIONS, OPTIMIZERS, PARAMETERS, SCORES, SEEDS, Axis, Experiment, MapError
from bloom_core.trainability.outcomes import TAIL
from bloom_core.trainability.places import MAX_BATCH, MAX_WIDTH

CHOICES = {"activation": ACTIVATIONS, "optimizer": OPTIMIZERS, "score": SCORES, "seeds": SEEDS}
WHOLE = {
    "width": (1, MAX_WIDTH),
    "points": (0, 1_000_000),
    "steps": (TAIL, 1_000_000),
    "batch_size": (0, MAX_BATCH),
    "seed": (0, 2**32 - 1),
}
"""The least and the most of whole numbers."""
REAL = {
    "input_rate": (0.0, 1e30),
    "output_rate": (0.0, 1e30),
    "init_scale": (0.0, 1e9),
    "offset": (-1e9, 1e9),
    "momentum": (0.0, 1.0),
    "weight_decay": (0.0, 1e9),
    "threshold": (1e-30, 1e6),
    "rate": (0.0, 1e30),
}
"""The least and the most of numbers; of `PARAMETERS`, also of an axis along them."""

_MOST_TEXT = 200
MOST_PRODUCTS = 1e9
"""Of the weights times the points of one network: what one step of it may cost."""


def check_experiment(experiment: Experiment) -> Experiment:
    """Returns the experiment. Raises MapError that names the field and what it may be."""
    for field in fields(Experiment):
        value = getattr(experiment, field.name)
        if field.name in ("x", "y", "z"):
            if value is not None:
                check_axis(field.name, value)
        else:
            check_field(field.name, value)
    named = [axis.parameter for axis in experiment.axes]
    if len(set(named)) < len(named) or ("rate" in named and {"input_rate", "output_rate"} & set(named)):
        raise MapError(f"The axes go along {', '.join(named)}: no two may go along the same parameter (rate is both learning rates)")
    width = max([round(axis.high) for axis in experiment.axes if axis.parameter == "width"] or [experiment.width])
    points = experiment.points or width * width + width
    if width * width * points > MOST_PRODUCTS:
        raise MapError(f"A network of width {width} on {points} points is too much work for a map. Choose a smaller width, or fewer points.")
    if "momentum" in named and experiment.optimizer == "sgd":
        raise MapError("An axis goes along momentum, which the optimizer sgd does not have: choose the optimizer momentum or adam")
    return experiment


def check_field(name: str, value: object) -> None:
    """Raises MapError where a field of an experiment, other than an axis, cannot be `value`."""
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise MapError(f"{name} is {_shown(value)}; it may be {', '.join(CHOICES[name])}")
    elif name in WHOLE:
        least, most = WHOLE[name]
        if type(value) is not int or not least <= value <= most:
            raise MapError(f"{name} is {_shown(value)}; it must be a whole number from {least} to {most}")
    elif name in REAL:
        check_real(name, value, *REAL[name])
    elif name == "sensitivity":
        if type(value) is not bool:
            raise MapError(f"{name} is {_shown(value)}; it must be true or false")
    elif type(value) is not str or len(value) > _MOST_TEXT or not value.isprintable():
        raise MapError(f"{name} is {_shown(value)}; it must be a text of at most {_MOST_TEXT} characters in one line")


def check_axis(name: str, axis: Axis) -> None:
    """Raises MapError where an axis cannot be."""
    if axis.parameter not in PARAMETERS:
        raise MapError(f"{name}.parameter is {_shown(axis.parameter)}; it may be {', '.join(PARAMETERS)}")
    if type(axis.logarithmic) is not bool:
        raise MapError(f"{name}.logarithmic is {_shown(axis.logarithmic)}; it must be true or false")
    least, most = WHOLE[axis.parameter] if axis.parameter in WHOLE else REAL[axis.parameter]
    for end in ("low", "high"):
        check_real(f"{name}.{end}", getattr(axis, end), max(float(least), 0.0) if axis.logarithmic else float(least), float(most))
    if axis.logarithmic and axis.low <= 0.0:
        raise MapError(f"{name}.low is {axis.low:g}; the axis is logarithmic, so it must be more than 0")
    if not axis.low < axis.high:
        raise MapError(f"{name} goes from {axis.low:g} to {axis.high:g}; it must go from a smaller number to a larger one")


def check_real(name: str, value: object, least: float, most: float) -> None:
    """Raises MapError unless `value` is a number from `least` to `most`."""
    if type(value) not in (int, float) or not isinstance(value, (int, float)) or not math.isfinite(value) or not least <= value <= most:
        raise MapError(f"{name} is {_shown(value)}; it must be a number from {least:g} to {most:g}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
