"""The operators behind the panel. Each can be undone, says what to do when it cannot work, and never blocks the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from bloom_core import designs, growth
from bloom_core.flame import FlameError
from bloom_core.native import Cancelled, NativeError
from bloom_core.run_files import RunError
from bloom_core.takes import Take, TakeError

from . import bake, bloom_object, compat, export, headless, properties, stage

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

FINISHED: set[OperatorReturnItems] = {"FINISHED"}
CANCELLED: set[OperatorReturnItems] = {"CANCELLED"}
RUNNING: set[OperatorReturnItems] = {"RUNNING_MODAL"}
PASS: set[OperatorReturnItems] = {"PASS_THROUGH"}
EXPECTED = (FlameError, NativeError, RunError, TakeError, ValueError, OSError)


def _design_items(_self: Any, _context: Any) -> list[tuple[str, str, str]]:
    # Blender keeps no reference to the strings of a dynamic enum: they must outlive the call.
    return _ITEMS


_ITEMS = [(name, name.capitalize(), f"Grow this {name}") for name in designs.designs()]


class BloomOperator(bpy.types.Operator):
    """What all operators on a bloom share."""

    bl_options = {"REGISTER", "UNDO"}

    def refuse(self, problem: object) -> set[OperatorReturnItems]:
        """Shows an error in the status bar and ends the operator."""
        self.report({"ERROR"}, str(problem))
        return CANCELLED


class NeedsBloom:
    """Poll for operators that act on the active bloom."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the active object is a bloom."""
        if properties.bloom_of(context.object) is None:
            cls.poll_message_set("Select a bloom, or add one with Add ▸ Bloom")  # type: ignore[attr-defined]
            return False
        return True


class BLOOM_OT_add(BloomOperator):
    """Add a flower that a training run can open"""

    bl_idname, bl_label = "bloom.add", "Bloom"
    design: EnumProperty(name="Flower", description="Design that the bloom starts from", items=_design_items)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            bloom_object.new_bloom(context, designs.design(self.design or designs.designs()[0]))
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED


class BLOOM_OT_choose(NeedsBloom, BloomOperator):
    """Put another flower into this bloom. Its keys go with the old one: press Grow again"""

    bl_idname, bl_label = "bloom.choose", "Choose Flower"
    design: EnumProperty(name="Flower", description="Design that the bloom becomes", items=_design_items)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            bloom_object.set_design(context.object, designs.design(self.design or designs.designs()[0]))
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED


class FileOperator(BloomOperator):
    """An operator that asks for a file."""

    filepath: StringProperty(subtype="FILE_PATH")  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        context.window_manager.fileselect_add(self)
        return RUNNING


