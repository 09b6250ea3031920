"""Point clouds as binary PLY files, which Blender, MeshLab and CloudCompare read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .native import Points
from .whole_file import whole_file

_ROW = np.dtype([("position", "<f4", 3), ("palette", "<f4"), ("weight", "<f4")])
_CHUNK = 1 << 18


def write_ply(path: Path | str, points: Points) -> None:
    """Writes little-endian vertices with x, y, z (flame units), palette (in [0, 1]) and weight, all float.

    The file appears whole or not at all. Raises OSError where it cannot be written.
    """
    target, count = Path(path), len(points.position)
    properties = "".join(f"property float {name}\n" for name in ("x", "y", "z", "palette", "weight"))
    header = f"ply\nformat binary_little_endian 1.0\ncomment Bloom\nelement vertex {count}\n{properties}end_header\n"
    with whole_file(target) as file:
        file.write(header.encode("ascii"))
        for start in range(0, count, _CHUNK):
            part = slice(start, start + _CHUNK)
            rows = np.empty(len(points.palette[part]), _ROW)
            rows["position"], rows["palette"], rows["weight"] = points.position[part], points.palette[part], points.weight[part]
            file.write(rows.tobytes())
