"""Building a lesson from what a file holds, of which nothing is trusted: words of the right kind, arrays of the shapes that belong together."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from string import Formatter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.lessons.lesson import EDGE_KINDS, NODE_KINDS, STAGES, Act, Caption, Edge, Lesson, Node, Plane, Sequence

Array = NDArray[Any]

MOST_ACTS, MOST_NODES, MOST_EDGES, MOST_ROWS, MOST_MOMENTS = 16, 512, 4096, 10_000, 10_000
LONGEST_TEXT = 4000
_FIELD = 64
_NUMBER_FORMAT = re.compile(r"(\+?z?(\.\d)?[f%])?")
"""What a field may ask for: a sign, decimals, percent. A width could ask for any amount of memory."""


class LessonError(ValueError):
    """A lesson that cannot be read, written or recorded. The message names the file and the place, and says what to do."""


def lesson_of(told: Mapping[str, Any], arrays: Mapping[str, Array], runs: Mapping[str, bytes], place: str) -> Lesson:
    """Returns the lesson of a file's words, arrays (by member name without ending) and runs (by member name). Raises LessonError."""
    check = _Check(f"{place}, lesson.json")
    acts = check.rows(told.get("acts"), "acts", MOST_ACTS)
    if not acts:
        raise check.wrong("acts", "there are none")
    made = tuple(_act(act, f"acts/{number}", arrays, place) for number, act in enumerate(acts))
    names = [f"acts/{number}/run.bloom" for number in range(len(acts))]
    missing = [name for name in names if name not in runs]
    if missing:
        raise LessonError(f"{place}, member {missing[0]}: is missing. Record the lesson again.")
    return Lesson(check.text(told.get("name"), "name"), check.text(told.get("title"), "title"), made, tuple(runs[name] for name in names))


class _Check:
    """Says what is wrong at one place of a file."""

    def __init__(self, place: str) -> None:
        self.place = place

    def wrong(self, what: str, why: str) -> LessonError:
        return LessonError(f"{self.place}, {what}: {why}. Record the lesson again, or copy it again.")

    def text(self, value: Any, what: str) -> str:
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise self.wrong(what, f"is not a text of at most {LONGEST_TEXT} letters")
        return value

    def texts(self, value: Any, what: str, most: int) -> tuple[str, ...]:
        return tuple(self.text(entry, what) for entry in self.entries(value, what, most))

    def entries(self, value: Any, what: str, most: int) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(what, f"is not a list of at most {most}")
        return value

    def rows(self, value: Any, what: str, most: int) -> list[dict[str, Any]]:
        rows = self.entries(value, what, most)
        if not all(isinstance(row, dict) for row in rows):
            raise self.wrong(what, "holds something else than objects")
        return rows

    def number(self, value: Any, what: str) -> float:
        if type(value) not in (int, float) or not abs(value) < 1e300:
            raise self.wrong(what, "is not a number")
        return float(value)

    def whole(self, value: Any, what: str, end: int) -> int:
        if type(value) is not int or not 0 <= value < end:
            raise self.wrong(what, f"{value!r} is not a number from 0 to {end - 1}")
        return value

    def choice(self, value: Any, what: str, choices: tuple[str, ...]) -> str:
        if value not in choices:
            raise self.wrong(what, f"{value!r} is none of {', '.join(choices)}")
        return str(value)

    def pair(self, value: Any, what: str) -> tuple[float, float]:
        pair = [self.number(entry, what) for entry in self.entries(value, what, 2)]
        if len(pair) != 2:
            raise self.wrong(what, "is not a pair")
        return pair[0], pair[1]


class _Arrays:
    """The arrays of an act."""

    def __init__(self, arrays: Mapping[str, Array], act: str, place: str) -> None:
        self._arrays, self._act, self._place = arrays, act, place

    def take(self, name: str, shape: tuple[int | None, ...], kind: type = np.float64, low: float = -math.inf, end: float = math.inf) -> Array:
        """Returns the array `name` of `shape` (None: any size) and type `kind`, all finite and from `low` on to below `end`."""
        where = f"{self._place}, member {self._act}/{name}.npy"
        array = self._arrays.get(f"{self._act}/{name}")
        if array is None:
            raise LessonError(f"{where}: is missing. Record the lesson again.")
        fits = array.ndim == len(shape) and all(wanted in (None, size) for wanted, size in zip(shape, array.shape, strict=True))
        if not fits or array.dtype != np.dtype(kind):
            told = f"is {array.dtype} of shape {array.shape}, not {np.dtype(kind)} of {tuple('any' if size is None else size for size in shape)}"
            raise LessonError(f"{where}: {told}. Record the lesson again.")
        if array.size and not (np.isfinite(array).all() and array.min() >= low and array.max() < end):
            raise LessonError(f"{where}: holds values that cannot be. Record the lesson again.")
        return array


