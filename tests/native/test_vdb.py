"""The VDB files, read back by OpenVDB's own Python module, voxel for voxel; and what can be checked without it."""

from __future__ import annotations

import functools
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import native
from bloom_core.flames.flame import Flame, Variation, Xform, identity
from bloom_core.native import Box, Grid, NativeError

# Run by an interpreter that has OpenVDB: prints what it finds, and stores the dense values of each grid's bounding box.
READER = """
import json, sys
import numpy as np
try:
    import openvdb as vdb
except ImportError:
    import pyopenvdb as vdb
path, out = sys.argv[1:]
grids, metadata = vdb.readAll(path)
told = {"file": {k: str(v) for k, v in metadata.items()}, "grids": {}}
for grid in grids:
    count = grid.activeVoxelCount()
    low, high = grid.evalActiveVoxelBoundingBox() if count else ((0, 0, 0), (0, 0, 0))
    values, active = [], []
    for item in grid.iterOnValues():
        assert item.count == 1, "a tile"
        values.append(item.value)
        active.append(item.min)
    np.savez(out + "/" + grid.name, ijk=np.array(active, np.int32).reshape(-1, 3), value=np.array(values, np.float32))
    t = grid.transform
    told["grids"][grid.name] = {
        "type": grid.valueTypeName, "class": str(grid.gridClass), "background": grid.background, "count": count,
        "leaves": grid.leafCount(), "low": low, "high": high, "half": grid.saveFloatAsHalf, "voxel": t.voxelSize(),
        "origin": t.indexToWorld((0, 0, 0)), "far": t.indexToWorld((7, 8, 9)), "back": t.worldToIndex(t.indexToWorld((3, 5, 7))),
        "depth": grid.treeDepth, "metadata": {k: str(v) for k, v in grid.metadata.items()},
    }
print(json.dumps(told))
"""


@functools.cache
def python_with_openvdb() -> str | None:
    for name in (sys.executable, "/usr/bin/python3", shutil.which("python3"), shutil.which("python3.11")):
        check = "import numpy\ntry:\n    import openvdb\nexcept ImportError:\n    import pyopenvdb"
        if name and Path(name).exists() and subprocess.run([name, "-c", check], capture_output=True).returncode == 0:
            return name
    return None


