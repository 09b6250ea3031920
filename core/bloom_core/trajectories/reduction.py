"""Reducing a recorded run: PCA of its updates, and one PCA of its word vectors over all epochs.

Fitted where the run is made (scikit-learn, extra `train`), once over the whole run, and stored in it; Blender only multiplies. Signs are
fixed so that the same run always gives the same flower.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bloom_core.trajectories.run_model import FloatArray, Reduction, Trajectory

MAX_COMPONENTS = 32
PART_COMPONENTS = 8
WORD_COMPONENTS = 3
EXACT_ROWS = 100_000


def available() -> bool:
    """Returns whether scikit-learn is installed."""
    return importlib.util.find_spec("sklearn") is not None


def fit(rows: NDArray[np.float32], components: int) -> Reduction:
    """Returns the PCA of `rows` (n, D) with at most `components` directions; with stable signs.

    The sign rule: each direction's entry of largest magnitude is positive. `coordinates` is (n, K). Directions without any variance are
    left out, but at least one remains. Raises ValueError for rows that are not finite.
    """
    from sklearn.decomposition import PCA

    if len(rows) < 2:
        rows = np.vstack([rows, rows])[: max(2, len(rows))]
    # For a run of very many steps the covariance (D, D) does; its small directions are less exact, and they are not used.
    solver = "full" if len(rows) <= EXACT_ROWS else "covariance_eigh"
    with np.errstate(invalid="ignore"):  # rows that are all alike have no variance to take shares of
        model = PCA(n_components=min(components, *rows.shape), svd_solver=solver).fit(rows.astype(np.float64))
    total = float(model.explained_variance_.sum() + model.noise_variance_ * (min(rows.shape) - model.n_components_))
    share = model.explained_variance_ / total if total > 0.0 else np.zeros(model.n_components_)
    kept = max(1, int(np.count_nonzero(share > 1e-12)))
    basis, share = model.components_[:kept], share[:kept]
    largest = np.argmax(np.abs(basis), axis=1)
    basis = basis * np.where(basis[np.arange(kept), largest] < 0.0, -1.0, 1.0)[:, None]
    coordinates = (rows.astype(np.float64) - model.mean_) @ basis.T
    return Reduction(_single(basis), _single(model.mean_), _single(coordinates), _single(share))


def reduce_run(trajectory: Trajectory) -> Trajectory:
    """Returns the trajectory with its reductions fitted.

    K ≤ 32 directions of the whole network's update sketches, 8 of each part's where there are several, and the words' 3-D PCA. Raises ValueError
    for a run read without its sketches.
    """
    if trajectory.sketch is None:
        raise ValueError("the run was read without its sketches, so it cannot be reduced; read it with sketches=True")
    sketch = trajectory.sketch
    count = len(sketch)
    whole = _cut(fit(sketch.sum(axis=1, dtype=np.float64).astype(np.float32), MAX_COMPONENTS), count)
    several = sketch.shape[1] if sketch.shape[1] > 1 else 0
    parts = tuple(_cut(fit(sketch[:, part], PART_COMPONENTS), count) for part in range(several))
    words = trajectory.embeddings
    if words is not None:
        epochs, rows, size = words.values.shape
        found = fit(words.values.reshape(-1, size), WORD_COMPONENTS)
        words = replace(words, reduction=replace(found, coordinates=found.coordinates[: epochs * rows].reshape(epochs, rows, -1)))
    return replace(trajectory, reduction=whole, part_reductions=parts, embeddings=words)


def _cut(fitted: Reduction, count: int) -> Reduction:
    """Returns a reduction with `count` rows of coordinates: those of a single step are fitted on two alike."""
    return replace(fitted, coordinates=fitted.coordinates[:count])


def _single(values: NDArray[np.float64]) -> FloatArray:
    return np.asarray(values, dtype=np.float32)
