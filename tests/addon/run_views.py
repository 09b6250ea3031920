"""What the tests of the Run section share: a grown bloom of an explosive run, and a layout that writes down what is drawn."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np

from bloom_addon import bloom_object
from bloom_addon.run import reading
from bloom_core import designs, growth
from bloom_core.trajectories import trajectory

RUN, FRAMES = "digits-exploding", 24


def grown_bloom(run: str = RUN, frame_start: int = 1) -> bpy.types.Object:
    """Returns a lotus that grew from a run over FRAMES frames."""
    obj = bloom_object.new_bloom(bpy.context, designs.design("lotus"))
    obj.bloom.run = run
    brief = trajectory.read_run(reading.source(run))
    grown = growth.grow(brief, designs.design("lotus"), frames=FRAMES, frame_start=frame_start, mapping="whole", probe=lambda _: True)
    bloom_object.apply_growth(bpy.context.scene, obj, grown)
    assert len(np.unique(grown.steps)) == FRAMES
    return obj


def wait(done: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits until a thread has done something."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


class Drawn:
    """A layout that writes down what is drawn into it: `texts`, `operators`, `lists`. Any layout made in it is itself."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.operators: list[str] = []
        self.lists: list[tuple[Any, ...]] = []

    def label(self, text: str = "", **_: Any) -> None:
        self.texts.append(text)

    def operator(self, name: str, text: str | None = None, **_: Any) -> Any:
        kind = getattr(getattr(bpy.ops, name.split(".")[0]), name.split(".")[1]).get_rna_type()  # raises for a name that is not there
        self.operators.append(name)
        self.texts.append(kind.name if text is None else text)

        class Settings:
            def __setattr__(self, key: str, _value: Any) -> None:
                assert key in kind.properties, f"{name} has no {key}"

        return Settings()

    def operator_menu_enum(self, name: str, _property: str, text: str = "", **_: Any) -> None:
        self.operator(name, text)

    def prop(self, data: Any, name: str, text: str | None = None, **_: Any) -> None:
        assert hasattr(data, name)
        self.texts.append(name if text is None else text)

    def template_list(self, *arguments: Any, **_: Any) -> None:
        self.lists.append(arguments)

    def panel(self, _name: str, **_: Any) -> tuple[Drawn, Drawn]:
        return self, self

    def __getattr__(self, name: str) -> Any:
        if name in ("row", "column", "box", "split"):
            return lambda *_, **__: self
        raise AttributeError(name)

    @property
    def said(self) -> str:
        return " ".join(self.texts)
