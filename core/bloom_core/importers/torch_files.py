"""Folders of PyTorch checkpoints: `.pt`, `.pth`, `.bin`, Lightning's `.ckpt`. Nothing in them is executed (see `restricted_pickle`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bloom_core.importers.archives import open_file
from bloom_core.importers.checkpoints import MAX_CHECKPOINTS, Checkpoint, NotCheckpointError, ReadTensor, finite, in_order, known, read_all
from bloom_core.importers.restricted_pickle import Made
from bloom_core.importers.snapshots import Options, trajectory_of
from bloom_core.importers.torch_archive import FLOATING, Tensor, TorchArchive, open_archive
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Trajectory

SUFFIXES = frozenset((".pt", ".pth", ".bin", ".ckpt"))
_NOT_WEIGHTS = re.compile(r"(.*_)?(optimizer|optim|scheduler|scaler|rng_state|random_states|training_args)(_\d+)*\.\w+")
_NOT_MODEL = re.compile(r"(?i)(.*[_\-.])?(optim\w*|opt|\w*scheduler\w*|scaler|callbacks|loops|rng\w*|hyper_parameters|args|config)")
_SECOND_CHOICE = re.compile(r"(?i)(.*[_\-.])?(ema\w*|shadow\w*|best\w*)")
_NUMBERS = re.compile(r"(?i).*(step|epoch|iter|loss|acc|score|best|lr).*")
_STEPS = ("global_step", "step", "steps", "iteration", "iter", "iter_num", "num_updates", "train_step")
_BUFFERS = frozenset(("running_mean", "running_var", "num_batches_tracked"))
_MAX_DEPTH = 100


def candidates(folder: Path) -> list[Path]:
    """Returns the files of a folder that may be checkpoints, by name."""
    if not folder.is_dir():
        return [folder] if folder.suffix.lower() in SUFFIXES and folder.is_file() else []
    files = (entry for entry in folder.iterdir() if entry.suffix.lower() in SUFFIXES and not _NOT_WEIGHTS.fullmatch(entry.name))
    return sorted(entry for entry in files if entry.is_file())


def looks_like(path: Path) -> bool:
    """Returns whether a folder (or file) holds files that PyTorch wrote."""
    return any(_is_torch(entry) for entry in candidates(path)[:MAX_CHECKPOINTS])


def _is_torch(path: Path) -> bool:
    try:
        with open_file(path) as file:
            start = file.read(512)
    except RunError:
        return False
    return start.startswith((b"PK\x03\x04", b"\x80")) or start[257:262] == b"ustar"


def import_torch(folder: Path | str, options: Options = Options()) -> tuple[Trajectory, list[str]]:  # noqa: B008
    """Returns the run that a folder of checkpoint files tells, and warnings. Raises RunError naming the file."""
    folder = Path(folder)
    found, left_out = read_all(candidates(folder), folder, checkpoint)
    checkpoints, warnings = in_order(found, folder)
    return trajectory_of(checkpoints, folder, "PyTorch checkpoints", options, warnings=left_out + warnings)


def checkpoint(path: Path) -> Checkpoint:
    """Returns what one file tells. Raises RunError."""
    with open_archive(path) as archive:
        found = _Found()
        _collect(archive.content, "", found, top=True)
        if not found.tensors:
            found = _Found(second_choice=True)
            _collect(archive.content, "", found, top=True)
        tensors, notes = _parameters(found, path)
        step = next((known(value) for value in (_number(archive, found.scalars.get(name)) for name in _STEPS) if known(value) is not None), None)
        epoch = finite(_number(archive, found.scalars.get("epoch")))
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    return Checkpoint(path, shapes, partial(_open, path, tensors), step, epoch, notes)


@contextmanager
def _open(path: Path, tensors: dict[str, Tensor]) -> Iterator[ReadTensor]:
    with open_archive(path) as archive:
        yield lambda name: archive.read(tensors[name])


@dataclass
class _Found:
    """What was met in a checkpoint: tensors by full name, numbers of its top level, names that a module says are buffers."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    scalars: dict[str, Any] = field(default_factory=dict)
    buffers: set[str] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    second_choice: bool = False
    """Whether to take averaged or best weights, for there are no others."""


