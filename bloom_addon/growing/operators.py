"""Growing a bloom from its run, and growing single curves again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty

from bloom_core.growth.animation import Animation

from .. import growth_book, properties
from ..background import JobOperator, Work
from ..interface import FINISHED, NeedsBloom
from . import plan

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

GROWING = "growing"
"""The name of the job."""

_NAMED = 4


class _Growing(NeedsBloom, JobOperator):
    """Grows beside the window, and writes the keys when it is done."""

    job_name, as_before = GROWING, False
    _plan: plan.Plan

    def prepare(self, context: bpy.types.Context) -> Work:
        self._plan = plan.make(context.scene, context.object, self.as_before)
        return self._plan.grow

    def apply(self, _context: bpy.types.Context, result: Animation) -> set[OperatorReturnItems]:
        self.report({"INFO"}, self.write(result))
        return FINISHED

    def write(self, animation: Animation) -> str:
        """Writes the keys; returns what to report. Raises ValueError."""
        raise NotImplementedError


class BLOOM_OT_grow(_Growing):
    """Write the run's growth as keyframes: the flower opens with what was learned."""

    bl_idname, bl_label = "bloom.grow", "Grow"
    bl_description = (
        "Write the run's growth as keyframes: the flower opens with what was learned. Growing again replaces only what training wrote: "
        "your own curves, modifiers, drivers, handles and edited keys stay"
    )
    replace_edited: BoolProperty(  # type: ignore[valid-type]
        name="Replace Edited Keys",
        description="Also writes over training's curves that were edited since, and curves of your own on the same values",
        options={"SKIP_SAVE"},
    )

    def write(self, animation: Animation) -> str:
        """Writes the whole growth."""
        kept = plan.write(self._plan, animation, self.replace_edited)
        told = f"Grown over {len(animation.values)} frames"
        held = int((animation.guard < 1.0).sum())
        if held:
            told += f"; {_count(held, 'frame was', 'frames were')} held back so that the flower stays whole"
        if kept:
            more = ", …" if len(kept) > _NAMED else ""
            told += f"; {_count(len(kept), 'edited curve', 'edited curves')} kept: {', '.join(kept[:_NAMED])}{more}"
        return told


class BLOOM_OT_revert_growth(_Growing):
    """Give curves back the keys that training wrote: those of the active xform; in the Graph Editor and the Dope Sheet, the selected curves"""

    bl_idname, bl_label, as_before = "bloom.revert_growth", "Revert to Growth", True
    selected: BoolProperty(  # type: ignore[valid-type]
        name="Selected Curves", description="The curves selected in the editor, instead of all of the active xform", options={"SKIP_SAVE"}
    )
    _wanted: set[tuple[str, int]]

    def prepare(self, context: bpy.types.Context) -> Work:
        """Takes down which curves."""
        found = growth_book.grown_action(context.object)
        if found is None:
            raise ValueError(f"{context.object.name} has not grown yet: use Grow")
        keys = [key.rpartition(":") for key in growth_book.Book(*found).digests]
        grown = {(path, int(index)) for path, _, index in keys}
        bloom = properties.bloom_of(context.object)
        if self.selected:
            curves = getattr(context, "selected_visible_fcurves", None) or ()
            self._wanted = grown & {(curve.data_path, curve.array_index) for curve in curves if curve.id_data == found[0]}
        else:
            self._wanted = {(path, index) for path, index in grown if path.startswith(f"bloom.xforms[{bloom.active_xform}].")}
        if not self._wanted:
            raise ValueError("Training wrote none of these curves: select others")
        return super().prepare(context)

    def write(self, animation: Animation) -> str:
        """Writes those curves."""
        wanted = self._wanted
        plan.write_only(self._plan, animation, lambda path, index: (path, index) in wanted)
        return f"{_count(len(wanted), 'curve is', 'curves are')} as training wrote {'it' if len(wanted) == 1 else 'them'}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


CLASSES = (BLOOM_OT_grow, BLOOM_OT_revert_growth)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
