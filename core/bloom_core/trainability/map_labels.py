"""What is written around a picture of a map: its axes with readable values, where it is, how it was made, and what its colours mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import numpy as np

from bloom_core.trainability.coloring import NO_ROOT, colormap_named
from bloom_core.trainability.experiment import Axis, Experiment
from bloom_core.trainability.maps import Map
from bloom_core.trainability.views import View

NAMES = {
    "input_rate": "learning rate of the input layer",
    "output_rate": "learning rate of the output layer",
    "rate": "learning rate of both layers",
    "init_scale": "scale of the first weights",
    "offset": "offset of the input weights",
    "momentum": "momentum",
    "weight_decay": "weight decay",
    "batch_size": "batch size",
    "width": "width, in neurons",
    "real": "real part of the start",
    "imaginary": "imaginary part of the start",
    "relaxation": "relaxation",
}
"""Parameters of axes, for people."""

SCORES = {
    "sum": "Σ loss (of those that fail Σ 1/loss)",
    "final": "last loss",
    "minimum": "least loss",
    "threshold": "steps to the threshold",
    "sensitivity": "Lyapunov exponent",
}
"""Scores, for people."""

_SUPERSCRIPTS = str.maketrans("-0123456789.", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹·")
_DIGITS = Context(prec=80)
_OFFSETS_BELOW = 2e-3
"""Spans below this many decades have ticks that tell the distance from the centre: values themselves would need too many digits."""

_MOST_TICKS = 7


@dataclass(frozen=True)
class AxisLabels:
    """`title` of an axis, and its `ticks`: shares of its length from its low end, each with its text."""

    title: str
    ticks: tuple[tuple[float, str], ...]


def axis_labels(axis: Axis, center: Fraction, span: Fraction) -> AxisLabels:
    """Returns what stands along an axis of a view: powers of ten, values, or in a deep zoom offsets from the centre."""
    name = NAMES.get(axis.parameter, axis.parameter.replace("_", " "))
    low, high = center - span / 2, center + span / 2
    if axis.logarithmic and span >= Fraction(3, 2):
        step = next(step for step in (1, 2, 3, 5, 10, 20, 50, 100) if span / step <= 10)
        decades = [decade for decade in range(math.ceil(low), math.floor(high) + 1) if decade % step == 0]
        return AxisLabels(name, tuple((float((decade - low) / span), power_of_ten(decade)) for decade in decades))
    narrow = span < Fraction(_OFFSETS_BELOW) * (1 if axis.logarithmic else max(abs(center), Fraction(1, 1000)))
    if narrow:
        exponent = math.floor(math.log10(float(span / 2)))
        unit = Fraction(10) ** exponent
        offsets = _round_numbers(float(-span / 2 / unit), float(span / 2 / unit))
        what = f"{power_of_ten(exponent)} decades" if axis.logarithmic else power_of_ten(exponent)
        ticks = tuple((0.5 + float(offset * float(unit / span)), f"{offset:+g}".replace("-", "−") if offset else "0") for offset in offsets)
        return AxisLabels(f"{name}, from the centre in {what}", ticks)
    if not axis.logarithmic:
        return AxisLabels(name, tuple((float((Fraction(value) - low) / span), _plain(value)) for value in _round_numbers(float(low), float(high))))
    ends = 10.0 ** float(low), 10.0 ** float(high)
    values = [value for value in _one_two_five(*ends)] if ends[1] > 4.0 * ends[0] else _round_numbers(*ends)
    return AxisLabels(name, tuple(((math.log10(value) - float(low)) / float(span), _plain(value)) for value in values))


def position(axis: Axis, center: Fraction, pitch: float) -> str:
    """Returns where a coordinate is, with as many digits as pixels of `pitch` need: "10^0.123456" along a logarithmic axis."""
    text = digits(center, pitch)
    return f"10^{text}" if axis.logarithmic else text


def digits(value: Fraction, pitch: float) -> str:
    """Returns a coordinate as decimals, exact to a hundredth of `pitch`."""
    places = max(0, 2 - math.floor(math.log10(pitch)))
    exact = _DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))
    rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=_DIGITS)
    text = format(rounded, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def extent(axis: Axis, span: Fraction) -> str:
    """Returns how much of an axis is seen: "9 decades", "2.20 × 10⁻⁷ decades"."""
    unit = " decades" if axis.logarithmic else ""
    size = float(span)
    if size >= 0.01:
        return f"{size:.3g}{unit}"
    exponent = math.floor(math.log10(size))
    return f"{size / 10.0**exponent:.2f} × {power_of_ten(exponent)}{unit}"


def power_of_ten(exponent: int) -> str:
    """Returns "10⁻³"."""
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def where(found: Map) -> list[str]:
    """Returns where a map's view is: centre and extent of each axis."""
    axes, view = found.subject.axes[: len(found.view.size)], found.view
    pitches = [float(span / size) for span, size in zip(view.span, view.size, strict=True)]
    centers = ", ".join(position(axis, center, pitch) for axis, center, pitch in zip(axes, view.center, pitches, strict=True))
    extents = [extent(axis, span) for axis, span in zip(axes, view.span, strict=True)]
    return [f"centre {centers}", "across " + (extents[0] if len(set(extents)) == 1 else " × ".join(extents))]


