"""The seven original flames against Ember 25's pictures of them."""

from __future__ import annotations

import json
from pathlib import Path

from skimage.io import imread

from bloom_core.flames.flame_file import read_flames
from bloom_core.images import image
from bloom_core.images.image_files import levels

from .likeness import HEAD, Likeness, likeness, row

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "original-bloom"
QUALITY, SCALE = 2000.0, 0.5  # as the references were made


def main() -> bool:
    """Prints the table; says whether every picture is within the bar."""
    if not FOLDER.is_dir():
        print(f"The originals and their references are not here ({FOLDER}).")
        return True
    print(f"The originals against Ember 25.25.12.1, quality {QUALITY:g}; own: Ember against itself with another seed\n{HEAD}")
    good = True
    for name, figures in json.loads((FOLDER / "reference" / "own-ssim.json").read_text()).items():
        flame = read_flames(FOLDER / "flames" / f"{name}.flame", "ember-25")[0][0]
        made = levels(image.render(flame, quality=QUALITY, scale=SCALE).pixels, 8, False)
        own = Likeness(figures["ssim"], figures["mean_abs"])
        found = likeness(made, imread(FOLDER / "reference" / f"{name}.png")[..., :3])
        print(row(name, found, own), flush=True)
        good = good and found.within(own)
    return good
