"""The count sketch: a linear 64-number summary of a vector of any length (Charikar, Chen, Farach-Colton 2002).

Entry i of the network's flat parameter vector is added, with a sign, to one of 64 buckets; both come from a stateless hash
of i, so a shard of the network can be sketched alone and added to the others. The sketch is linear, and inner products are
kept in the mean; in 64 dimensions a norm is kept within about 10 %.

The hash works on blocks of 64 entries, which makes it cheap: with i = 64 b + j, the sign is bit j of splitmix64(SEED + b), and the
bucket is j XOR m(b), m(b) = (b mod 64) XOR f(⌊b / 64⌋), f the top 6 bits of splitmix64(SEED + 2⁶³ + ·). The 64 entries of a block
never meet in a bucket; neither do those 64 blocks apart by a constant permutation gather: a superblock of 4096 entries is folded
by one permutation that never changes (`core/native/recorder_kernel.cpp`), while f keeps the columns of wide matrices apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 64
SUPERBLOCK = DIMENSIONS * DIMENSIONS
SEED = 0xB100F10E
DESCRIPTION: dict[str, Any] = {"type": "count-sketch", "hash": "splitmix64 of blocks of 64", "seed": SEED, "dimensions": DIMENSIONS, "version": 2}
"""What `run.json` says about the sketches. Version 1 hashed every index by itself."""

_CHUNK = 256 * SUPERBLOCK


def block_signs(first: int, count: int) -> NDArray[np.uint64]:
    """Returns 64 signs each for the blocks first … first + count − 1, uint64 (count,): bit j set where entry j counts negatively."""
    return _splitmix64(np.arange(first, first + count, dtype=np.uint64) + np.uint64(SEED))


def superblock_masks(first: int, count: int) -> NDArray[np.int64]:
    """Returns f of the superblocks first … first + count − 1, int64 (count,) in [0, 64)."""
    hashed = _splitmix64(np.arange(first, first + count, dtype=np.uint64) + np.uint64(SEED + (1 << 63)))
    return (hashed >> np.uint64(58)).astype(np.int64)


def buckets_and_signs(start: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Returns the buckets int64 (count,) in [0, 64) and the signs float32 (count,), ±1, of flat indices start … start + count − 1."""
    first = start // DIMENSIONS
    blocks = np.arange(first, (start + count + DIMENSIONS - 1) // DIMENSIONS)
    superblocks = blocks // DIMENSIONS
    masks = (blocks % DIMENSIONS) ^ superblock_masks(first // DIMENSIONS, superblocks[-1] - superblocks[0] + 1 if len(blocks) else 0)[
        superblocks - first // DIMENSIONS
    ]
    entries = np.arange(DIMENSIONS)
    negative = (block_signs(first, len(blocks))[:, None] >> entries.astype(np.uint64)) & np.uint64(1)
    inside = slice(start - first * DIMENSIONS, start - first * DIMENSIONS + count)
    buckets = (entries ^ masks[:, None]).reshape(-1)[inside]
    signs = (1.0 - 2.0 * negative.astype(np.float32)).astype(np.float32)
    return buckets.astype(np.int64), signs.reshape(-1)[inside]


def sketch(vectors: NDArray[Any], start: int = 0) -> NDArray[np.float32]:
    """Returns the sketches float32 (n, 64) of `vectors` (n, d), whose first entry has the global flat index `start`."""
    sums = np.zeros((len(vectors), DIMENSIONS))
    for low in range(0, vectors.shape[1], _CHUNK):
        part = vectors[:, low : low + _CHUNK]
        buckets, signs = buckets_and_signs(start + low, part.shape[1])
        for row, vector in zip(sums, part, strict=True):
            row += np.bincount(buckets, weights=signs * vector, minlength=DIMENSIONS)
    return sums.astype(np.float32)


def _splitmix64(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns the numbers that splitmix64 (Steele, Lea, Flood 2014) makes of its states."""
    value = (state + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