def what(found: Map) -> list[str]:
    """Returns what was computed: how many networks of which size for how many steps, and what came of them."""
    pixels = " × ".join(map(str, found.view.size))
    subject = found.subject
    if not isinstance(subject, Experiment):
        return [f"{pixels} starts", f"at most {subject.steps} steps", f"{_percent(float(np.mean(found.labels != NO_ROOT)))} come to a root"]
    along = {axis.parameter for axis in subject.axes}
    said = [f"{pixels} networks"]
    if "width" not in along:
        points = subject.points or subject.width**2 + subject.width
        said.append(f"width {subject.width}, {points} {'point' if points == 1 else 'points'}")
    batches = f" of {subject.batch_size} points" if subject.batch_size and "batch_size" not in along else ""
    optimizer = "" if subject.optimizer == "sgd" else f" of {subject.optimizer.capitalize() if subject.optimizer == 'adam' else subject.optimizer}"
    said.append(f"{subject.steps} steps{optimizer}{batches}")
    if subject.seeds == "pixel":
        said.append("each with its own data and weights")
    return [*said, f"{_percent(float(np.mean(found.labels)))} converge"]


def how(found: Map, colormap: str, layer: str) -> list[str]:
    """Returns how it was computed and coloured: precision, engine, score, colour map."""
    made = [f"{found.made.precision} precision", found.made.engine]
    if not isinstance(found.subject, Experiment):
        return [*made, "colour: root, shade: rank of steps", f"colour map {colormap}"]
    if layer == "sensitivity" or found.subject.score == "sensitivity":
        return [*made, "colour: Lyapunov exponent"]
    if colormap_named(colormap).glows:
        return [*made, f"light: nearness to the boundary, colour map {colormap}"]
    return [*made, f"colour: {SCORES[found.subject.score]}, by rank", f"colour map {colormap}"]


def middle_slice(found: Map) -> tuple[Map, str]:
    """Returns a map of three axes cut at the middle of the third, and the words for where that is."""
    axis, view = found.subject.axes[2], found.view
    row = view.size[2] // 2
    at = view.coordinates(2)[row]
    flat = View(view.center[:2], view.span[:2], view.size[:2])
    outcomes = None if found.outcomes is None else found.outcomes[row]
    text = f"{NAMES.get(axis.parameter, axis.parameter)} {position(axis, at, float(view.span[2] / view.size[2]))}"
    return Map(found.subject, flat, found.labels[row], found.score[row], outcomes, found.made), text


def _percent(share: float) -> str:
    percent = 100.0 * share
    return f"{percent:.1f} %" if 0.05 <= percent <= 99.95 or share in (0.0, 1.0) else f"{percent:.3f} %"


def _plain(value: float) -> str:
    size = abs(value)
    if value == 0.0 or 1e-3 <= size < 1e5:
        return f"{value:.10g}".replace("-", "−")
    exponent = math.floor(math.log10(size))
    return f"{value / 10.0**exponent:.7g}×{power_of_ten(exponent)}".replace("-", "−")


def _round_numbers(low: float, high: float) -> list[float]:
    """Returns numbers from low to high that are whole multiples of 1, 2 or 5 times a power of ten, at most _MOST_TICKS."""
    exponent = math.floor(math.log10((high - low) / _MOST_TICKS))
    step = next(step for step in (1, 2, 5, 10, 20) if (high - low) / (step * 10.0**exponent) <= _MOST_TICKS - 1)
    unit = Fraction(10) ** exponent * step
    return [float(number * unit) for number in range(math.ceil(low / float(unit) - 1e-9), math.floor(high / float(unit) + 1e-9) + 1)]


def _one_two_five(low: float, high: float) -> list[float]:
    first = math.floor(math.log10(low))
    values = [digit * 10.0**exponent for exponent in range(first, math.ceil(math.log10(high)) + 1) for digit in (1, 2, 5)]
    return [value for value in values if low <= value <= high]
