"""Recording a training of several processes (torch.distributed): who writes, and how the shards' measurements are added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from bloom_core.recorder.shards import is_sharded
from bloom_core.trajectories.run_model import DoubleArray

PATIENCE = timedelta(minutes=5)
"""How long a process waits for the others to bring their share of a block before it gives up recording."""


class Together:
    """Adds up arrays over all processes, in a group of its own, so that it never meets the training's own communication.

    Made by all processes together. It runs on the CPU (gloo), in the recorder's thread.
    """

    def __init__(self) -> None:
        import torch
        import torch.distributed as distributed

        self._torch, self._distributed = torch, distributed
        self._group = distributed.new_group(backend="gloo", timeout=PATIENCE)

    def sum(self, step: int, arrays: Sequence[DoubleArray]) -> list[DoubleArray]:
        """Returns the sums of arrays whose rows are steps from number `step` on: of the rows that every process has.

        Raises RuntimeError when the others are gone, are not heard of for PATIENCE, or record other steps.
        """
        count = len(arrays[0])
        header = self._torch.tensor([count, step, -step])
        self._all_reduce(header, self._distributed.ReduceOp.MIN)
        common, first, last = header.tolist()
        if first != -last:
            raise RuntimeError(f"the processes record different steps ({first} and {-last})")
        flat = self._torch.from_numpy(np.concatenate([array[:common].reshape(-1) for array in arrays]))
        self._all_reduce(flat, self._distributed.ReduceOp.SUM)
        ends = np.cumsum([array[:common].size for array in arrays])[:-1]
        return [part.reshape(common, *array.shape[1:]) for part, array in zip(np.split(flat.numpy(), ends), arrays, strict=True)]

    def _all_reduce(self, tensor: Any, operation: Any) -> None:
        try:
            self._distributed.all_reduce(tensor, op=operation, group=self._group)
        except RuntimeError as error:
            raise RuntimeError(f"another process of the training has ended or stopped recording ({str(error).splitlines()[0]})") from error

    def close(self) -> None:
        """Leaves the group: who still waits for this process there, hears of it."""
        group, self._group = self._group, None  # its connections end with the last reference
        try:
            self._distributed.destroy_process_group(group)
        except (RuntimeError, ValueError, AssertionError):
            pass  # the training has already ended its communication altogether


def rank_and_sum(parameters: Sequence[Any]) -> tuple[int, Together | None]:
    """Returns this process's number, and what adds up measurements where parameters are sharded; in a lone process (0, None)."""
    import torch.distributed as distributed

    if not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() == 1:
        return 0, None
    return distributed.get_rank(), Together() if any(map(is_sharded, parameters)) else None