def read_back(path: Path) -> tuple[dict[str, Any], dict[str, dict[tuple[int, int, int], float]]]:
    """Returns what OpenVDB says of a file, and each grid's active voxels."""
    python = python_with_openvdb()
    if python is None:
        pytest.skip("no Python here has OpenVDB's module (Debian: python3-openvdb)")
    run = subprocess.run([python, "-c", READER, str(path), str(path.parent)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    values = {}
    for name in told["grids"]:
        with np.load(path.parent / f"{name}.npz") as stored:
            values[name] = dict(zip(map(tuple, stored["ijk"].tolist()), stored["value"].tolist(), strict=True))
            assert len(values[name]) == told["grids"][name]["count"]
    return told, values


def active(grid: Grid, leaves: NDArray[Any]) -> dict[tuple[int, int, int], float]:
    """Returns the hit voxels of a native grid with their values."""
    leaf, *inner = np.nonzero(grid.mask())
    index = grid.origins()[leaf] + np.stack(inner, axis=1)
    return dict(zip(map(tuple, index.tolist()), leaves[tuple([leaf, *inner])].tolist(), strict=True))


def cloud(spread: float = 0.5) -> Flame:
    first = Xform((Variation("gaussian_blur", spread), Variation("zblur", spread)), color=0.9, color_speed=0.7)
    second = Xform((Variation("blur_pixelize", 0.6), Variation("ztranslate", 0.1)), color=0.1, opacity=0.3)
    return Flame((first, second))


def dot(*places: tuple[float, float, float]) -> Flame:
    def at(place: tuple[float, float, float]) -> NDArray[np.float64]:
        out = identity()
        out[:, 3] = place
        return out

    return Flame(tuple(Xform((), post=at(place), color=0.25, color_speed=1.0) for place in places))


def written(grid: Grid, folder: Path, *, gain: float = 1.0, half: bool = True) -> Path:
    path = folder / "frame.vdb"
    grid.write_vdb(path, gain=gain, half=half)
    return path


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("gain", [1.0, 1e-3, 2e4])
def test_every_voxel_is_read_back_as_it_was(tmp_path: Path, half: bool, gain: float) -> None:
    box = Box((-1.0, -0.8, -0.6), (1.0, 0.9, 0.7))
    with native.accumulate(cloud(), 300_000, box, 150, seed=9) as grid:
        told, values = read_back(written(grid, tmp_path, gain=gain, half=half))
        for name, leaves in (("density", grid.density(gain)), ("palette", grid.palette())):
            stored = leaves.astype(np.float16).astype(np.float32) if half else leaves
            assert values[name] == active(grid, stored)
            assert told["grids"][name]["leaves"] == grid.leaf_count
            assert told["grids"][name]["half"] is half


def test_the_grids_are_named_typed_and_placed(tmp_path: Path) -> None:
    with native.accumulate(cloud(), 50_000, Box((-1.0, -0.8, -0.6), (1.0, 0.9, 0.7)), 64) as grid:
        told, _ = read_back(written(grid, tmp_path))
        assert list(told["grids"]) == ["density", "palette"]
        for about in told["grids"].values():
            assert (about["type"], about["background"], about["depth"]) == ("float", 0.0, 4)
            assert "fog" in about["class"].lower()
            np.testing.assert_allclose(about["voxel"], [grid.voxel_size] * 3)
            for index, where in (((0, 0, 0), "origin"), ((7, 8, 9), "far")):
                np.testing.assert_allclose(about[where], np.array(grid.low) + (np.array(index) + 0.5) * grid.voxel_size, atol=1e-12)
            np.testing.assert_allclose(about["back"], [3, 5, 7], atol=1e-9)
            assert (np.array(about["low"]) >= 0).all() and (np.array(about["high"]) < grid.dimensions).all()
            assert about["metadata"]["file_voxel_count"] == str(about["count"])


@pytest.mark.parametrize("half", [False, True])
def test_an_empty_grid_is_a_valid_file(tmp_path: Path, half: bool) -> None:
    with native.accumulate(cloud(), 0, Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), 16) as grid:
        told, values = read_back(written(grid, tmp_path, half=half))
        assert values == {"density": {}, "palette": {}}
        assert told["grids"]["density"]["leaves"] == 0


def test_a_single_voxel(tmp_path: Path) -> None:
    with native.accumulate(dot((0.3, 0.6, 0.9)), 4096, Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), 20) as grid:
        _, values = read_back(written(grid, tmp_path, half=False))
        assert list(values["density"]) == [(6, 12, 18)] or list(values["density"]) == [(5, 11, 17)]  # on a border, in float
        assert list(values["palette"].values()) == [pytest.approx(0.25, abs=1e-5)]
        expected = np.log1p(1.0 / (1 / 20) ** 3)  # all the hits of all the samples in one voxel
        assert list(values["density"].values()) == [pytest.approx(expected, rel=1e-6)]


def test_the_corners_of_the_largest_box(tmp_path: Path) -> None:
    # 4096 voxels are a whole child of the root; 128 and 8 are the sides of the nodes below.
    near = [0.5, 7.5, 8.5, 127.5, 128.5, 2047.5, 4095.5]
    places = [(x, y, z) for x in near for y in (0.5, 4095.5) for z in (0.5, 128.5, 4095.5)]
    with native.accumulate(dot(*places), 500_000, Box((0.0, 0.0, 0.0), (4096.0, 4096.0, 4096.0)), 4096) as grid:
        told, values = read_back(written(grid, tmp_path, half=False))
        assert set(values["density"]) == {tuple(int(v) for v in place) for place in places}
        assert values["density"] == active(grid, grid.density(1.0)) and values["palette"] == active(grid, grid.palette())
        assert told["grids"]["density"]["high"] == [4095, 4095, 4095]


def test_the_same_grid_gives_the_same_bytes(tmp_path: Path) -> None:
    def bake(name: str, threads: int) -> bytes:
        with native.accumulate(cloud(), 2_500_000, Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)), 100, seed=4, threads=threads) as grid:
            grid.write_vdb(tmp_path / name, gain=3.0)
        return (tmp_path / name).read_bytes()

    assert bake("one.vdb", 1) == bake("two.vdb", 2)


