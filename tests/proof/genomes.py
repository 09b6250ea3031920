"""Genomes of flam3-genome against flam3-render, which is asked twice."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from skimage.io import imread

from bloom_core.flames.flame_file import read_flames
from bloom_core.images import image
from bloom_core.images.image_files import levels

from ..bench import flam3
from .likeness import HEAD, Picture, likeness, row

SEEDS, QUALITY = range(1, 11), 500.0


def main() -> bool:
    """Prints the table; says whether every picture is within the bar."""
    if why_not := flam3.install():
        print(why_not)
        return True
    print(f"flam3-genome's flames against flam3-render 3.1.1, quality {QUALITY:g}; own: flam3 against itself with another seed\n{HEAD}")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS:
            path = Path(folder) / f"{seed}.flame"
            path.write_text(flam3.genome(seed))
            first, second = (peer(path, isaac) for isaac in (1, 2))
            made = levels(image.render(read_flames(path)[0][0], quality=QUALITY).pixels, 8, False)
            found, own = likeness(made, first), likeness(second, first)
            print(row(f"seed {seed}", found, own), flush=True)
            good = good and found.within(own)
    return good


def peer(flame: Path, seed: int) -> Picture:
    """Returns flam3's own picture."""
    data, _ = flam3.render(flame, QUALITY, estimator=True, seed=seed)
    picture: Picture = imread(io.BytesIO(data))[..., :3]
    return picture
