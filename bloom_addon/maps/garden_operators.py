"""Recording trainings at places of the map and growing them there; standing runs that were recorded elsewhere on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import CollectionProperty, StringProperty

from bloom_core import gardens
from bloom_core.designs import Design
from bloom_core.gardens import Plot
from bloom_core.native import Progress
from bloom_core.trainability import bursting, spot_runs, standing
from bloom_core.trainability.maps import Map
from bloom_core.trajectories import trajectory

from .. import bloom_object, properties
from ..background import JobOperator, Work, still_there
from ..interface import FINISHED, RUNNING
from . import garden, places, sources

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_RECORDED = 0.3
"""Share of the work that recording is; the rest is growing."""


class PlantsOnMap(JobOperator):
    """An operator that grows runs on the terrain of the scene's map; give it `runs`, which returns their files, in the job's thread."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the map is in the scene as a terrain."""
        shown = properties.map_of(context.scene).shown
        if shown is None or shown.type != "MESH" or shown.name not in context.scene.objects:
            cls.poll_message_set("Flowers stand on the terrain of a map: show one first")  # type: ignore[attr-defined]
            return False
        return True

    def prepare(self, context: bpy.types.Context) -> Work:
        scene = context.scene
        chosen = properties.map_of(scene)
        found = sources.read(scene)
        standing.experiment_of(found)  # told before any work
        settings, flower = properties.growth_of(scene).arguments(), bloom_object.read_flower(chosen.design)[0]
        files = self.files_of(context, found)
        self._scene, self._shown = scene.session_uid, chosen.shown.session_uid

        def work(progress: Progress) -> Any:
            paths = files(lambda share: progress(_RECORDED * share))
            plots = plots_of(paths, flower)
            return found, plots, bursting.grow(plots, settings, lambda share: progress(_RECORDED + (1.0 - _RECORDED) * share))

        return work

    def files_of(self, context: bpy.types.Context, found: Map) -> Any:
        """Returns a function that is given the progress and returns the files of the runs."""
        raise NotImplementedError

    def apply(self, context: bpy.types.Context, result: Any) -> set[OperatorReturnItems]:
        scene = still_there(bpy.data.scenes, self._scene, "The map's scene")
        if context.scene != scene:
            context.window.scene = scene  # another one was looked at meanwhile
        found, plots, grown = result
        blooms = garden.plant(context, found, still_there(bpy.data.objects, self._shown, "The map's terrain"), plots, grown)
        exploding = sum(bursting.explodes(plot.run) for plot in plots)
        self.report({"INFO"}, f"{len(blooms)} flowers stand on the map, {exploding} of them explode: now bake them with Bake All")
        return FINISHED


class BLOOM_OT_map_grow(PlantsOnMap):
    """Train the networks of some places of the map once more, recorded: next to the edge, deep inside, just beyond and far beyond. Grow them there"""

    bl_idname, bl_label, job_name = "bloom.map_grow", "Grow Runs Here", "recording and growing runs"

    def files_of(self, context: bpy.types.Context, found: Map) -> Any:
        chosen = properties.map_of(context.scene)
        spots: Any = chosen.flowers
        if chosen.at_cursor:
            local = chosen.shown.matrix_world.inverted() @ context.scene.cursor.location
            spots = [spot_runs.at(found, places.position(found, local))]
        folder = sources.folder(context.scene) / "runs" / (Path(chosen.file).stem or "map")
        return lambda progress: spot_runs.spot_runs(found, spots, folder, progress)


class BLOOM_OT_map_stand(PlantsOnMap):
    """Stand recorded runs (.bloom) on the map, at their learning rates or other hyperparameters; several files at once"""

    bl_idname, bl_label, job_name = "bloom.map_stand", "Stand Runs", "growing runs"
    filter_glob: StringProperty(default="*.bloom", options={"HIDDEN"})  # type: ignore[valid-type]
    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        context.window_manager.fileselect_add(self)
        return RUNNING

    def files_of(self, context: bpy.types.Context, found: Map) -> Any:
        names = [str(Path(self.directory) / entry.name) for entry in self.files if entry.name] or [self.filepath]
        paths = [Path(bpy.path.abspath(name)) for name in names]
        for path in paths:
            standing.stand_run(found, trajectory.read_run(path))  # told before minutes of work
        return lambda _progress: paths


def plots_of(paths: list[Path], flower: Design) -> list[Plot]:
    """Reads runs as what is to be planted. Raises RunError."""
    runs = [trajectory.read_run(path, sketches=True) for path in paths]
    return [Plot(str(path), run, flower, gardens.title_of(run, path.stem)) for path, run in zip(paths, runs, strict=True)]


CLASSES = (BLOOM_OT_map_grow, BLOOM_OT_map_stand)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
