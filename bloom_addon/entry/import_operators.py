"""Bringing runs and flames in: by the File menu, by the panel, and dropped into the viewport."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, IntProperty, StringProperty

from .. import bloom_object, flame_properties, properties
from ..interface import EXPECTED, FINISHED, RUNNING, BloomOperator
from . import flame_scene
from .operators import InObjectMode, chosen

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_TOLD = 12  # warnings; a broken file can have hundreds


class FilesOperator(InObjectMode, BloomOperator):
    """An operator that takes one file or several, from the file browser, from a script, or dropped into the viewport."""

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        if self.filepath or self.files:  # they were dropped
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return RUNNING

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        raise NotImplementedError

    def paths(self) -> list[Path]:
        """Returns the files that were given; Blender hands each in its own way."""
        names = [entry.name for entry in self.files if entry.name]
        return [Path(self.directory) / name for name in names] if names else [Path(bpy.path.abspath(self.filepath))]


class BLOOM_OT_import_flame(FilesOperator):
    """Add a bloom made of a .flame file (flam3, Ember, Fractorium, Apophysis), with its colors, and its camera and light as Blender's own"""

    bl_idname, bl_label = "bloom.import_flame", "Import Flame"
    bl_options = {"REGISTER", "UNDO", "PRESET"}
    filter_glob: StringProperty(default="*.flame", options={"HIDDEN"})  # type: ignore[valid-type]
    flame: IntProperty(name="Flame", description="Which flame of a file that has several; 1 is the first", min=1, default=1)  # type: ignore[valid-type]
    camera: BoolProperty(  # type: ignore[valid-type]
        name="Camera",
        description="Add the file's camera, with perspective and depth of field, and render in its size",
        default=True,
    )
    look: BoolProperty(  # type: ignore[valid-type]
        name="Light",
        description="Set the scene's exposure, background and compositor glow as the file's brightness, gamma and background have them",
        default=True,
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        told: dict[str, None] = {}
        place = 0.0
        try:
            for number, path in enumerate(self.paths()):
                design, warnings = flame_scene.read_flame_file(path, self.flame)
                obj = bloom_object.new_bloom(context, design)
                bloom: Any = properties.bloom_of(obj)
                bloom.design = bloom_object.lasting_name(str(path))
                box = flame_properties.read_box(bloom)
                if number:
                    obj.location.x = place - box.low[0]
                place = obj.location.x + box.high[0]
                if number == 0:
                    warnings = [*warnings, *self._scene(context, obj, design.open)]
                told.update(dict.fromkeys(warnings))
        except EXPECTED as error:
            return self.refuse(error)
        for warning in list(told)[:_TOLD]:
            self.report({"WARNING"}, warning)
        if len(told) > _TOLD:
            self.report({"WARNING"}, f"and {len(told) - _TOLD} more warnings: check the file")
        return FINISHED

    def _scene(self, context: bpy.types.Context, obj: bpy.types.Object, flame: Any) -> list[str]:
        """Brings the scene into the state that the first file asks for; several cameras would only cover each other."""
        warnings: list[str] = []
        if self.camera:
            camera, warnings = flame_scene.add_camera(context, flame, obj.name, obj.matrix_basis)
            camera.select_set(False)
        if self.look:
            flame_scene.set_look(context.scene, obj, flame)
            warnings = [*warnings, *flame_scene.dropped(flame)]
        return warnings


class BLOOM_OT_open_run(FilesOperator):
    """Import a recorded training run: a .bloom file, or run.json in its folder. The active bloom grows from it; without one a flower is added"""

    bl_idname, bl_label = "bloom.open_run", "Import Bloom Run"
    filter_glob: StringProperty(default="*.bloom;run.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        place, steps = 0.0, 0
        paths = [path.parent if path.name == "run.json" else path for path in self.paths()]
        try:
            for number, path in enumerate(paths):
                steps = len(bloom_object.read_run(str(path)).steps)
                bloom: Any = properties.bloom_of(context.object)
                if bloom is None or len(paths) > 1:  # several runs: a flower each, in a row
                    obj = bloom_object.new_bloom(context, bloom_object.read_flower(chosen(context))[0])
                    bloom = properties.bloom_of(obj)
                    box = flame_properties.read_box(bloom)
                    obj.location = context.scene.cursor.location
                    obj.location.x += place - (box.low[0] if number else 0.0)
                    place += box.high[0] - (box.low[0] if number else 0.0)
                bloom.run = bloom_object.lasting_name(str(path))
        except EXPECTED as error:
            return self.refuse(error)
        self.report({"INFO"}, f"{steps} steps: now press Grow" if len(paths) == 1 else f"{len(paths)} runs, a flower each: press Grow on each")
        return FINISHED


class _Dropped:
    """Files are taken where objects are."""

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """True over a 3D viewport in Object Mode."""
        return context.area is not None and context.area.type == "VIEW_3D" and context.mode == "OBJECT"


class BLOOM_FH_flame(_Dropped, bpy.types.FileHandler):
    """Flames that are dropped into the viewport."""

    bl_idname, bl_label = "BLOOM_FH_flame", "Bloom Flame"
    bl_import_operator, bl_file_extensions = BLOOM_OT_import_flame.bl_idname, ".flame"


class BLOOM_FH_run(_Dropped, bpy.types.FileHandler):
    """Runs that are dropped into the viewport."""

    bl_idname, bl_label = "BLOOM_FH_run", "Bloom Run"
    bl_import_operator, bl_file_extensions = BLOOM_OT_open_run.bl_idname, ".bloom"


CLASSES = (BLOOM_OT_import_flame, BLOOM_OT_open_run, BLOOM_FH_flame, BLOOM_FH_run)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
