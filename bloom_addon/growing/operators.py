"""Growing a bloom from its run, and growing single curves again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty

from bloom_core.growth.animation import Animation

from .. import growth_book, properties
from ..interface import CANCELLED, EXPECTED, FINISHED, PASS, RUNNING, BloomOperator, NeedsBloom
from . import job, plan

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_NAMED = 4


class _Growing(NeedsBloom, BloomOperator):
    """Grows in a thread and writes the keys when it is done; from scripts and in the background it just does it."""

    bl_options = {"UNDO"}  # no redo panel: it would grow again, and block, at every touch
    as_before = False
    _plan: plan.Plan
    _job: job.Job
    _timer: Any

    def prepare(self, context: bpy.types.Context) -> None:
        """Takes down what it needs of the context. Raises ValueError where there is nothing to do."""

    def write(self, animation: Animation) -> str:
        """Writes the keys; returns what to report. Raises ValueError."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            self.prepare(context)
            self._plan = plan.make(context.scene, context.object, self.as_before)
            self.report({"INFO"}, self.write(self._plan.grow()))
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            self.prepare(context)
            self._plan = plan.make(context.scene, context.object, self.as_before)
            self._job = job.start(self._plan.grow)
        except EXPECTED as error:
            return self.refuse(error)
        self._timer = context.window_manager.event_timer_add(0.1, window=context.window)
        context.window_manager.modal_handler_add(self)
        return RUNNING

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        if event.type == "ESC" and event.value == "PRESS":
            self._job.stop()
            return RUNNING
        if event.type != "TIMER":
            return PASS
        if not self._job.over:
            context.workspace.status_text_set(f"Growing {self._plan.name}: {self._job.fraction:.0%} (Esc to cancel)")
            _redraw(context)
            return PASS
        self.cancel(context)
        if isinstance(self._job.error, EXPECTED):
            return self.refuse(self._job.error)
        if self._job.error is not None:
            raise self._job.error
        if self._job.result is None:
            self.report({"INFO"}, "Growing was cancelled: nothing was changed")
            return CANCELLED
        try:
            self.report({"INFO"}, self.write(self._job.result))
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED

    def cancel(self, context: bpy.types.Context) -> None:
        """Takes the timer and the status text back; Blender calls it too when it ends the operator."""
        self._job.stop()
        context.window_manager.event_timer_remove(self._timer)
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        _redraw(context)


def _redraw(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


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

    def prepare(self, context: bpy.types.Context) -> None:
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

    def write(self, animation: Animation) -> str:
        """Writes those curves."""
        wanted = self._wanted
        plan.write_only(self._plan, animation, lambda path, index: (path, index) in wanted)
        return f"{_count(len(wanted), 'curve is', 'curves are')} as training wrote {'it' if len(wanted) == 1 else 'them'}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


CLASSES = (BLOOM_OT_grow, BLOOM_OT_revert_growth)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
