"""What of a network's parameters this process holds, and where it lies among all parameters of the network.

All trainable tensors in the model's order, each flattened row by row, make one long vector. A process holds runs of it: whole tensors, or of a
tensor that is sharded (FSDP2, tensor parallel) the runs that `compute_local_shape_and_global_offset` of PyTorch tells.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bloom_core.trajectories.run_model import IntArray


@dataclass(frozen=True)
class Shard:
    """What this process holds of tensor number `layer`, which belongs to part number `part`.

    `runs` int64 (R, 3): offset in the flattened local tensor, length, index of the first entry among all parameters. Complex numbers count as two.
    """

    layer: int
    part: int
    parameter: Any
    runs: IntArray


def trainable(model: Any) -> list[tuple[str, Any]]:
    """Returns the names and tensors of the model's trainable parameters; tied ones once, wrappers' prefixes left out.

    Raises ValueError where there are none, and for models whose parameters cannot be told apart (FSDP1) or are not there yet (lazy modules).
    """
    if any(type(module).__name__ == "FullyShardedDataParallel" for module in model.modules()):
        raise ValueError("FullyShardedDataParallel (FSDP1) hides where its parameters are. Shard with torch.distributed.fsdp.fully_shard (FSDP2).")
    wrapped = type(model).__name__ in ("DistributedDataParallel", "DataParallel")
    named = [(_clean(name, wrapped), parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    if not named:
        raise ValueError("The model has no trainable parameters, so there is nothing to record.")
    lazy = next((name for name, parameter in named if type(parameter).__name__ == "UninitializedParameter"), None)
    if lazy is not None:
        raise ValueError(f"The parameter {lazy} has no shape yet. Send one batch through the model before recording it.")
    return named


def _clean(name: str, wrapped: bool) -> str:
    return ".".join(word for word in name.removeprefix("module." if wrapped else "").split(".") if word != "_orig_mod")


def size(parameter: Any) -> int:
    """Returns how many real numbers a parameter has in all processes together."""
    return int(math.prod(parameter.shape)) * (2 if parameter.is_complex() else 1)


def is_sharded(parameter: Any) -> bool:
    """Returns whether a parameter is a DTensor, of which every process holds a part or a copy."""
    return hasattr(parameter, "to_local") and hasattr(parameter, "placements")


def local(tensor: Any) -> Any:
    """Returns the values (or gradient) that this process holds, without their history, flattened row by row: a view where that is possible."""
    import torch

    if hasattr(tensor, "to_local"):
        tensor = tensor.to_local()
    tensor = tensor.detach()
    return torch.view_as_real(tensor).reshape(-1) if tensor.is_complex() else tensor.reshape(-1)


def shards_of(parameters: Sequence[Any], parts: Sequence[int], rank: int) -> list[Shard]:
    """Returns what process `rank` has to measure, so that every entry is measured by one process alone.

    Copies are left to one process: that of rank 0 for ordinary tensors, the first along each replicated dimension of a mesh. Raises ValueError for
    placements that are not plain shards or copies.
    """
    shards, start = [], 0
    for layer, (parameter, part) in enumerate(zip(parameters, parts, strict=True)):
        if is_sharded(parameter):
            runs = _runs(parameter, start)
        else:
            runs = np.array([[0, size(parameter), start]] if rank == 0 else np.empty((0, 3)), dtype=np.int64)
        runs = runs[runs[:, 1] > 0]
        if len(runs):
            shards.append(Shard(layer, part, parameter, runs))
        start += size(parameter)
    return shards


def _runs(parameter: Any, start: int) -> IntArray:
    from torch.distributed.tensor._utils import compute_local_shape_and_global_offset

    mesh, placements, shape = parameter.device_mesh, parameter.placements, tuple(parameter.shape)
    strange = [placement for placement in placements if type(placement).__name__ not in ("Shard", "Replicate")]
    if strange:
        raise ValueError(f"A parameter of shape {shape} is placed as {strange[0]}; only plain shards and copies can be recorded.")
    nothing = np.empty((0, 3), dtype=np.int64)
    place = mesh.get_coordinate()
    if place is None or any(at > 0 and type(placement).__name__ == "Replicate" for at, placement in zip(place, placements, strict=True)):
        return nothing
    held, offset = compute_local_shape_and_global_offset(shape, mesh, placements)
    if math.prod(held) == 0:
        return nothing
    cut = max((axis for axis in range(len(shape)) if held[axis] != shape[axis]), default=0)  # behind this axis the shard has all
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    length = math.prod(held[cut:])
    firsts = np.zeros(1, dtype=np.int64)
    for axis in range(cut):
        firsts = (firsts[:, None] + (np.arange(held[axis]) + offset[axis]) * strides[axis]).reshape(-1)
    firsts = firsts + (offset[cut] * strides[cut] if shape else 0)
    runs = np.stack([np.arange(len(firsts)) * length, np.full(len(firsts), length), firsts], axis=1)
    return np.asarray(runs * (2 if parameter.is_complex() else 1) + np.array([0, 0, start]), dtype=np.int64)
