"""A callback that records what a Hugging Face Trainer trains.

    from bloom_core.recorder.huggingface import BloomCallback

    trainer = transformers.Trainer(model, args, callbacks=[BloomCallback("run.bloom")], …)

The Trainer never tells its callbacks of exceptions. A run that one has ended is closed when the next training starts, when the callback is deleted,
or at the interpreter's exit; until then it opens without its last steps. `BloomCallback.close` does it at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bloom_core.recorder import record
from bloom_core.recorder.training import CallbackRecording, plain, torch_table

if TYPE_CHECKING:

    class TrainerCallback: ...

else:
    try:
        TrainerCallback = importlib.import_module("transformers").TrainerCallback
    except ImportError as error:
        missing = "This callback needs Transformers and Accelerate, which are not installed. Install them: pip install transformers accelerate"
        raise ImportError(missing) from error

_ARGUMENTS = ("per_device_train_batch_size", "gradient_accumulation_steps", "max_grad_norm", "num_train_epochs", "max_steps", "seed", "bf16", "fp16")


class BloomCallback(TrainerCallback):
    """Records each optimizer step of `Trainer.train` into the run directory `path`; where that is taken, as by the training that is resumed, into
    `NAME-2` beside it, and `run.json` says `resumed_from_step`.

    A row's batch is the Trainer's global step. Loss and the gradient's norm before clipping are what the Trainer logs, at the steps where it does
    so, and unknown at the others: the loss is the mean of the steps since it was logged last. With `logging_steps=1` every row has its own.
    Parameters that do not train (frozen, or under an adapter) are left out. `parts`: as in `record`. `embeddings`: name of a module or parameter of
    the model, of which a snapshot is taken before the training and after every epoch; `vocabulary`: a word for each of its rows. What does not fit
    raises ValueError when the training starts; later failures only warn.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        parts: Mapping[str, str | Sequence[str]] | None = None,
        embeddings: str | None = None,
        vocabulary: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self._recording = CallbackRecording(path, vocabulary)
        self._parts, self._embeddings = parts, embeddings
        self._scaler: Any = None
        self._stepped = False

    @property
    def path(self) -> Path | None:
        """The directory of the run that is being recorded, or was recorded last."""
        return self._recording.path

    def close(self, ended: str = "interrupted") -> None:
        """Closes the run at once, where an exception has ended the training; does nothing when it is closed."""
        self._recording.close(ended)

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, optimizer: Any = None, **others: Any) -> None:
        """Starts the recording: by now the optimizer is made and wrapped, and a checkpoint is loaded."""
        self._scaler = getattr(optimizer, "scaler", None)
        interval = getattr(args.logging_strategy, "value", args.logging_strategy)
        about: dict[str, Any] = {
            "trainer": "transformers",
            "hyperparameters": plain({name: getattr(args, name, None) for name in _ARGUMENTS}),
            "loss": f"mean of the steps since the last one logged, every {'epoch' if interval == 'epoch' else f'{state.logging_steps} steps'}",
        }
        if state.global_step > 0:
            about["resumed_from_step"] = state.global_step
        self._recording.start(
            lambda path: record(model, optimizer, path, parts=self._parts, meta=about), torch_table(model, self._embeddings), epoch=state.epoch or 0.0
        )

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Describes the step just made, or marks it as skipped."""
        self._stepped = self._recording.stepped()
        if self._stepped:
            self._recording.log(batch_id=state.global_step, epoch=state.epoch)
        elif self._scaler is not None:
            self._recording.skipped()

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **others: Any) -> None:
        """Adds what the Trainer logs of the latest step; evaluations and the summary at the end are none of it."""
        if self._stepped and logs is not None and "loss" in logs:
            self._recording.log(loss=logs["loss"], gradient_norm=logs.get("grad_norm"))

    def on_epoch_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Takes a snapshot of the embeddings."""
        self._recording.snapshot(state.epoch)

    def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Closes the run."""
        self._recording.close("complete")
