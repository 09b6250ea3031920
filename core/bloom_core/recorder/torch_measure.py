"""Measuring a step with PyTorch's own operators: on any device, never waiting for it. Also serves doubles on the CPU.

The shards are worked off in groups of superblocks (see `sketch`), so that little memory is needed beside the copy of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bloom_core.recorder.shards import Shard, local
from bloom_core.trajectories.run_model import DoubleArray
from bloom_core.trajectories.sketch import DIMENSIONS, SUPERBLOCK, block_signs, superblock_masks

_SMALLEST_GROUP, _LARGEST_GROUP = 256, 4096
"""Superblocks that are worked off at a time: a sixteenth of the parameters, but within these."""


@dataclass(frozen=True)
class _Piece:
    """Entries `low` … `low + count` of a shard, which follow each other in the network too, from `start` on; `superblock`: its place in its group."""

    shard: int
    low: int
    count: int
    start: int
    superblock: int


@dataclass(frozen=True)
class _Group:
    """Pieces, and what the sketch of their S superblocks needs: packed signs uint8 (S, 512, 1), the fold's gather int64 (S, 64), parts int64 (S,)."""

    pieces: tuple[_Piece, ...]
    before: list[Any]
    signs: Any
    gather: Any
    parts: Any


def to_host(tensor: Any) -> Callable[[], Any]:
    """Starts copying a tensor to the host; returns what waits for it and gives a NumPy array of doubles. To be called in another thread."""
    import torch

    if tensor.device.type != "cuda":
        return lambda: tensor.cpu().double().numpy()
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    host.copy_(tensor, non_blocking=True)
    copied = torch.cuda.Event()
    copied.record(torch.cuda.current_stream(tensor.device))

    def wait() -> Any:
        copied.synchronize()
        return host.double().numpy()

    return wait


