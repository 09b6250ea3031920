"""flam3, the reference: six classic flames, and how many iterations `flam3-render` does in a second on one thread.

`python -m tests.bench.flam3` prints its figures alone.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGES = ("flam3-utils", "flam3-palette")  # of Debian and Ubuntu
SIZE = 400
QUALITIES = (25, 150)  # samples per pixel
REPEATS = 3
SEEDS = (1, 2, 3, 4)

HEAD = (
    '<flame version="FLAM3-LNX-3.1.1" time="0" palette="15" size="{0} {0}" center="{1}" scale="{2}" rotate="0" supersample="1" filter="0.5" '
    'quality="1" passes="1" temporal_samples="1" background="0 0 0" brightness="4" gamma="4" vibrancy="1" '
    'estimator_radius="9" estimator_minimum="0" estimator_curve="0.4">'
)

SIERPINSKI = (
    HEAD.format(SIZE, "0.5 0.433", SIZE * 0.9)
    + "".join(f'<xform weight="1" color="{c}" linear="1" coefs="0.5 0 0 0.5 {x} {y}"/>' for c, x, y in ((0, 0, 0), (0.5, 0.5, 0), (1, 0.25, 0.433)))
    + "</flame>"
)
"""The gasket: three linear xforms that halve the way to a corner."""

SWIRL = (
    HEAD.format(SIZE, "0 0", SIZE / 5)
    + '<xform weight="1" color="0" swirl="0.8" linear="0.1" coefs="0.8 0.3 -0.3 0.8 0.4 0.1"/>'
    + '<xform weight="0.7" color="0.5" spherical="0.7" coefs="1.1 -0.4 0.4 1.1 -0.5 0.6"/>'
    + '<xform weight="0.8" color="1" julia="0.9" linear="0.05" coefs="0.9 0.5 -0.5 0.9 0.2 -0.7"/>'
    + "</flame>"
)
"""Swirl, spherical and julia, the variations of the first flames."""


def install() -> str:
    """Returns "" where flam3 is there or could be installed from the system's packages, or else why not."""
    if shutil.which("flam3-render") and shutil.which("flam3-genome"):
        return ""
    if os.name != "posix" or os.getuid() != 0 or not shutil.which("apt-get"):
        return f"flam3 is not installed; on Debian or Ubuntu: apt-get install {' '.join(PACKAGES)}"
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(["apt-get", *command], capture_output=True, text=True)
        if done.returncode:
            return f"flam3 cannot be installed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'apt-get failed'}"
    return ""


def classic_flames(folder: Path) -> dict[str, Path]:
    """Writes the six flames into `folder`, each a `.flame` file of SIZE × SIZE pixels by flam3's rules, and returns them by name."""
    texts = {"Sierpinski": SIERPINSKI, "swirl, spherical, julia": SWIRL} | {f"flam3-genome, seed {seed}": genome(seed) for seed in SEEDS}
    paths = {}
    for number, (name, text) in enumerate(texts.items()):
        paths[name] = folder / f"classic_{number}.flame"
        paths[name].write_text(text)
    return paths


def genome(seed: int) -> str:
    """Returns the flame that `flam3-genome` makes of `seed`, framed anew so that it is drawn at SIZE × SIZE with one temporal sample."""
    # flam3 seeds its second generator, ISAAC, with the text of isaac_seed; where that is missing, with the clock.
    done = subprocess.run(["flam3-genome"], env=os.environ | {"seed": str(seed), "isaac_seed": str(seed)}, capture_output=True, text=True, check=True)
    text = done.stdout[done.stdout.index("<flame ") : done.stdout.index("</flame>") + len("</flame>")]
    width = float(text.split('size="')[1].split()[0])
    scale = float(text.split(' scale="')[1].split('"')[0]) * SIZE / width
    framing = {"size": f"{SIZE} {SIZE}", "scale": f"{scale:.6g}", "temporal_samples": "1", "quality": "1", "passes": "1", "supersample": "1"}
    for key, value in framing.items():
        text = re.sub(rf'\b{key}="[^"]*"', f'{key}="{value}"', text, count=1)
    return text


def render(flame: Path, quality: float, *, estimator: bool, form: str = "png", seed: int = 1) -> tuple[bytes, float]:
    """Renders a flame on one thread at `quality` samples a pixel. Returns the picture file and the seconds it took.

    Raises RuntimeError with what flam3 said where there is no picture.
    """
    text = re.sub(r'\bquality="[^"]*"', f'quality="{quality:g}"', flame.read_text(), count=1)
    if not estimator:
        text = re.sub(r'\bestimator_radius="[^"]*"', 'estimator_radius="0"', text, count=1)
    given, out = flame.with_suffix(".given"), flame.with_suffix(f".{form}")
    given.write_text(text)
    out.unlink(missing_ok=True)
    settings = {"in": str(given), "out": str(out), "format": form, "nthreads": "1", "seed": str(seed), "isaac_seed": str(seed)}
    begin = time.perf_counter()
    done = subprocess.run(["flam3-render"], env=os.environ | settings, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode or not out.is_file():
        raise RuntimeError(f"flam3-render made nothing of {flame}: {(done.stderr or done.stdout).strip()}")
    return out.read_bytes(), seconds


def iterations_of(png: bytes) -> int:
    """Returns how often flam3 iterated for this picture: it says so in the PNG's text `flam3_samples`."""
    found = re.search(rb"flam3_samples\0([\d.e+]+)", png)
    if found is None:
        raise RuntimeError("a picture in which flam3-render does not say how often it iterated")
    return int(float(found[1]))


def lit_share(flame: Path) -> float:
    """Returns the share of pixels that are not black in a picture of low quality: near 0 for a flame that is no picture."""
    ppm, _ = render(flame, 20, estimator=False, form="ppm")
    pixels = ppm[-3 * SIZE * SIZE :]
    return sum(any(pixels[i : i + 3]) for i in range(0, len(pixels), 3)) / (SIZE * SIZE)


def measure_flam3(flame: Path, *, estimator: bool = False, repeats: int = REPEATS) -> float:
    """Returns flam3-render's iterations per second on one thread, the picture's accumulation included: a median of `repeats`.

    Each is a slope between two qualities, in which starting, density estimation, filtering and writing cancel.
    Raises RuntimeError where flam3 makes no picture.
    """
    rates = []
    for _ in range(repeats):
        (few, short), (many, long) = (render(flame, quality, estimator=estimator) for quality in QUALITIES)
        rates.append((iterations_of(many) - iterations_of(few)) / (long - short))
    return statistics.median(rates)


def main() -> None:
    if why_not := install():
        sys.exit(why_not)
    with tempfile.TemporaryDirectory() as folder:
        for name, path in classic_flames(Path(folder)).items():
            off, on = (measure_flam3(path, estimator=estimator) / 1e6 for estimator in (False, True))
            print(f"{name:<28}{off:>7.1f} M/s, with density estimation {on:>6.1f} M/s, {lit_share(path):>4.0%} of the pixels lit", flush=True)


if __name__ == "__main__":
    main()
