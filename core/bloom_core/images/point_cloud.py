"""Point clouds as binary PLY files, which Blender, MeshLab and CloudCompare read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bloom_core.native import Points
from bloom_core.whole_file import whole_file

_ROW = np.dtype([("position", "<f4", 3), ("palette", "<f4"), ("weight", "<f4"), ("xform", "u1"), ("identity", "<u4")])
_HEADER = """ply
format binary_little_endian 1.0
comment Bloom
element vertex {count}
property float x
property float y
property float z
property float palette
property float weight
property uchar xform
property uint identity
end_header
"""
_CHUNK = 1 << 18


def write_ply(path: Path | str, points: Points) -> None:
    """Writes little-endian vertices: x, y, z in flame units, palette coordinate in [0, 1] and weight, all float; the number of the
    xform that made the point, and its identity (modulo 2³²) by which it is found again in the cloud of another frame.

    The file appears whole or not at all. Raises OSError where it cannot be written.
    """
    target, count = Path(path), len(points.position)
    with whole_file(target) as file:
        file.write(_HEADER.format(count=count).encode("ascii"))
        for start in range(0, count, _CHUNK):
            part = slice(start, start + _CHUNK)
            rows = np.empty(len(points.palette[part]), _ROW)
            rows["position"], rows["palette"], rows["weight"] = points.position[part], points.palette[part], points.weight[part]
            rows["xform"], rows["identity"] = points.xform[part], points.identity[part] & 0xFFFFFFFF
            file.write(rows.tobytes())
