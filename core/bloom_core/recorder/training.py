"""What the callbacks for training libraries have in common: a recording that never stands in the training's way."""

from __future__ import annotations

import contextlib
import importlib
import logging
import math
import os
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bloom_core.trajectories.run_files import RunError

_MOST_VALUES, _LONGEST_TEXT = 64, 200


class CallbackRecording:
    """The recording of one training after the other, each in a directory of its own: `path`, or where that is taken `NAME-2`, `NAME-3` …

    Whatever fails while a training runs ends the recording with one warning and goes no further. A recording that nobody closes, because an exception
    ended the training, is closed when the next one starts, when its callback is deleted, or at the interpreter's exit.
    """

    def __init__(self, path: Path | str, vocabulary: Sequence[str] | None) -> None:
        self._wanted = Path(path)
        self._vocabulary = None if vocabulary is None else [str(word) for word in vocabulary]
        self._table: Callable[[], Any] | None = None
        self._recorder: Any = None
        self._finalizer: weakref.finalize[..., Any] | None = None
        self._step = 0
        self.path: Path | None = None

    @property
    def running(self) -> bool:
        """Whether steps are being recorded."""
        return self._recorder is not None

    def start(self, open_recorder: Callable[[Path], Any], table: Callable[[], Any] | None = None, *, epoch: float = 0.0) -> None:
        """Starts recording with what `open_recorder` makes in a free directory; `table` gives the word vectors (V, D) whenever a snapshot is due.

        Raises ValueError for what the user has to put right before the training: parts or a vocabulary that do not fit.
        """
        self.close("interrupted")
        if table is not None and self._vocabulary is not None and len(self._vocabulary) != len(table()):
            raise ValueError(f"{len(self._vocabulary)} words in the vocabulary for embeddings of {len(table())} rows. Give one word for each row.")
        self.path, self._table, self._step = _free(self._wanted), table, 0
        try:
            self._recorder = open_recorder(self.path)
        except Exception as error:
            if isinstance(error, ValueError) and not isinstance(error, RunError):
                raise
            _warn(error)
            return
        # What closing needs is imported now, for at the interpreter's exit it no longer can be: it brings pools of threads.
        with contextlib.suppress(Exception):
            importlib.import_module("sklearn.decomposition")
        self._finalizer = weakref.finalize(self, _close_late, self._recorder, os.getpid())
        self.snapshot(epoch)

    def stepped(self) -> bool:
        """Returns whether the optimizer has made a step since this was asked last; a gradient scaler may have skipped it."""
        made = 0 if self._recorder is None else int(self._recorder.step)
        self._step, before = made, self._step
        return made > before

    def log(self, **values: Any) -> None:
        """As `Recorder.log`."""
        self.attempt(lambda recorder: recorder.log(**values))

    def skipped(self) -> None:
        """Marks that the gradient scaler let the optimizer make no step."""
        self.attempt(lambda recorder: recorder.event("skipped"))

    def snapshot(self, epoch: float) -> None:
        """Stores the embeddings as they are now, where there are any. Rows without words are named by their numbers."""
        table = self._table
        if table is None:
            return

        def take(recorder: Any) -> None:
            values = table()
            recorder.embeddings(values, self._vocabulary or [str(row) for row in range(len(values))], epoch=epoch)

        self.attempt(take)

    def close(self, ended: str) -> None:
        """Closes the run, if one is open."""
        if self._finalizer is not None:
            self._finalizer.detach()
        recorder, self._recorder, self._finalizer, self._table = self._recorder, None, None, None
        if recorder is not None:
            _close(recorder, ended)

    def attempt(self, act: Callable[[Any], None]) -> None:
        """Lets `act` have the recorder; the first exception is the end of the recording, not of the training."""
        if self._recorder is None:
            return
        try:
            act(self._recorder)
        except Exception as error:
            _warn(error)
            recorder, self._recorder = self._recorder, None
            with contextlib.suppress(Exception):  # one warning is enough
                recorder.close(ended="failed")
            self.close("failed")


def plain(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Returns the values that JSON can hold and a reader would want to see: numbers, short texts, yes and no; at most 64."""
    fitting = {str(key): value for key, value in values.items() if _is_plain(value)}
    return dict(list(fitting.items())[:_MOST_VALUES])


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT
    return isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value))


def torch_table(model: Any, name: str | None) -> Callable[[], Any] | None:
    """Returns what gives the weights (V, D) of PyTorch module or parameter `name`, None for no name. Raises ValueError where there is none."""
    if name is None:
        return None
    tables = {key: value for key, value in model.named_parameters() if value.ndim == 2}
    found = next((key for key in (name, f"{name}.weight") if key in tables), None)
    if found is None:
        raise ValueError(f"The model has no embeddings {name!r}. Its matrices are: {', '.join(list(tables)[:20]) or 'none'}.")
    return lambda: tables[found]


def total_norm(parameters: Iterable[Any]) -> Any:
    """Returns the norm of all gradients of PyTorch parameters together, a tensor on their device."""
    import torch

    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    dense = [gradient if gradient.layout is torch.strided else gradient.coalesce().values() for gradient in gradients]
    return torch.nn.utils.get_total_norm(dense)


def _free(path: Path) -> Path:
    """Returns `path`, or a like name that is not taken."""
    number, free = 2, path
    while free.exists() and (not free.is_dir() or any(free.iterdir())):
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free


def _close(recorder: Any, ended: str) -> None:
    try:
        recorder.close(ended=ended)
    except Exception as error:
        _warn(error)


def _close_late(recorder: Any, process: int) -> None:
    if os.getpid() == process:  # a forked worker must not close what its parent is recording
        _close(recorder, "interrupted")


def _warn(error: BaseException) -> None:
    text = f"Bloom has stopped recording; the training goes on. {type(error).__name__}: {error}"
    try:
        warnings.warn(text, RuntimeWarning, stacklevel=2)
    except RuntimeWarning:  # warnings are errors here, but not for the training
        logging.getLogger("bloom_core").warning(text)
