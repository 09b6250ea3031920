"""How the steps of Keras's own optimizers are measured: by PyTorch where that is the backend, else with NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bloom_core.recorder import record
from bloom_core.recorder.arrays import ArrayRecorder
from bloom_core.recorder.session import Recorder
from bloom_core.recorder.training import plain, total_norm

Parts = Mapping[str, str | Sequence[str]] | None


class KerasSteps:
    """What both ways have in common: the model's trainable variables, and its optimizer's rate and count of steps."""

    def __init__(self, model: Any) -> None:
        self._variables = list(model.trainable_variables)
        prefix = f"{model.name}/"
        self._names = [variable.path.removeprefix(prefix).replace("/", ".") for variable in self._variables]
        outer = model.optimizer
        self._scaler = outer if hasattr(outer, "inner_optimizer") else None
        self._optimizer = getattr(outer, "inner_optimizer", outer)
        self._accumulated = int(self._optimizer.gradient_accumulation_steps or 1)
        self._count = self._iterations()
        self.skipped = False

    def about(self) -> dict[str, Any]:
        """Returns what the run should say of the optimizer."""
        settings = self._optimizer.get_config()
        about = {key: value for key, value in plain(settings).items() if key not in ("name", "learning_rate")}
        if "beta_1" in settings:
            about["betas"] = [about.pop("beta_1"), about.pop("beta_2", 0.0)]
        return {"name": type(self._optimizer).__name__} | about

    def table(self, name: str) -> Callable[[], Any]:
        """Returns what gives the values (V, D) of the layer or variable `name`. Raises ValueError where there is none such."""
        tables = {found: variable for found, variable in zip(self._names, self._variables, strict=True) if len(variable.shape) == 2}
        wanted = name.replace("/", ".")
        variable = next((variable for found, variable in tables.items() if wanted in (found, found.rpartition(".")[0])), None)
        if variable is None:
            raise ValueError(f"The model has no embeddings {name!r}. Its matrices are: {', '.join(list(tables)[:20]) or 'none'}.")
        return lambda: to_array(variable)

    def has_stepped(self) -> bool:
        """Returns whether the optimizer has moved the variables since this was asked last; where it always does, without looking."""
        if self._accumulated == 1 and self._scaler is None:
            return True
        before, self._count = self._count, self._iterations()
        return self._count > before

    def _iterations(self) -> int:
        return int(to_array(self._optimizer.iterations))


class ArraySteps(KerasSteps):
    """Measures with NumPy."""

    _rate = float("nan")

    def open(self, path: Path, parts: Parts, meta: Mapping[str, Any]) -> ArrayRecorder:
        """Starts the recording."""
        return ArrayRecorder(self._names, self._values(), path, parts=parts, meta=meta)

    def before(self, recorder: ArrayRecorder) -> None:
        """To be called before a batch: its learning rate is the one to come."""
        self._rate = float(to_array(self._optimizer.learning_rate))

    def after(self, recorder: ArrayRecorder) -> None:
        """To be called after a batch: measures the step if one was made."""
        made = self.has_stepped()
        self.skipped = not made and self._scaler is not None and self._accumulated == 1
        if made:
            recorder.mark_step(self._values(), self._rate)

    def number(self, variable: Any) -> Any:
        """Returns the value that a variable has now."""
        return float(to_array(variable))

    def _values(self) -> list[Any]:
        return [to_array(variable) for variable in self._variables]


class TorchSteps(KerasSteps):
    """Measures as the recorder for PyTorch does, without waiting for the device.

    Keras leaves the gradients of the batch as they came; clipped and accumulated ones exist only inside its optimizer and are made here again, as
    it makes them (which with accumulation takes the parameters' memory once more).
    """

    _rate: Any = float("nan")

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._sum: list[Any] = []
        self._scale: Any = None

    def open(self, path: Path, parts: Parts, meta: Mapping[str, Any]) -> Recorder:
        """Starts the recording."""
        return record(_Named(self._names, self._parameters()), None, path, parts=parts, meta=meta)

    def before(self, recorder: Recorder) -> None:
        """To be called before a batch: its learning rate and loss scale are those to come."""
        self._rate = self.number(self._optimizer.learning_rate)
        scale = self._optimizer.loss_scale_factor
        if self._scaler is not None:
            scale = self._scaler.dynamic_scale if self._scaler.built else self._scaler.initial_scale
        self._scale = None if scale is None else self.number(scale)

    def after(self, recorder: Recorder) -> None:
        """To be called after a batch: measures the step if one was made."""
        import torch

        parameters = self._parameters()
        left = [parameter.grad for parameter in parameters]
        made = self.has_stepped()
        self.skipped = not made and self._scaler is not None and self._accumulated == 1
        with torch.no_grad():
            seen = left if self._scale is None else [None if gradient is None else gradient / self._scale for gradient in left]
            if self._accumulated > 1:
                seen = self._gathered(seen, made)
            if not made:
                return
            try:
                _give(parameters, seen)
                raw = total_norm(parameters)
                _give(parameters, self._clipped(seen, raw))
                recorder.mark_step([self._rate], gradient_norm=raw)
            finally:
                _give(parameters, left)

    def number(self, variable: Any) -> Any:
        """Returns the value that a variable has now, on its device."""
        value = getattr(variable, "value", variable)
        return value.detach().clone() if hasattr(value, "detach") else float(value)

    def _parameters(self) -> list[Any]:
        return [variable.value for variable in self._variables]

    def _gathered(self, gradients: list[Any], complete: bool) -> list[Any]:
        """Adds the batch's gradients up; returns their mean once the step has been made."""
        before = self._sum or [None] * len(gradients)
        shares = [None if gradient is None else gradient / self._accumulated for gradient in gradients]
        total = [one if other is None else other if one is None else one + other for one, other in zip(before, shares, strict=True)]
        self._sum = [] if complete else total
        return total

    def _clipped(self, gradients: list[Any], norm: Any) -> list[Any]:
        """Returns gradients as the optimizer clips them: each by its norm, all by theirs, or by value."""
        import torch

        each, together, value = (getattr(self._optimizer, name, None) for name in ("clipnorm", "global_clipnorm", "clipvalue"))
        if each:
            return [None if one is None else one * torch.clamp(each / torch.linalg.vector_norm(one), max=1.0) for one in gradients]
        if together:
            return [None if one is None else one * torch.clamp(together / norm, max=1.0) for one in gradients]
        if value:
            return [None if one is None else one.clamp(-value, value) for one in gradients]
        return gradients


class _Named:
    """The variables as the recorder expects a model's parameters."""

    def __init__(self, names: Sequence[str], parameters: Sequence[Any]) -> None:
        self._named = list(zip(names, parameters, strict=True))

    def named_parameters(self) -> list[tuple[str, Any]]:
        return self._named

    def modules(self) -> tuple[Any, ...]:
        return ()


def to_array(variable: Any) -> Any:
    """Returns a variable's or tensor's value as a NumPy array (a number: of no dimensions)."""
    value = getattr(variable, "value", variable)
    return value.detach().float().cpu().numpy() if hasattr(value, "detach") else np.asarray(value)


def _give(parameters: Sequence[Any], gradients: Sequence[Any]) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