class TorchMeasure:
    """Measures shards that lie on one device, in float32, or in float64 where `double`; keeps one copy of them.

    `parameters` float64 (L,): squares of the norms that they had at first.
    """

    def __init__(self, shards: Sequence[Shard], *, layers: int, parts: int, capacity: int, double: bool = False) -> None:
        import torch

        self._torch = torch
        self._shards = tuple(shards)
        self._sizes = [int(shard.runs[:, 1].sum()) for shard in shards]
        self._device = local(shards[0].parameter).device
        self._dtype = torch.float64 if double else torch.float32
        self._layers, self._parts, self._capacity = layers, parts, capacity
        total = sum(self._sizes)
        self._before = torch.empty(total, dtype=self._dtype, device=self._device)
        limit = min(max(total // (16 * SUPERBLOCK), _SMALLEST_GROUP), _LARGEST_GROUP)
        self._groups = [self._group(pieces) for pieces in _cut(shards, limit)]
        self._piece_layers = np.array([shards[piece.shard].layer for group in self._groups for piece in group.pieces])
        self._shard_layers = np.array([shard.layer for shard in shards])
        blocks, entries = np.divmod(np.arange(SUPERBLOCK), DIMENSIONS)
        self._permutation = self._integers(blocks * DIMENSIONS + (entries ^ blocks))
        self._shifts = torch.arange(8, dtype=torch.uint8, device=self._device)
        self._scratch = torch.empty(max(len(group.parts) for group in self._groups), SUPERBLOCK, dtype=self._dtype, device=self._device)
        self._places: dict[tuple[int, ...], Any] = {}
        self._new_block()
        for group in self._groups:
            torch._foreach_copy_(group.before, self._pieces(group, self._values()))
        norms = np.concatenate([torch.stack(torch._foreach_norm(group.before)).cpu().double().numpy() for group in self._groups])
        self.parameters = np.bincount(self._piece_layers, np.square(norms), minlength=layers).astype(np.float64)

    def step(self) -> None:
        """Measures what changed since the last call. Raises RuntimeError when a parameter has another size or device than before."""
        torch, row, number = self._torch, self._count, 0
        values = self._values()
        for group in self._groups:
            scratch = self._scratch[: len(group.parts)].zero_()
            update = self._inside(scratch, group)
            after = self._pieces(group, values)
            torch._foreach_copy_(update, after)
            torch._foreach_sub_(update, group.before)
            torch._foreach_copy_(group.before, after)
            to = slice(number, number + len(group.pieces))
            number = to.stop
            self._norms[row, to, 0] = torch.stack(torch._foreach_norm(update))
            self._norms[row, to, 1] = torch.stack(torch._foreach_norm(group.before))
            self._sketches[row].index_add_(0, group.parts, self._fold(scratch, group))
        there = tuple(index for index, shard in enumerate(self._shards) if shard.parameter.grad is not None)
        if there:
            if there not in self._places:
                self._places = {there: self._integers(np.array(there))}
            gradients = [self._gradient(self._shards[index].parameter.grad) for index in there]
            norms = torch._foreach_norm(gradients, 2, dtype=self._dtype)
            self._gradients[row].index_copy_(0, self._places[there], torch.stack(norms))
        self._count += 1

    def take(self) -> Callable[[], tuple[DoubleArray, DoubleArray]]:
        """Returns what gives the steps since the last call: squares (n, L, 3) of update, parameters and gradient, and sketches (n, P, 64)."""
        count, layers = self._count, self._layers
        norms, gradients, sketches = (to_host(buffer[:count]) for buffer in (self._norms, self._gradients, self._sketches))
        self._new_block()

        def wait() -> tuple[DoubleArray, DoubleArray]:
            squares = np.zeros((count, layers, 3))
            by_piece, by_shard = np.square(norms()), np.square(gradients())
            for piece, layer in enumerate(self._piece_layers):
                squares[:, layer, :2] += by_piece[:, piece]
            for shard, layer in enumerate(self._shard_layers):
                squares[:, layer, 2] += by_shard[:, shard]
            return squares, np.asarray(sketches())

        return wait

    def _new_block(self) -> None:
        """Makes new buffers: the old ones may still be on their way to the host."""
        shapes = (len(self._piece_layers), 2), (len(self._shards),), (self._parts, DIMENSIONS)
        buffers = [self._torch.zeros(self._capacity, *shape, dtype=self._dtype, device=self._device) for shape in shapes]
        self._count = 0
        self._norms, self._gradients, self._sketches = buffers

    def _group(self, pieces: Sequence[_Piece]) -> _Group:
        starts = np.cumsum([0, *self._sizes[:-1]])
        first = [np.arange(piece.start // SUPERBLOCK, _superblocks_end(piece)) for piece in pieces]
        numbers = np.concatenate(first)
        signs = np.concatenate([block_signs(number * DIMENSIONS, DIMENSIONS) for number in numbers]).astype("<u8").view(np.uint8)
        masks = np.concatenate([superblock_masks(number, 1) for number in numbers])
        parts = np.concatenate([np.full(len(span), self._shards[piece.shard].part) for piece, span in zip(pieces, first, strict=True)])
        before = [self._before.narrow(0, int(starts[piece.shard]) + piece.low, piece.count) for piece in pieces]
        packed = self._torch.from_numpy(signs.reshape(len(numbers), -1, 1)).to(self._device)
        return _Group(tuple(pieces), before, packed, self._integers(np.arange(DIMENSIONS) ^ masks[:, None]), self._integers(parts))

    def _integers(self, values: Any) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(values, dtype=np.int64)).to(self._device, non_blocking=True)

    def _values(self) -> list[Any]:
        values = [local(shard.parameter) for shard in self._shards]
        for value, size in zip(values, self._sizes, strict=True):
            if value.numel() != size or value.device != self._device:
                raise RuntimeError(f"a parameter of {size} values on {self._device} is now one of {value.numel()} on {value.device}")
        return values

    def _gradient(self, gradient: Any) -> Any:
        return local(gradient if gradient.layout is self._torch.strided else gradient.coalesce().values())

    def _pieces(self, group: _Group, values: Sequence[Any]) -> list[Any]:
        return [values[piece.shard].narrow(0, piece.low, piece.count) for piece in group.pieces]

    def _inside(self, scratch: Any, group: _Group) -> list[Any]:
        """Returns where the pieces lie among the superblocks of their group."""
        flat = scratch.view(-1)
        return [flat.narrow(0, piece.superblock * SUPERBLOCK + piece.start % SUPERBLOCK, piece.count) for piece in group.pieces]

    def _fold(self, scratch: Any, group: _Group) -> Any:
        """Returns what each superblock adds to the sketch of its part, (S, 64); `scratch` is spent."""
        torch, count = self._torch, len(group.parts)
        negative = torch.bitwise_right_shift(group.signs, self._shifts).bitwise_and_(1).view(torch.int8)
        scratch.mul_(negative.mul_(-2).add_(1).view(count, SUPERBLOCK))
        folded = scratch.index_select(1, self._permutation).view(count, DIMENSIONS, DIMENSIONS).sum(1)
        return folded.gather(1, group.gather)


def _superblocks_end(piece: _Piece) -> int:
    return -(-(piece.start + piece.count) // SUPERBLOCK)


def _cut(shards: Sequence[Shard], limit: int) -> list[list[_Piece]]:
    """Cuts the shards' runs where superblocks end, into groups of at most `limit` superblocks; no two pieces share one."""
    groups: list[list[_Piece]] = [[]]
    taken = 0
    for index, shard in enumerate(shards):
        for low, count, start in shard.runs.tolist():
            done = 0
            while done < count:
                if taken == limit:
                    groups.append([])
                    taken = 0
                at = start + done
                end = (at // SUPERBLOCK + limit - taken) * SUPERBLOCK
                piece = _Piece(index, low + done, min(count - done, end - at), at, taken)
                groups[-1].append(piece)
                taken += _superblocks_end(piece) - at // SUPERBLOCK
                done += piece.count
    return groups
