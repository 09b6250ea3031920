"""Choosing the runs of a garden, and planting it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import CollectionProperty, EnumProperty, StringProperty

from bloom_core import gardens
from bloom_core.gardens import Plot

from .. import bloom_object, properties
from ..background import JobOperator, Work, still_there
from ..interface import EXPECTED, FINISHED, BloomOperator, FileOperator
from . import planting

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_garden_optimizers(BloomOperator):
    """Put Bloom's five examples into the list: one small network that learns with SGD, momentum, Adam, AdamW, and at a rate that makes it explode"""

    bl_idname, bl_label = "bloom.garden_optimizers", "Five Optimizers"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        garden: Any = properties.garden_of(context.scene)
        garden.plots.clear()
        for name in gardens.OPTIMIZERS:
            add_plot(garden, name)
        garden.heading = "One network, five optimizers"
        return FINISHED


class BLOOM_OT_garden_add(FileOperator):
    """Put recorded runs (.bloom) into the list of the garden; several files at once"""

    bl_idname, bl_label = "bloom.garden_add", "Add Runs"
    filter_glob: StringProperty(default="*.bloom", options={"HIDDEN"})  # type: ignore[valid-type]
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        names = [str(Path(self.directory) / entry.name) for entry in self.files if entry.name] or [self.filepath]
        for name in names:
            try:
                add_plot(properties.garden_of(context.scene), name)
            except EXPECTED as error:
                return self.refuse(error)
        return FINISHED


class HasPlots:
    """Poll for operators that need a run in the list."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where there is one."""
        if not len(properties.garden_of(context.scene).plots):
            cls.poll_message_set("The garden has no runs yet: add some, or take the five optimizers")  # type: ignore[attr-defined]
            return False
        return True


class BLOOM_OT_garden_remove(HasPlots, BloomOperator):
    """Take the chosen run out of the list. A flower that was planted of it stays"""

    bl_idname, bl_label = "bloom.garden_remove", "Remove Run"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        garden = properties.garden_of(context.scene)
        garden.plots.remove(garden.active)
        garden.active = max(0, min(garden.active, len(garden.plots) - 1))
        return FINISHED


class BLOOM_OT_garden_move(HasPlots, BloomOperator):
    """Move the chosen run in the list: the first stands left, or in front"""

    bl_idname, bl_label = "bloom.garden_move", "Move Run"
    direction: EnumProperty(  # type: ignore[valid-type]
        name="Direction",
        description="Where the run goes in the list",
        items=[("UP", "Up", "Towards the first"), ("DOWN", "Down", "Towards the last")],
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        garden = properties.garden_of(context.scene)
        target = garden.active + (-1 if self.direction == "UP" else 1)
        if 0 <= target < len(garden.plots):
            garden.plots.move(garden.active, target)
            garden.active = target
        return FINISHED


class BLOOM_OT_garden_plant(HasPlots, JobOperator):
    """Grow all runs of the list on one common scale, so that the one which moved more is seen to move more; with labels and a camera's walk"""

    bl_idname, bl_label, job_name = "bloom.garden_plant", "Plant Garden", "growing the garden"

    def prepare(self, context: bpy.types.Context) -> Work:
        garden, settings = properties.garden_of(context.scene), properties.growth_of(context.scene).arguments()
        plots = [
            Plot(plot.run, bloom_object.read_run(plot.run), bloom_object.read_flower(plot.design)[0], plot.name or Path(plot.run).stem)
            for plot in garden.plots
        ]
        if garden.layout == "map":
            for plot in plots:
                gardens.coordinates(plot.run)  # told before minutes of work
        self._scene = context.scene.session_uid
        return lambda progress: (plots, gardens.grow(plots, settings, progress))

    def apply(self, context: bpy.types.Context, result: Any) -> set[OperatorReturnItems]:
        scene = still_there(bpy.data.scenes, self._scene, "The garden's scene")
        if context.scene != scene:
            context.window.scene = scene  # another one was looked at meanwhile
        garden = properties.garden_of(scene)
        plots, grown = result
        blooms = planting.plant(context, plots, grown, garden.layout, garden.heading, garden.labels)
        self.report({"INFO"}, f"Planted {len(blooms)} flowers on one scale: now bake them with Bake All")
        return FINISHED


def add_plot(garden: Any, name: str) -> None:
    """Adds a run to the garden's list. Raises RunError for a file that is none."""
    run = bloom_object.read_run(name)
    plot = garden.plots.add()
    plot.name, plot.run = gardens.title_of(run, Path(name).stem), bloom_object.lasting_name(name)
    if len(garden.plots) > 1:
        plot.design = garden.plots[len(garden.plots) - 2].design
    garden.active = len(garden.plots) - 1


CLASSES = (
    BLOOM_OT_garden_optimizers,
    BLOOM_OT_garden_add,
    BLOOM_OT_garden_remove,
    BLOOM_OT_garden_move,
    BLOOM_OT_garden_plant,
)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
