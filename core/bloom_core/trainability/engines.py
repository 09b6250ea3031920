"""Choosing an engine: native by default, or PyTorch on the processor or a GPU."""

from __future__ import annotations

from dataclasses import dataclass

from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.outcomes import Engine

ENGINES = ("native", "torch")
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class EngineChoice:
    """An engine as plain data: `kind` of ENGINES, `device` of DEVICES (PyTorch's alone), `threads`: 0 for all processors."""

    kind: str = "native"
    device: str = "cpu"
    threads: int = 0


def open_engine(choice: EngineChoice = EngineChoice()) -> Engine:
    """Returns the engine. Raises MapError where it is not known or this computer lacks what it needs, NativeError as loading the library does."""
    if choice.kind == "torch":
        from bloom_core.trainability.torch_engine import TorchEngine

        return TorchEngine(choice.device, threads=choice.threads)
    if choice.kind != "native":
        raise MapError(f"There is no engine {choice.kind!r}; choose from {', '.join(ENGINES)}")
    if choice.device != "cpu":
        raise MapError(f"The native engine works on the processor; for the device {choice.device} choose the engine torch")
    from bloom_core.trainability.native_engine import NativeEngine

    return NativeEngine(choice.threads)


def choice_of(engine: Engine) -> EngineChoice:
    """Returns what makes the same engine on another computer."""
    kind, _, device = engine.name.partition(" ")
    return EngineChoice("torch", device.split()[0]) if kind == "PyTorch" else EngineChoice("native")
