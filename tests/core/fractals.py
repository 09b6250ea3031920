"""Fractals whose dimension is known, as labels of maps, uint8 arrays; made anew by whoever tests with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]

KOCH, CARPET, GASKET, DUST, SPONGE = (float(np.log(n) / np.log(s)) for n, s in ((4, 3), (8, 3), (3, 2), (4, 3), (20, 3)))


def half_plane(side: int, degrees: float, beside: float = 0.0) -> Labels:
    """Returns a half-plane whose edge, a straight line, passes by the middle at an angle."""
    y, x = np.mgrid[:side, :side] - 0.5 * side + 0.137
    angle = np.radians(degrees)
    return (x * np.sin(angle) + beside < y * np.cos(angle)).astype(np.uint8)


def snowflake(side: int, level: int, turned: float = 0.0) -> Labels:
    """Returns Koch's snowflake, turned by an angle, filled: even-odd, by where its edges cross the middle of each row."""
    corners = np.exp(1j * (turned + np.pi / 2 - np.arange(3) * 2 * np.pi / 3))
    for _ in range(level):
        third = (np.roll(corners, -1) - corners) / 3
        corners = np.stack([corners, corners + third, corners + third * (1 + np.exp(1j * np.pi / 3)), corners + 2 * third], axis=1).ravel()
    begin = (0.46 * corners + 0.5 + 0.5j) * side
    end = np.roll(begin, -1)
    first = np.ceil(np.minimum(begin.imag, end.imag) - 0.5).astype(np.int64)
    rows = np.ceil(np.maximum(begin.imag, end.imag) - 0.5).astype(np.int64) - first
    edge = np.repeat(np.arange(len(begin)), rows)
    row = first[edge] + np.arange(rows.sum()) - np.repeat(np.cumsum(rows) - rows, rows)
    along = (row + 0.5 - begin.imag[edge]) / (end.imag[edge] - begin.imag[edge])
    column = np.ceil(begin.real[edge] + along * (end.real[edge] - begin.real[edge]) - 0.5).astype(np.int64)
    crossings = np.zeros((side, side + 1), np.int64)
    np.add.at(crossings, (row, np.clip(column, 0, side)), 1)
    return (np.cumsum(crossings, axis=1)[:, :side] % 2).astype(np.uint8)


def carpet(level: int) -> Labels:
    """Returns Sierpinski's carpet, 3^level pixels wide: squares whose middle ninth is taken out, again and again."""
    digits = _thirds(level)
    return np.logical_and.reduce([~(digit[:, None] & digit[None, :]) for digit in digits]).astype(np.uint8)


def gasket(level: int) -> Labels:
    """Returns Sierpinski's triangle, 2^level pixels wide: Pascal's triangle modulo 2."""
    index = np.arange(2**level)
    return ((index[:, None] & index[None, :]) == 0).astype(np.uint8)


def dust(level: int) -> Labels:
    """Returns Cantor's dust, 3^level pixels wide."""
    kept = ~np.logical_or.reduce(_thirds(level))
    return (kept[:, None] & kept[None, :]).astype(np.uint8)


def sponge(level: int) -> Labels:
    """Returns Menger's sponge, 3^level pixels wide."""
    out = np.ones((3**level,) * 3, np.bool_)
    for digit in _thirds(level):
        x, y, z = digit[:, None, None], digit[None, :, None], digit[None, None, :]
        out &= ~((x & y) | (x & z) | (y & z))
    return out.astype(np.uint8)


def mandelbrot_distance(center: complex, width: float, side: int, steps: int) -> NDArray[np.float64]:
    """Returns how far the pixels of a square view of the Mandelbrot set are from its boundary, at most and in pixels; NaN where they may be inside.

    The exterior distance estimate 2 |z| ln |z| / |dz/dc|, four times too large at the worst (Peitgen and Saupe, "The science of fractal images",
    1988): where it says less than a pixel, there is boundary within a pixel, however thin. Points that stay for `steps` count as inside.
    """
    pitch = width / side
    places = (np.arange(side) + 0.5 - 0.5 * side) * pitch
    c = (center + places[None, :] + 1j * places[:, None]).ravel()
    blocks = np.array_split(c, max(1, len(c) // 4096))  # which stay in the processor's cache
    return np.concatenate([_distances(block, steps) for block in blocks]).reshape(side, side) / pitch


def _distances(c: NDArray[np.complex128], steps: int) -> NDArray[np.float64]:
    distance, going = np.full(len(c), np.nan), np.arange(len(c))
    z, slope = np.zeros(len(c), np.complex128), np.zeros(len(c), np.complex128)
    burst = 16
    with np.errstate(all="ignore"):
        for _ in range(0, steps, burst):
            before = z, slope
            for _ in range(burst):
                slope = 2.0 * z * slope + 1.0
                z = z * z + c
            gone = ~(z.real * z.real + z.imag * z.imag < 1e10)
            if gone.any():
                # These have flown off: they go again from before the burst, step by step, and stop when they are far enough.
                far, steep, own = before[0][gone], before[1][gone], c[gone]
                for _ in range(burst):
                    near = np.abs(far) < 1e5
                    steep = np.where(near, 2.0 * far * steep + 1.0, steep)
                    far = np.where(near, far * far + own, far)
                distance[going[gone]] = 2.0 * np.abs(far) * np.log(np.abs(far)) / np.abs(steep)
                z, slope, c, going = z[~gone], slope[~gone], c[~gone], going[~gone]
            if not len(c):
                break
    return distance


def _thirds(level: int) -> list[NDArray[np.bool_]]:
    """Returns for each digit of the numbers below 3^level, in base 3, whether it is a 1."""
    index = np.arange(3**level)
    return [index // 3**power % 3 == 1 for power in range(level)]
