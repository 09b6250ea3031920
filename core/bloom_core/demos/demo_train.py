"""The trainings behind the runs that Bloom brings along, to be made again: `bloom demo-train`, and the scripts in `examples`."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from bloom_core.commands.training_progress import Progress
from bloom_core.trajectories.run_files import RunError

DEMOS = {
    "digits": "a small network learns handwritten digits, in seconds",
    "optimizers": "the same network with five optimizers, one of which explodes, in half a minute",
    "translation": "Spanish to English, on the texts of an installed Blender's interface, in some minutes",
}
"""The demos, and what they are."""

_NEEDED = {
    "digits": {"torch": "torch", "sklearn": "scikit-learn"},
    "optimizers": {"torch": "torch", "sklearn": "scikit-learn"},
    "translation": {"torch": "torch", "sklearn": "scikit-learn", "sentencepiece": "sentencepiece"},
}
"""Modules that a demo imports, and the packages they come in."""


def train(demo: str, folder: Path, *, catalogue: Path | None = None, epochs: int | None = None, progress: Progress | None = None) -> Iterator[Path]:
    """Trains a demo (a key of DEMOS) and writes its runs into `folder`; gives each one's file once it is written.

    `catalogue`: Blender's blender.mo for the translation, else that of the Blender found on this computer; `epochs`: other than the demo's own.
    An interrupted training leaves the steps it made as its run. Raises RunError, also for a package or catalogue that is missing.
    """
    missing = [package for module, package in _NEEDED[demo].items() if importlib.util.find_spec(module) is None]
    if missing:
        raise RunError(f"The demo {demo} needs {' and '.join(missing)}, which is not installed. Install it with: pip install {' '.join(missing)}")
    progress = progress or Progress()
    if demo == "translation":
        from bloom_core.demos import demo_catalogue, demo_translation

        file = folder / "translation.bloom"
        found = catalogue or demo_catalogue.find_catalogue()
        demo_translation.train(found, file, progress, demo_translation.EPOCHS if epochs is None else epochs)
        yield file
        return
    from bloom_core.demos import demo_digits

    for choice in (demo_digits.DIGITS,) if demo == "digits" else demo_digits.OPTIMIZERS:
        file = folder / f"{choice.name}.bloom"
        demo_digits.train(choice, file, progress, epochs)
        yield file
