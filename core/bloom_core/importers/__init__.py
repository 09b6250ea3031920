"""Importing what other programs recorded: `import_run` finds out what a source is, and makes a trajectory of it.

Each module knows one kind of file. It has `looks_like(path)`, which only looks at names and first bytes, and a function that returns the
trajectory and warnings: what the source could not tell. Nothing that is imported is executed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bloom_core.importers.snapshots import Options
from bloom_core.importers.word_vectors import SIDES
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Trajectory

__all__ = ["KINDS", "SIDES", "Options", "detect", "import_run"]

_PACKAGE = "bloom_core.importers"


@dataclass(frozen=True)
class _Kind:
    """A kind of source: the module and function that read it, what to look for, and the options (of `import_run`) that it has."""

    module: str
    function: str
    looked_for: str
    options: frozenset[str] = frozenset()

    def looks_like(self, path: Path) -> bool:
        looks_like: Callable[[Path], bool] = importlib.import_module(f"{_PACKAGE}.{self.module}").looks_like
        return looks_like(path)

    def import_from(self, path: Path, **options: Any) -> tuple[Trajectory, list[str]]:
        function: Callable[..., tuple[Trajectory, list[str]]] = getattr(importlib.import_module(f"{_PACKAGE}.{self.module}"), self.function)
        return function(path, **options)


_CHECKPOINTS = frozenset(("parts", "embeddings", "vocab"))
_WORD_VECTORS = frozenset(("side", "labels", "swap_labels"))
_KINDS = {
    "torch": _Kind("torch_files", "import_torch", "PyTorch or Lightning checkpoints (*.pt, *.pth, *.bin, *.ckpt)", _CHECKPOINTS),
    "safetensors": _Kind("safetensors_files", "import_safetensors", "safetensors files (*.safetensors)", _CHECKPOINTS),
    "huggingface": _Kind("huggingface_folders", "import_huggingface", "folders checkpoint-N as Hugging Face's Trainer writes", _CHECKPOINTS),
    "keras": _Kind("keras_files", "import_keras", "Keras weights (*.keras, *.h5)", _CHECKPOINTS),
    "tensorboard": _Kind("tensorboard", "import_tensorboard", "TensorBoard's event files (*tfevents*)"),
    "wandb": _Kind("wandb", "import_wandb", "a history of Weights & Biases (JSON lines, CSV, parquet)"),
    "word-vectors": _Kind("word_vectors", "import_word_vectors", "word vectors as text, one file an epoch", _WORD_VECTORS),
}
KINDS = tuple(_KINDS)
"""The kinds of sources that can be imported."""


def detect(source: Path | str) -> str:
    """Returns the kind of a file or folder, one of KINDS. Raises RunError that lists what was looked for when none fits, or several."""
    path = Path(source)
    if not path.exists():
        raise RunError(f"{path}: not found. Check the path.")
    found = [name for name, kind in _KINDS.items() if kind.looks_like(path)]
    if "huggingface" in found:  # beside its checkpoints a Trainer puts the last model, and its logs
        return "huggingface"
    if len(found) == 1:
        return found[0]
    listed = "; ".join(f"{name}: {kind.looked_for}" for name, kind in _KINDS.items() if not found or name in found)
    if found:
        raise RunError(f"{path}: could be several things ({listed}). Choose one with --kind.")
    raise RunError(f"{path}: nothing to import was found. Looked for {listed}. Name the folder that holds such files.")


def import_run(
    source: Path | str,
    *,
    kind: str | None = None,
    parts: Mapping[str, str | Sequence[str]] | None = None,
    embeddings: str | None = None,
    vocab: Path | None = None,
    side: str | None = None,
    labels: Path | None = None,
    swap_labels: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Trajectory, list[str]]:
    """Returns the run that a file or folder tells, and warnings: what it could not know.

    `kind`: one of KINDS, None to find out. For checkpoints, `parts`: patterns of parameter names by part (see `parts.parts_of`); `embeddings`: the
    name of the parameter that is the table of word vectors; `vocab`: a file of its words; `progress(done, total)`. For word vectors, `side`,
    `labels` and `swap_labels`: see `word_vectors.import_word_vectors`. Raises RunError naming the file, also for an option that the kind of source
    does not have.
    """
    if kind is not None and kind not in _KINDS:
        raise ValueError(f"kind is {kind!r}; choose one of {', '.join(KINDS)}")
    path = Path(source)
    name = detect(path) if kind is None else kind
    given = {"parts": parts, "embeddings": embeddings, "vocab": vocab, "side": side, "labels": labels, "swap_labels": swap_labels or None}
    chosen: dict[str, Any] = {option: value for option, value in given.items() if value is not None}
    unfit = [option for option in chosen if option not in _KINDS[name].options]
    if unfit:
        raise RunError(f"{path}: is read as {name}, which has no option {unfit[0].replace('_', '-')}. Leave it out, or choose another --kind.")
    if _KINDS[name].options == _CHECKPOINTS:
        return _KINDS[name].import_from(path, options=Options(progress=progress, **chosen))
    return _KINDS[name].import_from(path, **chosen)
