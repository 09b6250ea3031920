"""Opening a map, making one, and showing it in the scene."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, StringProperty

from bloom_core.trainability import map_files, map_volume
from bloom_core.trainability.making import make_map

from .. import bloom_object, properties
from ..background import JobOperator, Work, still_there
from ..interface import EXPECTED, FINISHED, BloomOperator, FileOperator
from ..volumes import knowledge, notice
from . import showing, sources

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


def _examples(_operator: Any, _context: Any) -> list[tuple[str, str, str]]:
    _kept[:] = [(name, name.capitalize(), f"The map {name} that comes along with Bloom") for name in map_files.example_maps()]
    return _kept


_kept: list[tuple[str, str, str]] = []
"""Items of the menu: Blender keeps no reference to texts that a function gives it."""


class HasMap:
    """Poll for operators that need a map."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the scene has one."""
        if not properties.map_of(context.scene).file:
            cls.poll_message_set("There is no map yet: open one, take an example, or make one")  # type: ignore[attr-defined]
            return False
        return True


class BLOOM_OT_map_open(FileOperator):
    """Open a trainability map (.bloommap), and show it: one of two axes as a terrain"""

    bl_idname, bl_label = "bloom.map_open", "Open Map"
    filter_glob: StringProperty(default=f"*{map_files.SUFFIX}", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        path = Path(bpy.path.abspath(self.filepath))
        try:
            found = map_files.read_map(path)
            properties.map_of(context.scene).file = bloom_object.blend_path(path.resolve())
            if len(found.view.size) == 2:
                showing.show_terrain(context.scene, found)
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED


class BLOOM_OT_map_example(BloomOperator):
    """Take a map that comes along with Bloom, and show it: one of two axes as a terrain"""

    bl_idname, bl_label = "bloom.map_example", "Example"
    name: EnumProperty(name="Map", description="Which of the maps that come along", items=_examples)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            found = map_files.example_map(self.name)
            properties.map_of(context.scene).file = self.name
            if len(found.view.size) == 2:
                showing.show_terrain(context.scene, found)
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED


class BLOOM_OT_map_make(JobOperator):
    """Train a network at every place of a new map, here. Esc stops it; places that are done are kept, and the next time goes on from them"""

    bl_idname, bl_label, job_name = "bloom.map_make", "Make Map", "training a map"
    when_stopped = "places that are done are kept"

    def prepare(self, context: bpy.types.Context) -> Work:
        subject, view = sources.experiment(context.scene)
        file = sources.new_file(context.scene)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._scene = context.scene.session_uid

        def work(progress: Any) -> Path:
            map_files.write_map(file, make_map(subject, view, folder=file.with_suffix(".tiles"), progress=progress))
            return file

        return work

    def apply(self, context: bpy.types.Context, result: Any) -> set[OperatorReturnItems]:
        scene = still_there(bpy.data.scenes, self._scene, "The map's scene")
        found = map_files.read_map(result)
        properties.map_of(scene).file = bloom_object.blend_path(result)
        if len(found.view.size) == 2:
            showing.show_terrain(scene, found)
        self.report({"INFO"}, f"The map is there: {result}")
        return FINISHED


class BLOOM_OT_map_terrain(HasMap, BloomOperator):
    """Show the map as a land: basins where training converges, ridges where it does not. A new one takes the place of what shows the map"""

    bl_idname, bl_label = "bloom.map_terrain", "Terrain"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            showing.show_terrain(context.scene, sources.read(context.scene))
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED


class BLOOM_OT_map_volume(HasMap, JobOperator):
    """Show a map of three axes as light: its edge is a glowing shell. It plays a take, and takes the place of what shows the map"""

    bl_idname, bl_label, job_name = "bloom.map_volume", "Volume", "making a volume"

    def prepare(self, context: bpy.types.Context) -> Work:
        found, folder = sources.read(context.scene), sources.folder(context.scene) / "takes"
        if len(found.view.size) != 3:
            raise ValueError(f"{found.subject.title}: has two axes, so it is no volume. Show it as a terrain, or make a map of Cube")
        self._scene = context.scene.session_uid
        return lambda progress: (found, map_volume.publish_volume(found, folder, progress=progress))

    def apply(self, context: bpy.types.Context, result: Any) -> set[OperatorReturnItems]:
        showing.show_volume(still_there(bpy.data.scenes, self._scene, "The map's scene"), *result)
        if notice.uses_cycles(context.scene):
            knowledge.ask()  # so that the panel knows whether this Blender shows volumes
        return FINISHED


class BLOOM_OT_map_view(HasMap, BloomOperator):
    """Set camera, lamps and labels around the map anew, as chosen: after another view, another length of the film, or another size of picture"""

    bl_idname, bl_label = "bloom.map_view", "Set the View"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        shown = properties.map_of(context.scene).shown
        try:
            if shown is None or shown.name not in context.scene.objects:
                raise ValueError("The map is not in this scene yet: show it as a terrain or a volume")
            showing.stand(context.scene, shown, sources.read(context.scene))
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED


CLASSES = (BLOOM_OT_map_open, BLOOM_OT_map_example, BLOOM_OT_map_make, BLOOM_OT_map_terrain, BLOOM_OT_map_volume, BLOOM_OT_map_view)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
