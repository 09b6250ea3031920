"""What moves the colours: the words of the vocabulary, on their way through a 3-D PCA; or, without words, the parts of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trajectories.run_model import Embeddings, Trajectory

DoubleArray = NDArray[np.float64]

MAX_PLACES = 513
"""States at which the way of a run's parts is looked at: enough for a film, few enough for a run of a million steps."""

_BLOCK = 65_536  # steps worked on at once, so that a run of a million takes little memory

MAX_PARTS = 8
TOKENS, MAX_TOKENS = 8, 12
"""How many words a palette is made of: as many as are sampled (30 epochs of 8 words made the original's 256 colours), and at most of a sentence."""


@dataclass(frozen=True)
class Movers:
    """V words or parts at E moments.

    `states` float64 (E,): optimizer steps recorded before each, rising; `places` float64 (E, V, 3), finite; `weights` float64 (V,): how often each is
    sampled, 0 for what never moved (such as padding) unless nothing did; `sentences`: rows of `names`, as the model said them, () where not recorded.
    """

    kind: str
    names: tuple[str, ...]
    states: DoubleArray
    places: DoubleArray
    weights: DoubleArray
    sentences: tuple[tuple[int, ...], ...] = ()

    def way(self, mover: int) -> tuple[DoubleArray, DoubleArray]:
        """Returns how far a word or part has come from its first place, float64 (E, 3), and the length of its way until there, (E,); kept."""
        found = self._ways.get(mover)
        if found is None:
            way = self.places[:, mover] - self.places[0, mover]
            found = way, np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
            self._ways[mover] = found
        return found

    @cached_property
    def _ways(self) -> dict[int, tuple[DoubleArray, DoubleArray]]:
        return {}


def movers(run: Trajectory) -> Movers:
    """Returns the words of a run where it has any that moved, else its parts."""
    return _words(run) or parts(run)


def parts(run: Trajectory) -> Movers:
    """Returns the parts of the network; in a network of one part, at most MAX_PARTS runs of neighbouring layers.

    A part's place is the share of its own update path that it has travelled, times a direction of its own.
    """
    names = run.parts
    groups = [np.array([row for row, layer in enumerate(run.layers) if layer.part == name]) for name in names]
    if len(names) == 1:
        groups = np.array_split(np.arange(len(run.layers)), min(MAX_PARTS, len(run.layers)))
        names = tuple(run.layers[group[0]].name for group in groups)
    count = len(run.steps)
    states = np.unique(np.linspace(0, count, min(MAX_PLACES, count + 1)).round())
    share = shares(run.update_norm, groups, states)
    return Movers("parts", names, states, share[:, :, None] * _directions(len(names)), _weights(share[:, :, None]))


