"""The stage that is chosen; one a scene, as `scene.bloom_stage`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import bpy
from bpy.props import EnumProperty, PointerProperty

from . import stage_presets
from .stage_presets import PRESETS

_filling = False
"""True while choices are filled in by a program: then they do not rebuild the stage one by one."""


@contextmanager
def _quietly() -> Iterator[None]:
    global _filling
    before, _filling = _filling, True
    try:
        yield
    finally:
        _filling = before


def _rebuilds(part: str) -> Callable[[Any, bpy.types.Context], None]:
    """Returns an update callback that sets a part of a stage that stands anew."""

    def update(self: Any, _context: bpy.types.Context) -> None:
        from ..stage import stage  # the features are loaded after the properties

        if not _filling and stage.is_set(self.id_data):
            stage.rebuild(self.id_data, part)

    return update


def _choose_preset(self: Any, _context: bpy.types.Context) -> None:
    if _filling:
        return
    from ..stage import stage

    self.fill(self.preset)
    if stage.is_set(self.id_data):
        stage.build(self.id_data, self.bloom, None)


def _preset_items(_self: Any, _context: bpy.types.Context | None) -> list[tuple[str, str, str, int, int]]:
    from ..stage import thumbnails

    return thumbnails.items()


class BloomStage(bpy.types.PropertyGroup):
    """The stage that is chosen; one a scene, as `scene.bloom_stage`."""

    preset: EnumProperty(  # type: ignore[valid-type]
        name="Stage",
        description="A whole stage: fills in all choices below. Where a stage stands, it is set anew",
        items=_preset_items,
        update=_choose_preset,
    )
    move: EnumProperty(  # type: ignore[valid-type]
        name="Camera",
        description="How the camera goes from the first to the last frame: two eased keys a channel, to be edited",
        items=stage_presets.MOVES,
        update=_rebuilds("move"),
    )
    world: EnumProperty(name="World", description="What is seen behind the flower", items=stage_presets.WORLDS, update=_rebuilds("world"))  # type: ignore[valid-type]
    ground: EnumProperty(name="Ground", description="What the flower stands on", items=stage_presets.GROUNDS, update=_rebuilds("ground"))  # type: ignore[valid-type]
    lights: EnumProperty(  # type: ignore[valid-type]
        name="Lamps",
        description="What shines on flowers of smoke or velvet, and on the ground",
        items=stage_presets.LIGHTS,
        update=_rebuilds("lights"),
    )
    looks: EnumProperty(  # type: ignore[valid-type]
        name="Finish",
        description="What the compositor does to the picture; none: it stays clean",
        items=stage_presets.LOOKS,
        options={"ENUM_FLAG"},
        default={"GLOW"},
        update=_rebuilds("looks"),
    )
    view: EnumProperty(name="View", description="How light becomes the colors of a screen", items=stage_presets.VIEWS, update=_rebuilds("view"))  # type: ignore[valid-type]
    engine: EnumProperty(name="Engine", description="What renders the film", items=stage_presets.ENGINES, update=_rebuilds("engine"))  # type: ignore[valid-type]
    quality: EnumProperty(name="Quality", description="How much time a frame may take", items=stage_presets.QUALITIES, update=_rebuilds("engine"))  # type: ignore[valid-type]
    bloom: PointerProperty(name="Bloom", type=bpy.types.Object, description="The bloom that the stage is set around")  # type: ignore[valid-type]
    camera_before: PointerProperty(name="Camera Before", type=bpy.types.Object, description="The scene's camera before the stage was set")  # type: ignore[valid-type]
    world_before: PointerProperty(name="World Before", type=bpy.types.World, description="The scene's world before the stage was set")  # type: ignore[valid-type]

    def fill(self, name: str) -> None:
        """Fills in the choices of a preset, and builds nothing. Raises KeyError for a name that is none."""
        preset = PRESETS[name]
        for choice in ("move", "world", "ground", "lights", "view"):
            self.choose(choice, getattr(preset, choice))
        self.choose("looks", set(preset.looks))
        self.choose("preset", name)

    def choose(self, choice: str, value: object) -> None:
        """Sets one choice, and builds nothing."""
        with _quietly():
            setattr(self, choice, value)


CLASSES = (BloomStage,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the properties and hangs them on their owner."""
    _register()
    setattr(bpy.types.Scene, "bloom_stage", PointerProperty(type=BloomStage))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.Scene, "bloom_stage")
    _unregister()
