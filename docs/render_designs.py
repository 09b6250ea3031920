"""Renders the pictures of the flowers: docs/pictures/design-NAME.jpg, design-buds.jpg and design-children.jpg.

    python docs/render_designs.py [NAME ...] [--samples MILLIONS] [--rays N] [--out FOLDER]

Needs bpy; half an hour on two cores for all. Without names also the buds and the children. The thumbnails: `python -m bloom_core.thumbnails`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from bloom_core import breeding, designs, thumbnails  # noqa: E402
from bloom_core.designs import Design  # noqa: E402
from bloom_core.flames.flame_file import write_flames  # noqa: E402

Pixels = NDArray[np.float32]

SIZE, BUD, CHILD, CHILD_QUALITY = (560, 350), (224, 140), 128, 600.0
COLUMNS = 7  # of the buds
BUD_LIGHT = 0.6  # of the open flower's: a bud holds the same light in less room
JPEG = 82
RESOLUTION = 448  # voxels along the volume's longest side

MUTANTS = {"nigella": 0.35, "crocus": 0.6}
CROSSES = (("lotus", "thistle", 10), ("orchid", "dandelion", 20), ("peony", "waterlily", 30))
ROW = 7  # flowers in a row of children, a parent at its left end


def main() -> None:
    """Renders what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="designs; default: all, with the buds and the children")
    parser.add_argument("--samples", type=float, default=70.0, help="millions of points")
    parser.add_argument("--rays", type=int, default=12, help="Cycles samples per pixel")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", help="folder")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or designs.designs():
        write(options.out / f"design-{name}.jpg", still(name, SIZE, options.samples, options.rays))
    if not options.names:
        write(options.out / "design-buds.jpg", buds(options.samples / 3, options.rays / 2))
        write(options.out / "design-children.jpg", children())


def still(flower: str, size: tuple[int, int], samples: float, rays: float) -> Pixels:
    """Returns a picture of a design, or of a .flame file, as the add-on renders it: float32 (height, width, 4), the top row first."""
    with tempfile.TemporaryDirectory() as place:
        picture = Path(place) / "still.png"
        made = ["--out", str(picture), "--size", f"{size[0]}x{size[1]}", "--rays", f"{max(rays, 1):.0f}", "--samples", f"{samples:.0f}"]
        subprocess.run([sys.executable, "-m", "bloom_addon", "still", flower, *made, "--resolution", str(RESOLUTION)], cwd=ROOT, check=True)
        image: Any = bpy.data.images.load(str(picture))
        pixels = np.empty(4 * size[0] * size[1], np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
    return pixels.reshape(size[1], size[0], 4)[::-1]


def buds(samples: float, rays: float) -> Pixels:
    """Returns the buds of all designs, lit, in rows."""
    tiles = []
    with tempfile.TemporaryDirectory() as place:
        for name in designs.designs():
            path = Path(place) / f"{name}.flame"
            flower = designs.design(name)
            light = BUD_LIGHT * max(xform.opacity for xform in flower.open.xforms)
            closed = thumbnails.lit(flower.bud)
            dimmed = tuple(replace(xform, opacity=light * xform.opacity) for xform in closed.xforms)
            write_flames(path, [replace(closed, name=name, xforms=dimmed)])
            tiles.append(still(str(path), BUD, samples, rays))
    return in_rows(tiles, COLUMNS)


def children() -> Pixels:
    """Returns rows of flowers: first of a parent and its mutants, then of two parents and what lies between."""
    shown: list[Design] = []
    for name, strength in MUTANTS.items():
        parent = designs.design(name)
        shown += [parent, *(breeding.mutate(parent, strength, seed) for seed in range(ROW - 1))]
    for first, second, seed in CROSSES:
        ends = designs.design(first), designs.design(second)
        shown += [ends[0], *(breeding.breed(*ends, seed + number, (number + 1) / (ROW - 1)) for number in range(ROW - 2)), ends[1]]
    return in_rows([thumbnails.thumbnail(flower, CHILD, CHILD_QUALITY) for flower in shown], ROW)


def in_rows(tiles: list[Pixels], columns: int) -> Pixels:
    """Returns tiles of one size side by side, `columns` in a row; what is left of the last row is black."""
    empty = np.zeros_like(tiles[0])
    filled = tiles + [empty] * (-len(tiles) % columns)
    return np.vstack([np.hstack(filled[start : start + columns]) for start in range(0, len(filled), columns)])


def write(path: Path, pixels: Pixels) -> None:
    """Writes a JPEG of pixels (height, width, 4), the top row first."""
    height, width = pixels.shape[:2]
    image: Any = bpy.data.images.new(path.stem, width, height)
    image.pixels.foreach_set(np.ascontiguousarray(pixels[::-1]).ravel())
    image.file_format = "JPEG"
    image.save(filepath=str(path), quality=JPEG)
    bpy.data.images.remove(image)
    print(f"{path} {path.stat().st_size // 1024} KB", file=sys.stderr)


if __name__ == "__main__":
    main()