def shares(norms: NDArray[np.float32], groups: Sequence[NDArray[np.int64]], states: DoubleArray) -> DoubleArray:
    """Returns the share of its own path that each group of layers has travelled, float64 (F, G), from 0 to 1; 0 for a group that never moves.

    `norms` (T, L): ‖Δθ‖ per step and layer, what is not finite counts as 0; `states` (F,): steps made, between two the straight line.
    """
    lower = np.minimum(states.astype(np.int64), len(norms))
    rows = np.unique(np.concatenate([lower, np.minimum(lower + 1, len(norms))]))
    found, total = np.zeros((len(rows), len(groups))), np.zeros(len(groups))
    for start in range(0, len(norms), _BLOCK):
        block = np.nan_to_num(norms[start : start + _BLOCK].astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        sizes = np.stack([np.sqrt(np.square(block[:, group]).sum(axis=1)) for group in groups], axis=1)
        travelled = np.cumsum(np.vstack([total, sizes]), axis=0)
        here = (rows >= start) & (rows <= start + len(block))
        found[here] = travelled[rows[here] - start]
        total = travelled[-1]
    share = found / np.maximum(total, 1e-300)
    return np.stack([np.interp(states, rows, column) for column in share.T], axis=1)


def sample(found: Movers, random: np.random.Generator) -> NDArray[np.int64]:
    """Returns the words of a palette, int64 (n,), 1 ≤ n ≤ MAX_TOKENS: one of the model's sentences, or TOKENS sampled words; or all parts."""
    if found.kind == "parts":
        return np.flatnonzero(found.weights > 0.0)[:MAX_TOKENS]
    if found.sentences:
        sentence = found.sentences[int(random.integers(len(found.sentences)))]
        return np.array(sentence[:MAX_TOKENS], dtype=np.int64)
    share = found.weights / found.weights.sum()
    several = int(np.count_nonzero(share))
    return np.asarray(random.choice(len(share), size=TOKENS, p=share, replace=several < TOKENS), dtype=np.int64)


def pca(rows: NDArray[Any], components: int = 3) -> DoubleArray:
    """Returns coordinates float64 (n, components) of `rows` (n, D) in their first principal directions, padded with 0; sign-stable.

    For a run that is not reduced yet: an eigendecomposition of the (D, D) covariance, with numpy alone. The largest entry of a direction is positive.
    """
    values = np.nan_to_num(rows.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    values -= values.mean(axis=0)
    values /= max(float(np.abs(values).max(initial=0.0)), 1e-300)  # numbers near the end of their range must not overflow when squared
    _, directions = np.linalg.eigh(values.T @ values)
    basis = directions[:, ::-1][:, :components]
    basis = basis * np.where(basis[np.argmax(np.abs(basis), axis=0), np.arange(basis.shape[1])] < 0.0, -1.0, 1.0)
    return np.pad(values @ basis, ((0, 0), (0, components - basis.shape[1])))


def _words(run: Trajectory) -> Movers | None:
    """Returns the run's words, or None where it has none, or none of them moved."""
    words = run.embeddings
    if words is None or len(words.steps) < 2:
        return None
    places = _places(words)
    weights = _weights(places)
    if not np.ptp(places, axis=0).any():
        return None
    frequencies = _frequencies(run.meta, len(words.words))
    if (weights * frequencies).any():
        weights = weights * frequencies
    states = np.searchsorted(run.steps, words.steps, side="right").astype(np.float64)
    return Movers("words", words.words, states, places, weights, _sentences(run.meta, words, weights))


def _places(words: Embeddings) -> DoubleArray:
    if words.reduction is not None:
        places = np.nan_to_num(words.reduction.coordinates.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        return np.pad(places[:, :, :3], ((0, 0), (0, 0), (0, max(0, 3 - places.shape[2]))))
    epochs, count, size = words.values.shape
    return pca(words.values.reshape(-1, size)).reshape(epochs, count, 3)


def _weights(places: DoubleArray) -> DoubleArray:
    moved = (np.ptp(places, axis=0) > 0.0).any(axis=1).astype(np.float64)
    return moved if moved.any() else np.ones_like(moved)


def _frequencies(meta: Mapping[str, Any], count: int) -> DoubleArray:
    """Returns how often each word occurs, where the run's `frequencies` say so; else 1 for each."""
    given = meta.get("frequencies")
    if not isinstance(given, (list, tuple)) or len(given) != count or not all(isinstance(value, (int, float)) for value in given):
        return np.ones(count)
    values = np.array([float(min(value, 2**53)) for value in given])
    return np.where(np.isfinite(values) & (values > 0.0), values, 0.0)


def _sentences(meta: Mapping[str, Any], words: Embeddings, weights: DoubleArray) -> tuple[tuple[int, ...], ...]:
    """Returns the run's `sentences` (lists of words, or of their ids) as rows, without words that are not known or never moved."""
    given = meta.get("sentences")
    rows: dict[object, int] = {word: row for row, word in enumerate(words.words)} | {int(number): row for row, number in enumerate(words.ids)}
    sentences = []
    for sentence in given if isinstance(given, (list, tuple)) else ():
        tokens = sentence if isinstance(sentence, (list, tuple)) else ()
        known = [rows[token] for token in tokens if isinstance(token, (str, int)) and token in rows]
        moving = tuple(row for row in known if weights[row] > 0.0)
        sentences += [moving] if moving else []
    return tuple(sentences)


def _directions(count: int) -> DoubleArray:
    """Returns `count` directions (count, 3) all around, none near another: a golden spiral on the sphere."""
    height = 1.0 - (2.0 * np.arange(count) + 1.0) / count
    angle = np.arange(count) * np.pi * (3.0 - np.sqrt(5.0))
    radius = np.sqrt(1.0 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
