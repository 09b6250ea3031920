"""Folders of checkpoint folders, as Hugging Face's Trainer and accelerate write them: `checkpoint-N`, sharded or not, with the trainer's log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from bloom_core.importers import safetensors_files, torch_files
from bloom_core.importers.archives import read_json_file, size_of
from bloom_core.importers.checkpoints import Checkpoint, ReadTensor, finite, in_order, known, natural, read_all
from bloom_core.importers.snapshots import Options, Scalars, trajectory_of
from bloom_core.importers.token_embeddings import VOCABULARIES
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Trajectory


def looks_like(path: Path) -> bool:
    """Returns whether a folder holds folders of checkpoints."""
    return path.is_dir() and bool(_folders(path))


def _folders(folder: Path) -> list[Path]:
    """Returns the subfolders that are checkpoints: with a number in the name and weights inside."""
    numbered = sorted(entry for entry in folder.iterdir() if re.search("[0-9]", entry.name) and entry.is_dir())
    return [entry for entry in numbered if _weights(entry) is not None]


def _weights(folder: Path) -> Path | None:
    """Returns the file of a checkpoint's folder that holds its weights, or the index of the files that do."""
    for pattern in ("*.safetensors.index.json", "*.safetensors", "*.bin.index.json", "*.bin"):
        found = [entry for entry in folder.glob(pattern) if entry.suffix != ".bin" or entry in torch_files.candidates(folder)]
        preferred = [entry for entry in found if entry.name.startswith(("model.", "pytorch_model.", "adapter_model."))] or found
        if len(preferred) == 1:
            return preferred[0]
    return None


def import_huggingface(folder: Path | str, options: Options = Options()) -> tuple[Trajectory, list[str]]:  # noqa: B008
    """Returns the run that folders of checkpoints tell, and warnings.

    Of `trainer_state.json` come the steps, the epochs, and loss, learning rate and gradient norm as last logged before each checkpoint. A tokenizer's
    vocabulary beside the weights names the words. Raises RunError naming the file.
    """
    folder = Path(folder)
    folders = _folders(folder) if folder.is_dir() else []
    found, left_out = read_all(folders, folder, _of_folder)
    checkpoints, warnings = in_order(found, folder)
    log = _log(checkpoints)
    if options.vocab is None:
        beside = [entry.place / name for name in VOCABULARIES for entry in reversed(checkpoints)]
        options = replace(options, vocab=next((path for path in beside if path.is_file()), None))
    return trajectory_of(checkpoints, folder, "Hugging Face checkpoints", options, scalars=log, warnings=left_out + warnings)


def _of_folder(folder: Path) -> Checkpoint:
    weights = _weights(folder)
    assert weights is not None  # `_folders` saw it
    if weights.suffix == ".json":
        found = _of_shards(weights)
    else:
        found = safetensors_files.checkpoint(weights) if weights.suffix == ".safetensors" else torch_files.checkpoint(weights)
    state = _state(folder)
    step, epoch = known(state.get("global_step")), finite(state.get("epoch"))
    return replace(found, place=folder, step=found.step if step is None else step, epoch=found.epoch if epoch is None else epoch)


def _of_shards(index: Path) -> Checkpoint:
    """Returns a checkpoint of several files, as `model.safetensors.index.json` or `pytorch_model.bin.index.json` lists them. Raises RunError."""
    content = read_json_file(index)
    where = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(where, dict) or not where or not all(isinstance(name, str) for name in where.values()):
        raise RunError(f"{index}: has no weight_map of tensors to files. Copy it again.")
    for name in set(where.values()):
        if name in ("", ".", "..") or re.search(r"[/\\:\0]", name):
            raise RunError(f"{index}: names the file {name[:200]!r}, which is not beside it. The index is damaged or hostile; do not use it.")
        size_of(index.with_name(name))
    read = safetensors_files.checkpoint if ".safetensors." in index.name else torch_files.checkpoint
    shards = {name: read(index.with_name(name)) for name in sorted(set(where.values()))}
    shapes = {tensor: shards[where[tensor]].shapes[tensor] for tensor in sorted(where, key=natural) if tensor in shards[where[tensor]].shapes}
    notes = tuple(dict.fromkeys(note for shard in shards.values() for note in shard.notes))
    return Checkpoint(index, shapes, partial(_open_shards, shards, where), notes=notes)


@contextmanager
def _open_shards(shards: Mapping[str, Checkpoint], where: Mapping[str, str]) -> Iterator[ReadTensor]:
    with ExitStack() as stack:
        readers = {name: stack.enter_context(shard.open()) for name, shard in shards.items()}
        yield lambda tensor: readers[where[tensor]](tensor)


def _state(folder: Path) -> dict[str, Any]:
    path = folder / "trainer_state.json"
    if not path.is_file():
        return {}
    state = read_json_file(path)
    if not isinstance(state, dict):
        raise RunError(f"{path}: not a trainer's state. Copy the checkpoint again.")
    return state


def _log(checkpoints: list[Checkpoint]) -> dict[int, Scalars]:
    """Returns what the trainer logged, by checkpoint's step: the last entry after the checkpoint before. The last checkpoint has the whole log."""
    history = _state(checkpoints[-1].place).get("log_history")
    entries = [entry for entry in history if isinstance(entry, dict) and "loss" in entry] if isinstance(history, list) else []
    by_step = {step: entry for entry in entries if (step := known(entry.get("step"))) is not None}
    logged: dict[int, Scalars] = {}
    for before, after in pairwise(checkpoints):
        assert before.step is not None and after.step is not None  # they are in order
        last = max((step for step in by_step if before.step < step <= after.step), default=None)
        if last is not None:
            values = (finite(by_step[last].get(key)) for key in ("loss", "learning_rate", "grad_norm"))
            logged[after.step] = Scalars(*(float("nan") if value is None else value for value in values))
    return logged
