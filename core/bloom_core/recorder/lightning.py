"""A callback that records what a Lightning Trainer trains.

    from bloom_core.recorder.lightning import BloomCallback

    trainer = lightning.Trainer(callbacks=[BloomCallback("run.bloom")], …)

It serves both packages, `lightning` and `pytorch_lightning`; where both are installed, the one that was imported before it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bloom_core.recorder import record
from bloom_core.recorder.training import CallbackRecording, plain, torch_table, total_norm

_PACKAGES = ("lightning.pytorch", "pytorch_lightning")


def _package() -> str:
    """Returns the name of the package in use. Raises ImportError where none is installed."""
    imported = [name for name in _PACKAGES if sys.modules.get(name) is not None]
    installed = [name for name in _PACKAGES if importlib.util.find_spec(name.partition(".")[0]) is not None]
    if not imported + installed:
        raise ImportError("This callback needs Lightning, which is not installed. Install it: pip install lightning")
    return (imported + installed)[0]


if TYPE_CHECKING:

    class Callback: ...

else:
    Callback = importlib.import_module(_package()).Callback


class BloomCallback(Callback):
    """Records each optimizer step of `Trainer.fit` into the run directory `path`, or where that is taken (by an earlier `fit`) `NAME-2` beside it.

    A row holds the loss as it was sent backwards since the step before (the mean of accumulated batches), the index of the (last) batch in its
    epoch, the epoch with the share of it that is done, and the norm of all gradients that the optimizer uses, before Lightning clips them. `parts`:
    as in `record`. `embeddings`: name of a module or parameter of the model, of which a snapshot is taken before the training and after every
    epoch; `vocabulary`: a word for each of its rows. What does not fit raises ValueError when the training starts; later failures only warn.
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
        self._hooks: list[Any] = []
        self._batch, self._epoch = 0, 0.0
        self._loss: Any = None
        self._gradient_norm: Any = None
        self._stepping = self._lossless = False

    @property
    def path(self) -> Path | None:
        """The directory of the run that is being recorded, or was recorded last."""
        return self._recording.path

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Starts the recording: by now the optimizers are made, a checkpoint is loaded, and the sanity check is over."""
        self._stop("interrupted")
        self._loss, self._stepping, self._lossless = None, False, False
        optimizers = list(trainer.optimizers)
        package = type(trainer).__module__.partition(".trainer")[0]
        about: dict[str, Any] = {"trainer": package, "hyperparameters": plain(getattr(pl_module, "hparams", {}))}
        if trainer.accumulate_grad_batches > 1:
            about["accumulated_batches"] = trainer.accumulate_grad_batches
        if trainer.global_step > 0:
            about["resumed_from_step"] = trainer.global_step
        if not optimizers:
            return
        self._recording.start(
            lambda path: record(pl_module, optimizers, path, parts=self._parts, meta=about),
            torch_table(pl_module, self._embeddings),
            epoch=trainer.current_epoch,
        )
        # Made after the recorder's own hooks, these run after them.
        self._hooks = [optimizer.register_step_post_hook(self._after_step) for optimizer in optimizers]

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Notes which batch the coming steps belong to."""
        self._notice_skipped(trainer)
        batches = trainer.num_training_batches
        self._batch = batch_idx
        self._epoch = trainer.current_epoch + min(1.0, (batch_idx + 1) / batches)  # a stream has infinitely many

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:
        """Adds up the losses that make the gradient of the coming step."""
        if not self._recording.running:
            return
        scaler = _scaler(trainer)
        if scaler is not None:
            self._notice_skipped(trainer)
        elif self._stepping:
            return  # LBFGS evaluates its closure once more; the first loss is the one before the step, as with other optimizers
        loss = loss.detach()
        if scaler is not None:
            loss = loss / scaler.scale(loss.new_ones(()))
        self._loss = loss if self._loss is None else self._loss + loss

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Measures the gradient that Lightning is about to clip, and does not wait for the result."""
        self._stepping = self._recording.running

        def measure(_: Any) -> None:
            self._gradient_norm = total_norm(parameter for group in optimizer.param_groups for parameter in group["params"])

        self._recording.attempt(measure)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Takes the loss that `training_step` returns where it was not sent backwards by Lightning."""
        if self._lossless and isinstance(outputs, Mapping) and outputs.get("loss") is not None:
            self._recording.log(loss=outputs["loss"])
        self._lossless = False

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Takes a snapshot of the embeddings."""
        self._notice_skipped(trainer)
        self._recording.snapshot(trainer.current_epoch + 1)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Closes the run."""
        self._stop("complete")

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Closes the run, also when the user has interrupted the training."""
        self._stop(type(exception).__name__)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Closes the run where Lightning went another way out."""
        if stage == "fit":
            self._stop("interrupted")

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        loss, self._loss = self._loss, None
        self._stepping, self._lossless = False, loss is None
        self._recording.log(loss=loss, batch_id=self._batch, epoch=self._epoch, gradient_norm=self._gradient_norm)

    def _notice_skipped(self, trainer: Any) -> None:
        """A step that was begun and not made was skipped by the gradient scaler."""
        if self._stepping:
            self._stepping, self._loss = False, None
            if _scaler(trainer) is not None:
                self._recording.skipped()

    def _stop(self, ended: str) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        self._recording.close(ended)


def _scaler(trainer: Any) -> Any:
    return getattr(trainer.precision_plugin, "scaler", None)
