"""A callback that records what Keras 3 fits, on any of its backends.

    from bloom_core.recorder.keras import BloomCallback

    model.fit(x, y, callbacks=[BloomCallback("run.bloom")])

Keras has optimizers of its own, so steps are measured after each batch, from the variables. On PyTorch that is done where they are, as for any
PyTorch training. JAX and TensorFlow have to bring every variable to the host after each batch, which small networks do not notice and large ones do
(7 to 20 ns a parameter); gradients stay inside their compiled steps, so their norms are not in the run.

Keras never tells its callbacks of exceptions. A run that one has ended is closed when the next training starts, when the callback is deleted, or at
the interpreter's exit; until then it opens without its last steps. `BloomCallback.close` does it at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bloom_core.recorder.keras_steps import ArraySteps, TorchSteps
from bloom_core.recorder.training import CallbackRecording

if TYPE_CHECKING:

    class Callback:
        model: Any
        params: Any

else:
    try:
        Callback = importlib.import_module("keras").callbacks.Callback
    except (ImportError, AttributeError) as error:
        missing = "This callback needs Keras 3 and one of its backends, which are not installed. Install them: pip install 'keras>=3' torch"
        raise ImportError(missing) from error


class BloomCallback(Callback):
    """Records each optimizer step of `Model.fit` into the run directory `path`, or where that is taken (by an earlier `fit`) into `NAME-2` beside it.

    A row holds the batch's own loss (of accumulated batches the last one's), its index in the epoch, the epoch with the share of it that is done,
    and on PyTorch the gradients' norms before and after the optimizer clips them. With `steps_per_execution` N, a row stands for N steps. `parts`:
    as in `record`. `embeddings`: name of a layer, or path of a variable, of which a snapshot is taken before the training and after every epoch;
    `vocabulary`: a word for each of its rows. What does not fit raises ValueError when the training starts; later failures only warn.
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
        self._steps: TorchSteps | ArraySteps | None = None
        self._tracker: Any = None
        self._sums: tuple[Any, Any] | None = None
        self._epoch, self._waiting = 0, False

    @property
    def path(self) -> Path | None:
        """The directory of the run that is being recorded, or was recorded last."""
        return self._recording.path

    def close(self, ended: str = "interrupted") -> None:
        """Closes the run at once, where an exception has ended the training; does nothing when it is closed."""
        self._recording.close(ended)
        self._steps = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Starts the recording, unless the model gets its variables only with the first batch."""
        self.close()
        self._sums, self._waiting = None, not self.model.trainable_variables
        if not self._waiting:
            self._start()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes the epoch; the model has just forgotten the losses of the last one."""
        self._epoch, self._sums = epoch, None

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Notes the learning rate before the optimizer counts on."""
        if self._steps is not None:
            self._recording.attempt(self._steps.before)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Measures the step that the optimizer has made, if it has made one."""
        if self._waiting:
            self._waiting = False
            self._start()
            return
        steps = self._steps
        if steps is None or not self._recording.running:
            return
        _ = self.model  # on JAX, asking for it brings the variables up to date
        told: dict[str, Any] = {"batch_id": batch, "epoch": self._epoch}
        batches = (self.params or {}).get("steps")
        if batches:
            told["epoch"] += min(1.0, (batch + 1) / batches)

        def measure(recorder: Any) -> None:
            told["loss"] = self._loss(steps, logs or {})
            steps.after(recorder)

        self._recording.attempt(measure)
        if self._recording.stepped():
            self._recording.log(**told)
        elif steps.skipped:
            self._recording.skipped()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Takes a snapshot of the embeddings."""
        self._recording.snapshot(epoch + 1)

    def on_train_end(self, logs: Any = None) -> None:
        """Closes the run."""
        self.close("complete")

    def _start(self) -> None:
        keras, model = importlib.import_module("keras"), self.model
        backend = keras.backend.backend()
        steps = TorchSteps(model) if backend == "torch" else ArraySteps(model)
        means = [metric for metric in model.metrics if hasattr(metric, "total") and hasattr(metric, "count")]
        self._tracker = next((metric for metric in means if metric.name == "loss"), None)
        about: dict[str, Any] = {"trainer": "keras", "optimizer": steps.about(), "libraries": {"keras": keras.__version__, "backend": backend}}
        if (model.steps_per_execution or 1) > 1:
            about["steps_in_a_row"] = model.steps_per_execution
        if self._tracker is None:
            about["loss"] = "as the model reports it"
        table = None if self._embeddings is None else steps.table(self._embeddings)
        self._recording.start(lambda path: steps.open(path, self._parts, about), table)
        self._steps = steps

    def _loss(self, steps: TorchSteps | ArraySteps, logs: Mapping[str, Any]) -> Any:
        """Returns the batch's own loss: Keras reports the mean since the epoch began, but keeps sums of which this is a difference."""
        if self._tracker is None:
            return logs.get("loss")
        total, count = steps.number(self._tracker.total), steps.number(self._tracker.count)
        total_before, count_before = self._sums or (0.0, 0.0)
        self._sums = total, count
        going_on = 1.0 * (count > count_before)  # else an evaluation between two batches has begun them anew
        return (total - going_on * total_before) / (count - going_on * count_before)