def _act(told: Mapping[str, Any], name: str, arrays: Mapping[str, Array], place: str) -> Act:
    check, take = _Check(f"{place}, lesson.json, {name}"), _Arrays(arrays, name, place).take
    nodes = tuple(_node(check, node) for node in check.rows(told.get("nodes"), "nodes", MOST_NODES))
    edges = tuple(_edge(check, edge, len(nodes)) for edge in check.rows(told.get("edges"), "edges", MOST_EDGES))
    stages = tuple(check.choice(stage, "stages", STAGES) for stage in check.entries(told.get("stages"), "stages", MOST_MOMENTS))
    steps = take("steps", (None,), np.int64, 0, 2**53)
    count, moments = len(steps), len(stages)
    if not 1 <= count <= MOST_ROWS or steps[0] != 0 or (np.diff(steps) <= 0).any() or not moments or not nodes:
        raise check.wrong("steps", f"{count} recorded steps and {moments} moments: there must be some, and steps rise from 0")
    parameters = {}
    for key in check.texts(told.get("parameters"), "parameters", MOST_NODES):
        values = arrays.get(f"{name}/parameters/{key}")
        parameters[key] = take(f"parameters/{key}", (count, *(values.shape[1:] if values is not None else ())))
    captions = tuple(_caption(check, caption, moments) for caption in check.rows(told.get("captions"), "captions", MOST_MOMENTS))
    if any(later.moment <= caption.moment for caption, later in pairwise(captions)):
        raise check.wrong("captions", "do not come in the order of their moments")
    plane = None if told.get("plane") is None else _plane(check, told["plane"], take, count)
    sequence = None if told.get("sequence") is None else _sequence(check, told["sequence"], take, count)
    examples = len(sequence.given) if sequence is not None else len(plane.points) if plane is not None else 2**53
    return Act(
        check.text(told.get("name"), "name"),
        check.text(told.get("title"), "title"),
        nodes,
        edges,
        steps,
        parameters,
        take("losses", (count,)),
        take("rows", (moments,), np.int64, 0, count),
        take("examples", (moments,), np.int64, 0, examples),
        stages,
        take("node_values", (moments, len(nodes))),
        take("edge_values", (moments, len(edges))),
        captions,
        plane,
        sequence,
    )


def _node(check: _Check, told: Mapping[str, Any]) -> Node:
    kind = check.choice(told.get("kind"), "kind of a node", NODE_KINDS)
    label = check.text(told.get("label"), "label of a node")
    return Node(check.text(told.get("name"), "name of a node"), kind, label, check.pair(told.get("place"), "place of a node"))


def _edge(check: _Check, told: Mapping[str, Any], nodes: int) -> Edge:
    ends = [check.whole(told.get(end), f"{end} of an edge", nodes) for end in ("source", "target")]
    return Edge(check.text(told.get("name"), "name of an edge"), check.choice(told.get("kind"), "kind of an edge", EDGE_KINDS), *ends)


def _caption(check: _Check, told: Mapping[str, Any], moments: int) -> Caption:
    text, given = check.text(told.get("text"), "text of a caption"), told.get("values")
    if not isinstance(given, dict) or len(given) > _FIELD:
        raise check.wrong("values of a caption", f"are not at most {_FIELD} named values")
    values = {name: value if isinstance(value, str) else check.number(value, "value of a caption") for name, value in given.items()}
    if any(isinstance(value, str) and len(value) > LONGEST_TEXT for value in values.values()):
        raise check.wrong("value of a caption", "is too long a text")
    try:
        fields = [(name, form or "", how) for _, name, form, how in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise check.wrong("text of a caption", f"is no template ({error})") from error
    for name, form, how in fields:
        # What a template may do is narrow: attributes and indices are no names of values.
        if name not in values or how or not _NUMBER_FORMAT.fullmatch(form):
            raise check.wrong("text of a caption", f"has the field {{{name}:{form}}}, for which there is no value or which is no number format")
    try:
        text.format(**values)
    except (ValueError, KeyError, IndexError) as error:
        raise check.wrong("text of a caption", f"cannot be filled in ({error})") from error
    return Caption(check.whole(told.get("moment"), "moment of a caption", moments), text, values)


def _plane(check: _Check, told: Any, take: Any, count: int) -> Plane:
    if not isinstance(told, dict):
        raise check.wrong("plane", "is not an object")
    points = take("plane/points", (None, 2))
    surface = take("plane/surface", (count, None, None), np.float32)
    axes = check.texts(told.get("axes"), "axes of the plane", 2)
    names = check.texts(told.get("names"), "names of the points", len(points))
    extent = check.number(told.get("extent"), "extent of the plane")
    if len(axes) != 2 or len(names) not in (0, len(points)) or extent <= 0.0 or surface.shape[1] != surface.shape[2] or surface.shape[1] < 2:
        raise check.wrong("plane", "its two axes, names, extent or surface do not fit together")
    targets = take("plane/targets", (len(points),), low=0.0, end=1.5)
    return Plane(points, targets, surface, extent, (axes[0], axes[1]), names, check.pair(told.get("center"), "center of the plane"))


def _sequence(check: _Check, told: Any, take: Any, count: int) -> Sequence:
    if not isinstance(told, dict):
        raise check.wrong("sequence", "is not an object")
    symbols = check.texts(told.get("symbols"), "symbols", MOST_NODES)
    given = take("sequence/given", (None,), np.int64, 0, len(symbols))
    length = len(given)
    if not length:
        raise check.wrong("sequence", "is empty")
    wanted = take("sequence/wanted", (length,), np.int64, 0, len(symbols))
    predicted = take("sequence/predicted", (count, length, len(symbols)), np.float32, -1e-3, 1.001)
    durations = take("sequence/durations", (length,), low=1e-6, end=1e6)
    written: dict[int, str] = {}
    for entry in check.entries(told.get("written"), "what is written", count):
        row, text = check.entries(entry, "what is written", 2) if isinstance(entry, list) and len(entry) == 2 else (None, None)
        written[check.whole(row, "what is written", count)] = check.text(text, "what is written")
    return Sequence(check.text(told.get("title"), "title of the sequence"), symbols, given, wanted, predicted, durations, written)