def _collect(value: Any, name: str, found: _Found, *, top: bool = False, depth: int = 0) -> None:
    """Gathers the tensors of a value and of what it holds; each dictionary is entered once, as a hostile one may hold itself."""
    if isinstance(value, Tensor):
        found.tensors[name] = value
        return
    if not isinstance(value, (dict, list, tuple, Made)) or id(value) in found.seen or depth > _MAX_DEPTH:
        return
    found.seen.add(id(value))  # all of these live as long as the checkpoint's content
    if isinstance(value, Made):
        value, top = _module(value, name, found), False
    if isinstance(value, (list, tuple)):
        value = dict(enumerate(value)) if all(isinstance(entry, Tensor) for entry in value) else None
    if not isinstance(value, dict):
        return
    if {"state", "param_groups"} <= value.keys():  # an optimizer
        return
    for key, entry in value.items():
        inner = f"{name}.{key}" if name else str(key)
        if not top:
            _collect(entry, inner, found, depth=depth + 1)
        elif isinstance(entry, Tensor) and (entry.shape or not _NUMBERS.fullmatch(inner)):
            _collect(entry, inner, found)
        elif isinstance(entry, (dict, Made, list)):
            if not _NOT_MODEL.fullmatch(inner) and (found.second_choice or not _SECOND_CHOICE.fullmatch(inner)):
                _collect(entry, inner, found, depth=depth + 1)
        else:
            found.scalars[inner] = entry


def _module(value: Made, name: str, found: _Found) -> Any:
    """Returns a pickled module's parameters, buffers and children as one dictionary; for other objects, None."""
    state = value.state if isinstance(value.state, dict) else {}
    parts = [state.get(key) for key in ("_parameters", "_buffers", "_modules")]
    if not all(isinstance(part, dict) for part in parts):
        return value.items or None
    parameters, buffers, modules = parts
    assert isinstance(parameters, dict) and isinstance(buffers, dict) and isinstance(modules, dict)
    found.buffers |= {f"{name}.{key}" if name else str(key) for key in buffers}
    return {str(key): entry for key, entry in (parameters | buffers | modules).items()}


def _parameters(found: _Found, path: Path) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Returns the floating-point parameters by name, without the wrappers' prefixes, and notes on what was left out. Raises RunError."""
    buffers = {name for name in found.tensors if name in found.buffers or name.rpartition(".")[2] in _BUFFERS}
    floating = {name: tensor for name, tensor in found.tensors.items() if tensor.kind in FLOATING and name not in buffers}
    other = [name for name, tensor in found.tensors.items() if tensor.kind == "?"]
    shared: dict[Tensor, str] = {}
    tied = {name: None for name, tensor in floating.items() if tensor.count and shared.setdefault(tensor, name) != name}
    kept = _without_wrappers({name: tensor for name, tensor in floating.items() if name not in tied})
    if not kept:
        what = f"holds {len(found.tensors)} tensors, none of them a parameter" if found.tensors else "holds no tensors"
        raise NotCheckpointError(f"{path}: {what}. Choose files with weights, as of torch.save(model.state_dict(), path).")
    notes = []
    if buffers:
        notes.append(f"left out, running statistics and other buffers: {_listed(sorted(buffers))}.")
    if tied:
        notes.append(f"left out, the same tensor as another: {_listed(list(tied))}.")
    if other:
        notes.append(f"left out, of a type that is not read here: {_listed(other)}.")
    return kept, tuple(notes)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _without_wrappers(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns the tensors by the names they have in the model: without the checkpoint's one key, DataParallel's `module.`, and torch.compile's."""
    names = {name: re.sub(r"(^|\.)_orig_mod\.", r"\1", name) for name in tensors}
    for prefix in (r"(state_dict|model_state_dict|model_state|model|net|network|weights|params)\.", r"module\."):
        found = {match[0] if (match := re.match(prefix, name)) else "" for name in names.values()}
        if len(found) == 1:
            names = {name: short.removeprefix(next(iter(found))) for name, short in names.items()}
    renamed = {names[name]: tensor for name, tensor in tensors.items()}
    return renamed if len(renamed) == len(tensors) else tensors


def _number(archive: TorchArchive, value: Any) -> Any:
    """Returns a number, also of a tensor that is one; else the value."""
    if isinstance(value, Tensor) and value.kind != "?" and not value.shape:
        return archive.read(value)[0].item()
    return value
