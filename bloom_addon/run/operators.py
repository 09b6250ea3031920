"""Choosing the recorded training run that a bloom grows from."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, StringProperty

from bloom_core.growth import shown_steps
from bloom_core.reports import digest

from .. import bloom_object, properties
from ..interface import EXPECTED, FINISHED, BloomOperator, FileOperator, NeedsBloom
from . import reading

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

FIRST = "digits"


@cache
def _examples() -> list[tuple[str, str, str]]:
    # Blender keeps no reference to the strings of a dynamic enum: the cache keeps them.
    titles = digest.example_titles()
    names = sorted(titles, key=lambda name: (name != FIRST, name))
    return [(name, titles[name][:1].upper() + titles[name][1:], f"Use the recorded run “{name}” that Bloom brings along") for name in names]


def _example_items(_self: Any, _context: Any) -> list[tuple[str, str, str]]:
    return _examples()


def run_path(filepath: str) -> str:
    """Returns the run that a chosen file stands for: a packed run, or the folder around the run.json of one that is still being recorded."""
    path = Path(bpy.path.abspath(filepath))
    return str(path.parent) if path.name == "run.json" else filepath


class RunFileOperator(NeedsBloom, FileOperator):
    """An operator that asks for a run and reads it; `take` is then given the bloom, the run's lasting name and what was read."""

    filter_glob: StringProperty(default="*.bloom;run.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        path = bloom_object.lasting_name(run_path(self.filepath))
        try:
            brief = reading.read_now(path)
        except EXPECTED as error:
            return self.refuse(error)
        self.take(properties.bloom_of(context.object), path, brief)
        return FINISHED

    def take(self, bloom: Any, path: str, brief: Any) -> None:
        """Writes what was chosen."""
        raise NotImplementedError


class BLOOM_OT_import_run(RunFileOperator):
    """Choose the recorded training run that the flower shall grow from: a .bloom file, or the run.json of one that is still being recorded"""

    bl_idname, bl_label = "bloom.import_run", "Import Run"

    def take(self, bloom: Any, path: str, brief: Any) -> None:
        bloom.run, bloom.active_event = path, 0
        self.report({"INFO"}, f"{len(brief.steps)} steps: now press Grow")


class BLOOM_OT_use_run(NeedsBloom, BloomOperator):
    """Use a run that Bloom brings along: small networks that learn to read handwritten digits, or to translate"""

    bl_idname, bl_label = "bloom.use_run", "Use Example Run"
    run: EnumProperty(name="Run", description="Recorded run that comes with Bloom", items=_example_items)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom = properties.bloom_of(context.object)
        bloom.run, bloom.active_event = self.run or FIRST, 0
        return FINISHED


class BLOOM_OT_relink_run(RunFileOperator):
    """Say where this bloom's run lies now. The growth and its events stay, if it is the run that was grown"""

    bl_idname, bl_label = "bloom.relink_run", "Relink Run"

    def take(self, bloom: Any, path: str, brief: Any) -> None:
        bloom.run = path
        steps = shown_steps.read(bloom.frame_steps)
        if steps is not None and steps.last_row == len(brief.steps) - 1:
            bloom.frame_steps = replace(steps, run=path).text()
        elif steps is not None:
            self.report({"WARNING"}, f"This run has {len(brief.steps)} steps, the one that was grown {steps.last_row + 1}: press Grow")


CLASSES = (BLOOM_OT_import_run, BLOOM_OT_use_run, BLOOM_OT_relink_run)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