@pytest.mark.parametrize("half", [False, True])
def test_the_offsets_lead_from_grid_to_grid(tmp_path: Path, half: bool) -> None:
    with native.accumulate(cloud(), 50_000, Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)), 50) as grid:
        data = written(grid, tmp_path, half=half).read_bytes()
        voxels = int(grid.mask().sum())
    assert struct.unpack_from("<QIIIB", data) == (0x56444220, 224, 10, 0, 1)
    at = 21 + 36  # past the head and the identifier

    def text() -> str:
        nonlocal at
        (size,) = struct.unpack_from("<I", data, at)
        at += 4 + size
        return data[at - size : at].decode()

    (entries,) = struct.unpack_from("<I", data, at)
    at += 4
    for _ in range(entries):
        assert text() and text()  # its name and type
        text()  # its value, which begins with a size as well
    assert struct.unpack_from("<I", data, at) == (2,)
    at += 4
    for name in ("density", "palette"):
        assert text() == name
        assert text() == "Tree_float_5_4_3" + ("_HalfFloat" if half else "")
        assert text() == ""
        begin, blocks, end = struct.unpack_from("<qqq", data, at)
        assert at + 24 == begin < blocks < end <= len(data)
        leaves = (end - blocks - voxels * (2 if half else 4)) / 65  # each has a mask of 64 bytes and a byte of its kind
        assert leaves == int(leaves) > 0
        at = end
    assert at == len(data)


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with native.accumulate(cloud(), 4096, Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)), 16) as grid:
        target = tmp_path / "missing" / "frame.vdb"
        with pytest.raises(NativeError, match=r"frame\.vdb"):
            grid.write_vdb(target, gain=1.0)
        if Path("/dev/full").exists():
            with pytest.raises(NativeError, match="/dev/full"):
                grid.write_vdb("/dev/full", gain=1.0)
        for gain in (0.0, -1.0, float("nan"), float("inf")):
            with pytest.raises(NativeError, match="gain"):
                grid.write_vdb(tmp_path / "frame.vdb", gain=gain)


def test_a_name_in_any_language(tmp_path: Path) -> None:
    with native.accumulate(cloud(), 4096, Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)), 16) as grid:
        path = tmp_path / "花 été.vdb"
        grid.write_vdb(path, gain=1.0)
        assert path.stat().st_size > 100


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
def test_colour_and_compression_read_back_the_same(tmp_path: Path, half: bool, compressed: bool) -> None:
    palette = np.array([[1.0, 0.2, 0.1], [0.1, 0.8, 0.3], [0.3, 0.2, 1.0]])
    flame = Flame(cloud().xforms, palette=palette)
    box = Box((-1.0, -0.8, -0.6), (1.0, 0.9, 0.7))
    with native.accumulate(flame, 1_000_000, box, 64, color=True) as grid:
        grid.write_vdb(tmp_path / "c.vdb", gain=5.0, half=half, compressed=compressed)
        told, values = read_back(tmp_path / "c.vdb")
        assert told["grids"]["Cd"]["type"] == "vec3s" and told["grids"]["Cd"]["half"] == half
        for name, expected in (("density", grid.density(5.0)), ("palette", grid.palette()), ("Cd", grid.color())):
            wanted = active(grid, expected.astype(np.float16).astype(np.float32) if half else expected)
            assert wanted.keys() == values[name].keys()
            np.testing.assert_array_equal([values[name][place] for place in wanted], list(wanted.values()))


def test_compression_makes_a_file_smaller(tmp_path: Path) -> None:
    with native.accumulate(cloud(), 2_000_000, Box((-1.0, -0.8, -0.6), (1.0, 0.9, 0.7)), 64) as grid:
        grid.write_vdb(tmp_path / "plain.vdb", gain=5.0)
        grid.write_vdb(tmp_path / "packed.vdb", gain=5.0, compressed=True)
    assert (tmp_path / "packed.vdb").stat().st_size < 0.95 * (tmp_path / "plain.vdb").stat().st_size