class BLOOM_OT_import_flame(FileOperator):
    """Add a bloom made of a .flame file (flam3, Ember, Fractorium)"""

    bl_idname, bl_label = "bloom.import_flame", "Import Flame"
    filter_glob: StringProperty(default="*.flame", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            design, warnings = bloom_object.read_flower(self.filepath)
            obj = bloom_object.new_bloom(context, design)
        except EXPECTED as error:
            return self.refuse(error)
        for warning in warnings:
            self.report({"WARNING"}, warning)
        getattr(obj, "bloom").design = bloom_object.lasting_name(self.filepath)  # noqa: B009
        return FINISHED


class BLOOM_OT_export_flames(NeedsBloom, FileOperator):
    """Write this bloom's frames, as they are keyed, as a .flame sequence for flam3 and Fractorium"""

    bl_idname, bl_label = "bloom.export_flames", "Export Flames"
    filter_glob: StringProperty(default="*.flame", options={"HIDDEN"})  # type: ignore[valid-type]
    check_existing: BoolProperty(default=True, options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        self.filepath = f"{context.object.name}.flame"
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        scene, path = context.scene, Path(bpy.path.ensure_ext(self.filepath, ".flame"))
        try:
            warnings = export.write_sequence(scene, context.object, path, scene.frame_start, scene.frame_end)
        except EXPECTED as error:
            return self.refuse(error)
        for warning in warnings:
            self.report({"WARNING"}, warning)
        self.report({"INFO"}, f"{scene.frame_end - scene.frame_start + 1} frames written to {path.name}")
        return FINISHED


class BLOOM_OT_import_run(NeedsBloom, FileOperator):
    """Choose the recorded training run (.bloom) that the flower shall grow from"""

    bl_idname, bl_label = "bloom.import_run", "Import Run"
    filter_glob: StringProperty(default="*.bloom", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            run = bloom_object.read_run(self.filepath)
        except EXPECTED as error:
            return self.refuse(error)
        properties.bloom_of(context.object).run = bloom_object.lasting_name(self.filepath)
        self.report({"INFO"}, f"{len(run.steps)} steps: now press Grow")
        return FINISHED


class BLOOM_OT_use_run(NeedsBloom, BloomOperator):
    """Use the run that Bloom brings along: a small network that learns to read handwritten digits"""

    bl_idname, bl_label = "bloom.use_run", "Use the Example Run"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        properties.bloom_of(context.object).run = "digits"
        return FINISHED


class BLOOM_OT_grow(NeedsBloom, BloomOperator):
    """Write the run's growth as keyframes: the flower opens with what was learned. Replaces the keys of an earlier growth"""

    bl_idname, bl_label = "bloom.grow", "Grow"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom, settings = properties.bloom_of(context.object), properties.growth_of(context.scene)
        if not bloom.run:
            return self.refuse("There is no run yet: choose one under Run, or use the example run")
        try:
            design, _ = bloom_object.read_flower(bloom.design)
            run = bloom_object.read_run(bloom.run)
            grown = growth.grow(run, design, **settings.arguments())
            bloom_object.apply_growth(context.scene, context.object, grown)
        except EXPECTED as error:
            return self.refuse(error)
        held = int((grown.guard < 1.0).sum())
        self.report({"INFO"}, f"Grown over {settings.frames} frames" + (f"; {held} were held back so that the flower stays whole" if held else ""))
        return FINISHED


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


class BLOOM_OT_stage(NeedsBloom, BloomOperator):
    """Set up a black world, a camera with depth of field on a slow path, a glow, and render settings for this bloom"""

    bl_idname, bl_label = "bloom.stage", "Set the Stage"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        stage.build(context.scene, context.object)
        return FINISHED


class BLOOM_OT_render(BloomOperator):
    """Render the scene's frame range as a film"""

    bl_idname, bl_label, bl_options = "bloom.render", "Render Film", {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where there is a camera to render with."""
        cls.poll_message_set("There is no camera: press Set the Stage, or add one")
        return context.scene.camera is not None

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        compat.set_movie(context.scene)
        try:
            # From the panel the render gets a window of its own and Blender stays usable; from a script it is waited for.
            bpy.ops.render.render("EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT", animation=True)
        except RuntimeError as error:
            return self.refuse(error)
        return FINISHED


CLASSES = (
    BLOOM_OT_add,
    BLOOM_OT_choose,
    BLOOM_OT_import_flame,
    BLOOM_OT_export_flames,
    BLOOM_OT_import_run,
    BLOOM_OT_use_run,
    BLOOM_OT_grow,
    BLOOM_OT_bake,
    BLOOM_OT_stage,
    BLOOM_OT_render,
)


def _add_menu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator_menu_enum(BLOOM_OT_add.bl_idname, "design", text="Bloom", icon="OUTLINER_OB_VOLUME")


def _import_menu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator(BLOOM_OT_import_flame.bl_idname, text="Bloom Flame (.flame)")


def _export_menu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator(BLOOM_OT_export_flames.bl_idname, text="Bloom Flames (.flame)")


_command: Any = None


def register() -> None:
    """Registers operators, menu entries and the command `blender --command bloom`."""
    global _command
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    cast(Any, bpy.types.VIEW3D_MT_volume_add).append(_add_menu)
    cast(Any, bpy.types.TOPBAR_MT_file_import).append(_import_menu)
    cast(Any, bpy.types.TOPBAR_MT_file_export).append(_export_menu)
    _command = bpy.utils.register_cli_command("bloom", headless.main)


def unregister() -> None:
    """Takes everything back."""
    bake.BakeWorker.stop()
    bpy.utils.unregister_cli_command(_command)
    cast(Any, bpy.types.TOPBAR_MT_file_export).remove(_export_menu)
    cast(Any, bpy.types.TOPBAR_MT_file_import).remove(_import_menu)
    cast(Any, bpy.types.VIEW3D_MT_volume_add).remove(_add_menu)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
