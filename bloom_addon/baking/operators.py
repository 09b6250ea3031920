"""Baking takes, with progress and Esc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from bloom_core.takes import Take

from .. import bloom_object, properties
from ..background import JobOperator, still_there
from ..interface import CANCELLED, FINISHED, NeedsBloom
from . import bake, catalogue, staleness

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class Baking(JobOperator):
    """What the operators that bake share: what is done when it is stopped stays."""

    job_name, when_stopped = bake.BAKING, "finished frames are kept, and Bake goes on from there"
    _job: bake.BakeWorker

    def jobs(self, context: bpy.types.Context) -> list[bake.BakeJob]:
        """Returns what is to be baked. Raises what EXPECTED holds."""
        raise NotImplementedError

    def start(self, context: bpy.types.Context) -> bake.BakeWorker:
        return bake.BakeWorker(*self.jobs(context))

    def finish(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        done = list(zip(self._job.jobs, self._job.takes, strict=False))
        ended = self._show(done) if done else CANCELLED
        if self._job.error is not None:
            JobOperator.finish(self, context)
        return ended

    def _show(self, results: list[tuple[bake.BakeJob, Take]]) -> set[OperatorReturnItems]:
        shown = 0
        for job, take in results:
            try:
                obj = still_there(bpy.data.objects, job.uid, job.bloom)
            except ValueError:
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


class BLOOM_OT_bake(NeedsBloom, Baking):
    """Bake every frame of the range into a take, and show it. Frames that did not change are not baked again. Esc stops"""

    bl_idname, bl_label = "bloom.bake", "Bake"

    def jobs(self, context: bpy.types.Context) -> list[bake.BakeJob]:
        return bake.prepare_all(context.scene, context.object)


class BLOOM_OT_bake_frame(NeedsBloom, Baking):
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


CLASSES = (BLOOM_OT_bake, BLOOM_OT_bake_frame, BLOOM_OT_bake_all)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
