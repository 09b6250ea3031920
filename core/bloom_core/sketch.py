"""The count sketch: a linear 64-number summary of a vector of any length (Charikar, Chen, Farach-Colton 2002).

Entry i of the network's flat parameter vector is added, with a sign, to one of 64 buckets; bucket and sign come from a
stateless hash of i. The sketch is therefore linear (the sketch of a sum is the sum of sketches), a shard of the network
can be sketched alone and added to the others, and inner products are kept in the mean. In 64 dimensions a norm is kept
within about 10 %.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 64
SEED = 0xB100F10E
DESCRIPTION: dict[str, Any] = {"type": "count-sketch", "hash": "splitmix64", "seed": SEED, "dimensions": DIMENSIONS, "version": 1}
"""What `run.json` says about the sketches of format version 1."""


def buckets_and_signs(start: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Returns the buckets int64 (count,) in [0, 64) and the signs float32 (count,), ±1, of flat indices start … start + count − 1.

    The hash is one step of splitmix64 (Steele, Lea, Flood 2014) at state SEED + index: bucket = its low 6 bits, sign = its top bit.
    """
    state = np.arange(start, start + count, dtype=np.uint64) + np.uint64(SEED)
    state = (state + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    buckets = (state & np.uint64(DIMENSIONS - 1)).astype(np.int64)
    signs = 1.0 - 2.0 * (state >> np.uint64(63)).astype(np.float32)
    return buckets, signs.astype(np.float32)


def sketch(vectors: NDArray[Any], start: int = 0) -> NDArray[np.float32]:
    """Returns the sketches float32 (n, 64) of `vectors` (n, d), whose first entry has the global flat index `start`."""
    buckets, signs = buckets_and_signs(start, vectors.shape[1])
    return np.stack([np.bincount(buckets, weights=signs * vector, minlength=DIMENSIONS) for vector in vectors]).astype(np.float32)
