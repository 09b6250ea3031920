"""What a recorded run is, in memory: plain arrays with named columns. Its files are in `trajectory` and `run_writer`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Layer:
    """One recorded parameter tensor: its name in the model, its shape, and the module it belongs to."""

    name: str
    shape: tuple[int, ...]
    group: str


@dataclass(frozen=True)
class Reduction:
    """A PCA: `basis` float32 (K, D) with orthonormal rows, `mean` float32 (D,), `explained` float32 (K,), shares of the variance.

    `coordinates` float32: (T, K) for a run's updates, (E, V, 3) for its embeddings; (rows − mean) · basisᵀ.
    """

    basis: FloatArray
    mean: FloatArray
    coordinates: FloatArray
    explained: FloatArray


@dataclass(frozen=True)
class Embeddings:
    """Snapshots of word vectors.

    `steps` int64 (E,): optimizer steps made when a snapshot was taken (0: before the first); `epochs` float32 (E,);
    `ids` int64 (V,): rows of the model's table; `words`: V labels; `values` float32 (E, V, D). `reduction`: one 3-D PCA over all epochs.
    """

    steps: IntArray
    epochs: FloatArray
    ids: IntArray
    words: tuple[str, ...]
    values: FloatArray
    reduction: Reduction | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened at optimizer step `step` (the number in `Trajectory.steps`); `layer` and `batch` are None where not known."""

    step: int
    kind: str
    value: float | None = None
    layer: str | None = None
    batch: int | None = None


@dataclass(frozen=True)
class Trajectory:
    """A recorded run: T optimizer steps, L layers, G parameter groups.

    `steps` int64 (T,): number of the optimizer step, rising; `epoch` float32 (T,); `wall` float64 (T,), seconds since the start;
    `loss` float32 (T,), NaN where it was not logged; `lr` float32 (T, G), NaN where unknown;
    `update_norm`, `parameter_norm`, `gradient_norm` float32 (T, L): exact ‖Δθ‖₂, ‖θ‖₂ after the step, ‖∇‖₂ per layer (`gradient_norm` may be None);
    `sketch` float32 (T, L, 64): the count sketch of Δθ per layer (see `sketch`); `batch_id` int64 (T,), −1 where unknown;
    `nonfinite` uint8 (T,): 1 where loss, gradient or update was not finite. There norms may be NaN; sketches are 0.
    """

    steps: IntArray
    epoch: FloatArray
    wall: DoubleArray
    loss: FloatArray
    lr: FloatArray
    layers: tuple[Layer, ...]
    update_norm: FloatArray
    parameter_norm: FloatArray
    gradient_norm: FloatArray | None
    sketch: FloatArray
    batch_id: IntArray
    nonfinite: NDArray[np.uint8]
    embeddings: Embeddings | None = None
    reduction: Reduction | None = None
    events: tuple[Event, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def update_size(self) -> DoubleArray:
        """Returns the exact ‖Δθ‖₂ of the whole network per step, float64 (T,); 0 at non-finite steps."""
        norms = np.nan_to_num(self.update_norm.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        return np.asarray(np.sqrt(np.square(norms).sum(axis=1)))

    def share_of_path(self) -> DoubleArray:
        """Returns the share of the whole update path travelled after each step, float64 (T,), rising to 1 (even in steps when nothing moved)."""
        travelled = np.cumsum(self.update_size())
        if travelled[-1] <= 0.0:
            return np.arange(1, len(travelled) + 1) / len(travelled)
        return np.asarray(travelled / travelled[-1])

    def positions(self) -> DoubleArray:
        """Returns where the network stands after each step in the reduced directions, float64 (T, K), from 0 before the first step.

        These are the cumulated updates' PCA coordinates. A run that was never closed has no PCA; then the first 32 buckets of the
        sketch, which are random directions, take its place.
        """
        if self.reduction is None:
            return np.cumsum(self.sketch.sum(axis=1, dtype=np.float64)[:, :32], axis=0)
        fitted = self.reduction
        shift = fitted.basis.astype(np.float64) @ fitted.mean.astype(np.float64)
        return np.cumsum(fitted.coordinates.astype(np.float64) + shift, axis=0)
