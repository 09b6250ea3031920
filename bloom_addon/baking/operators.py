"""Baking takes, with progress and Esc."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from bloom_core.native import Cancelled
from bloom_core.takes import Take

from .. import bloom_object
from ..interface import CANCELLED, EXPECTED, FINISHED, PASS, RUNNING, BloomOperator, NeedsBloom
from . import bake

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_bake(NeedsBloom, BloomOperator):
    """Bake every frame of the scene's range into a volume. Frames that did not change are not baked again. Esc stops"""

    bl_idname, bl_label = "bloom.bake", "Bake"
    _worker: bake.BakeWorker | None = None
    _timer: Any = None
    _target = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the active object is a bloom and no bake is running: two would write the same frames."""
        if bake.BakeWorker.running():
            cls.poll_message_set("A bake is running: wait for it, or stop it with Esc")
            return False
        return super().poll(context)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            job = bake.prepare(context.scene, context.object)
            return self._show(context, context.object, bake.run(job), job.frame_start)
        except EXPECTED as error:
            return self.refuse(error)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        if bpy.app.background:
            return self.execute(context)
        try:
            self._worker = bake.BakeWorker(bake.prepare(context.scene, context.object))
        except EXPECTED as error:
            return self.refuse(error)
        self._target = context.object.name
        manager = context.window_manager
        manager.progress_begin(0.0, 1.0)
        self._timer = manager.event_timer_add(0.1, window=context.window)
        manager.modal_handler_add(self)
        return RUNNING

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        worker = self._worker
        assert worker is not None
        if event.type == "ESC":
            worker.cancel()
        elif event.type != "TIMER":
            return PASS
        if not worker.finished:
            context.window_manager.progress_update(worker.fraction)
            context.workspace.status_text_set(f"Bloom: baking {worker.fraction:.0%} (Esc to stop; finished frames are kept)")
            return PASS
        self._end(context)
        result = worker.result
        obj: bpy.types.Object | None = bpy.data.objects.get(self._target)
        if isinstance(result, Cancelled):
            self.report({"WARNING"}, "Stopped. Finished frames are kept: Bake goes on from there")
            return CANCELLED
        if isinstance(result, Exception) or result is None:
            return self.refuse(result or "The bake ended without a result: bake again")
        if obj is None:
            return self.refuse(f"The bloom was removed while it was baked; its take is in {result.folder}")
        return self._show(context, obj, result, worker.job.frame_start)

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when another file is opened, or Blender is closed, meanwhile."""
        assert self._worker is not None
        self._worker.cancel()
        self._end(context)

    def _end(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        if context.workspace is not None:
            context.workspace.status_text_set(None)

    def _show(self, _context: bpy.types.Context, obj: bpy.types.Object, take: Take, frame_start: int) -> set[OperatorReturnItems]:
        bloom_object.show_take(obj, take, frame_start)
        self.report({"INFO"}, f"Baked {take.baked} of {len(take.files)} frames anew")
        return FINISHED


CLASSES = (BLOOM_OT_bake,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the operators."""
    _register()


def unregister() -> None:
    """Takes them back; a bake that is going on ends."""
    bake.BakeWorker.stop()
    _unregister()
