"""Baking takes, with progress and Esc."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from bloom_core.native import Cancelled

from .. import bloom_object, properties
from ..interface import CANCELLED, EXPECTED, FINISHED, PASS, RUNNING, BloomOperator, NeedsBloom
from . import bake, catalogue, staleness

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class Baking(BloomOperator):
    """What the operators that bake share: in a window a thread bakes while the artist goes on; in background mode it is just done."""

    _worker: bake.BakeWorker | None = None
    _timer: Any = None
    _told = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where no bake is running: two would write the same frames."""
        if bake.BakeWorker.running():
            cls.poll_message_set("A bake is running: wait for it, or stop it with Esc")
            return False
        return context.scene is not None

    def jobs(self, context: bpy.types.Context) -> list[bake.BakeJob]:
        """Returns what is to be baked. Raises what EXPECTED holds."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            jobs = self.jobs(context)
            results = [(job, bake.run(job)) for job in jobs]
        except EXPECTED as error:
            return self.refuse(error)
        return self._show(context, results)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        if bpy.app.background:
            return self.execute(context)
        try:
            context.window.cursor_modal_set("WAIT")  # sampling a long range takes a moment
            self._worker = bake.BakeWorker(*self.jobs(context))
        except EXPECTED as error:
            return self.refuse(error)
        finally:
            context.window.cursor_modal_restore()
        manager = context.window_manager
        manager.progress_begin(0.0, 1.0)
        self._timer = manager.event_timer_add(0.1, window=context.window)
        manager.modal_handler_add(self)
        return RUNNING

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        worker = self._worker
        assert worker is not None
        if event.type == "ESC" and not worker.finished:
            worker.cancel(wait=False)
            self._tell(context, worker)
            return RUNNING
        if event.type != "TIMER":
            return PASS
        if not worker.finished:
            self._tell(context, worker)
            return PASS
        self._end(context)
        done = list(zip(worker.jobs, worker.takes, strict=False))
        ended = self._show(context, done) if done else CANCELLED
        if isinstance(worker.error, Cancelled):
            self.report({"WARNING"}, "Stopped. Finished frames are kept: Bake goes on from there")
        elif worker.error is not None:
            self.refuse(worker.error)
        return ended

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when another file is opened, or Blender is closed, meanwhile."""
        assert self._worker is not None
        self._worker.cancel()
        self._end(context)

    def _tell(self, context: bpy.types.Context, worker: bake.BakeWorker) -> None:
        text = f"Bloom: baking. {worker.text} (Esc to stop; finished frames are kept)"
        context.window_manager.progress_update(worker.fraction)
        if text != self._told:
            self._told = text
            context.workspace.status_text_set(text)
            catalogue.redraw()

    def _end(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        catalogue.redraw()

    def _show(self, _context: bpy.types.Context, results: list[tuple[bake.BakeJob, Any]]) -> set[OperatorReturnItems]:
        shown = 0
        for job, take in results:
            obj: Any = bpy.data.objects.get(job.bloom)
            if obj is None:
                self.refuse(f"{job.bloom} was removed while it was baked; its take is in {take.folder}")
                continue
            bloom_object.show_take(obj, take, job.frame_start)
            staleness.fresh(obj.name, take.kind)
            catalogue.refresh(obj)
            shown += 1
        anew, frames = sum(take.baked for _, take in results), sum(len(take.files) for _, take in results)
        if shown:
            self.report({"INFO"}, f"Baked {anew} of {frames} frames anew" if anew else f"Nothing changed: all {frames} frames were there")
        return FINISHED if shown else CANCELLED


class BakingActive(NeedsBloom, Baking):
    """What the operators that bake the active bloom share."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the active object is a bloom and no bake is running."""
        return super().poll(context) and Baking.poll.__func__(cls, context)  # type: ignore[attr-defined, no-any-return]


class BLOOM_OT_bake(BakingActive):
    """Bake every frame of the range into a take, and show it. Frames that did not change are not baked again. Esc stops"""

    bl_idname, bl_label = "bloom.bake", "Bake"

    def jobs(self, context: bpy.types.Context) -> list[bake.BakeJob]:
        return bake.prepare_all(context.scene, context.object)


class BLOOM_OT_bake_frame(BakingActive):
    """Bake the current frame alone, to see what the settings give before baking all of them"""

    bl_idname, bl_label = "bloom.bake_frame", "Bake Frame"

    def jobs(self, context: bpy.types.Context) -> list[bake.BakeJob]:
        frame = context.scene.frame_current
        return bake.prepare_all(context.scene, context.object, range(frame, frame + 1))


class BLOOM_OT_bake_all(Baking):
    """Bake the selected blooms one after the other, each with its own settings; all blooms of the scene where none is selected"""

    bl_idname, bl_label = "bloom.bake_all", "Bake All"

    def jobs(self, context: bpy.types.Context) -> list[bake.BakeJob]:
        blooms = properties.blooms(context.scene)
        chosen = [obj for obj in blooms if obj.select_get(view_layer=context.view_layer)] or blooms
        if not chosen:
            raise ValueError("There is no bloom in this scene: add one with Add ▸ Bloom")
        return [job for obj in chosen for job in bake.prepare_all(context.scene, obj)]


class BLOOM_OT_bake_stop(BloomOperator):
    """Stop the bake. Finished frames are kept, and the next bake goes on from them"""

    bl_idname, bl_label, bl_options = "bloom.bake_stop", "Stop", {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[OperatorReturnItems]:
        if bake.BakeWorker.latest is not None:
            bake.BakeWorker.latest.cancel(wait=False)
        return FINISHED


CLASSES = (BLOOM_OT_bake, BLOOM_OT_bake_frame, BLOOM_OT_bake_all, BLOOM_OT_bake_stop)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the operators."""
    _register()


def unregister() -> None:
    """Takes them back; a bake that is going on ends."""
    bake.BakeWorker.stop()
    _unregister()
