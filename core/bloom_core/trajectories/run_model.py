"""What a recorded run is, in memory: plain arrays with named columns. Its files are in `trajectory` and `run_writer`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """One recorded parameter tensor: its name in the model, its shape, the module it belongs to, and its part.

    A part is a group of neighbouring layers whose updates are sketched together (see `parts`): "encoder", "decoder" …
    """

    name: str
    shape: tuple[int, ...]
    group: str
    part: str = ""


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
    """Something that happened at optimizer step `step` (the number in `Trajectory.steps`).

    `kind`: one of `events.KINDS`, or a name that the user marked; `value`: what was measured (`events.VALUES`); `layers`: names of the layers
    concerned, the most concerned first, () for the whole network; `batch`: the batch of that step, None where not known; `note`: what a viewer should
    read, such as "schedule" or "convergence".
    """

    step: int
    kind: str
    value: float | None = None
    layers: tuple[str, ...] = ()
    batch: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Trajectory:
    """A recorded run: T optimizer steps, L layers in P parts, G parameter groups.

    `steps` int64 (T,): number of the optimizer step, rising; `epoch` float32 (T,); `wall` float64 (T,), seconds since the start;
    `loss` float32 (T,), NaN where it was not logged; `lr` float32 (T, G), NaN where unknown;
    `update_norm`, `parameter_norm` float32 (T, L): exact ‖Δθ‖₂ of the step and ‖θ‖₂ after it, per layer;
    `gradient_norm` float32 (T, L): exact ‖∇‖₂ as the optimizer saw it (after clipping), or None; `raw_gradient_norm` float32 (T,): that of the whole
    network before clipping, NaN where nobody said; `cosine` float32 (T, 2): cosines of Δθ with the updates one and two steps before, from the
    sketches, NaN where unknown; `batch_id` int64 (T,), −1 where unknown; `nonfinite` uint8 (T,): 1 where loss, gradient or update was not finite
    (there norms may be NaN, and sketches are 0); `sketch` float32 (T, P, 64): the count sketch of Δθ per part (see `sketch`), or None where it was
    left on the disk because the reductions stand for it.
    `reduction`: the PCA of the whole network's updates; `part_reductions`: one for each part, or () for a run of one part.
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
    raw_gradient_norm: FloatArray
    cosine: FloatArray
    batch_id: IntArray
    nonfinite: NDArray[np.uint8]
    sketch: FloatArray | None
    embeddings: Embeddings | None = None
    reduction: Reduction | None = None
    part_reductions: tuple[Reduction, ...] = ()
    events: tuple[Event, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def parts(self) -> tuple[str, ...]:
        """The P parts of the network, in the order of their first layers."""
        return tuple(dict.fromkeys(layer.part for layer in self.layers))

    def update_size(self) -> DoubleArray:
        """Returns the exact ‖Δθ‖₂ of the whole network per step, float64 (T,); 0 at non-finite steps."""
        return np.asarray(np.sqrt(np.square(_finite(self.update_norm)).sum(axis=1)))

    def part_update_size(self) -> DoubleArray:
        """Returns the exact ‖Δθ‖₂ of each part per step, float64 (T, P); 0 where it was not finite."""
        return part_norms(self.update_norm, self.layers)

    def share_of_path(self) -> DoubleArray:
        """Returns the share of the whole update path travelled after each step, float64 (T,), rising to 1; all 0 when nothing ever moved."""
        travelled = np.cumsum(self.update_size())
        return np.asarray(travelled / travelled[-1]) if travelled[-1] > 0.0 else np.zeros(len(travelled))


def part_norms(norms: NDArray[Any], layers: Sequence[Layer]) -> DoubleArray:
    """Returns norms per part, float64 (T, P), of norms per layer (T, L); values that are not finite count as 0."""
    parts = list(dict.fromkeys(layer.part for layer in layers))
    member = np.array([[layer.part == part for part in parts] for layer in layers], dtype=np.float64)
    return np.asarray(np.sqrt(np.square(_finite(norms)) @ member))


def _finite(norms: NDArray[Any]) -> DoubleArray:
    return np.nan_to_num(norms.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
