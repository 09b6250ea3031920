"""What can be done with takes: show, swap, compare, find again, copy, prune, check."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, StringProperty

from bloom_core import take_estimates, take_list, takes
from bloom_core.native import Progress
from bloom_core.take_list import Pruning, TakeInfo

from .. import bloom_object, point_cloud, properties
from ..background import Job, JobOperator, Work, still_there
from ..interface import CANCELLED, EXPECTED, FINISHED, RUNNING, BloomOperator, NeedsBloom
from ..properties.baking import takes_of
from . import bake, catalogue, staleness

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

COPYING, LOOKING = "copying takes of", "looking for takes"
"""The names of the jobs."""


def active_take(context: bpy.types.Context) -> TakeInfo | None:
    """Returns the take that is chosen in the list, or None."""
    rows = takes_of(context.window_manager)
    if not 0 <= rows.active < len(rows.entries):
        return None
    return catalogue.info(Path(rows.folder) / rows.entries[rows.active].name)


def show(obj: bpy.types.Object, folder: Path, start: int) -> None:
    """Makes a bloom show the take in a folder, and notes there which .blend does. Raises TakeError where it is not whole."""
    take = takes.read_take(folder)
    bloom_object.show_take(obj, take, start)
    if bpy.data.is_saved:
        takes.tell(folder, {"blends": [bpy.data.filepath]})


@dataclass(frozen=True)
class _Shown:
    """A bloom that shows a take, by its number in the session, and the frame where that begins."""

    uid: int
    name: str
    start: int

    @classmethod
    def of(cls, obj: bpy.types.Object, start: int) -> _Shown:
        """Takes a bloom down."""
        return cls(obj.session_uid, obj.name, start)

    def show(self, folder: Path) -> None:
        """Makes it show the take where that is now. Raises ValueError, TakeError."""
        show(still_there(bpy.data.objects, self.uid, self.name), folder, self.start)


class NeedsTake(NeedsBloom):
    """Poll for operators on the take that is chosen in the list."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the active object is a bloom and a take is chosen."""
        if not super().poll(context):
            return False
        if active_take(context) is None:
            cls.poll_message_set("Choose a take in the list")  # type: ignore[attr-defined]
            return False
        return True


class BLOOM_OT_takes_refresh(NeedsBloom, BloomOperator):
    """Read the folder of takes again"""

    bl_idname, bl_label, bl_options = "bloom.takes_refresh", "Refresh", {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        catalogue.refresh(context.object)
        return FINISHED


class BLOOM_OT_take_show(NeedsTake, BloomOperator):
    """Show the chosen take. The one that is shown becomes the chosen one, so that pressing this again swaps them"""

    bl_idname, bl_label = "bloom.take_show", "Show"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        take = active_take(context)
        assert take is not None
        before = catalogue.shown(context.object).get(take.kind)
        try:
            show(context.object, take.folder, take.frame_start(context.scene.frame_start))
        except EXPECTED as error:
            return self.refuse(error)
        rows = takes_of(context.window_manager)
        number = rows.entries.find(before[0].name) if before is not None else -1
        if number >= 0:
            rows.active = number
        return FINISHED


class BLOOM_OT_take_hide(NeedsBloom, BloomOperator):
    """Show no take of this kind. The take stays on disk"""

    bl_idname, bl_label = "bloom.take_hide", "Hide"
    kind: StringProperty(default="volume", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        if self.kind == "points":
            point_cloud.stop(context.object)
        else:
            volume: Any = context.object.data
            volume.filepath = ""
        return FINISHED


class BLOOM_OT_take_compare(NeedsTake, BloomOperator):
    """List how the chosen take differs from the one that is shown"""

    bl_idname, bl_label, bl_options = "bloom.take_compare", "Compare with Shown", {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        chosen, lines = active_take(context), []
        assert chosen is not None
        showing = catalogue.shown(context.object)
        place = showing.get(chosen.kind) or next(iter(showing.values()), None)
        shown = catalogue.info(place[0]) if place is not None else None
        if shown is None:
            return self.refuse("No take is shown: choose one in the list and press Show")
        lines = take_list.compare(shown, chosen) or ["They are the same"]
        if bpy.app.background:
            self.report({"INFO"}, "; ".join(lines))
            return FINISHED

        def draw(menu: Any, _context: bpy.types.Context) -> None:
            menu.layout.label(text=f"Shown: {catalogue.title(shown)}, {catalogue.details(shown)}", icon="HIDE_OFF")
            menu.layout.label(text=f"Chosen: {catalogue.title(chosen)}, {catalogue.details(chosen)}", icon="RESTRICT_SELECT_OFF")
            menu.layout.separator()
            for line in lines:
                menu.layout.label(text=line)

        context.window_manager.popup_menu(draw, title="Shown, and chosen")
        return FINISHED


class BLOOM_OT_take_reveal(NeedsBloom, BloomOperator):
    """Open the folder of takes in the file manager"""

    bl_idname, bl_label, bl_options = "bloom.take_reveal", "Reveal Folder", {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        folder = catalogue.folder_of(context.object)
        if folder is None or not folder.is_dir():
            return self.refuse("There is no folder of takes yet: bake first")
        bpy.ops.wm.path_open(filepath=str(folder))
        return FINISHED


class BLOOM_OT_takes_relink(JobOperator):
    """Find the takes that this file shows under another folder, after they or the file were moved. For all blooms at once"""

    bl_idname, bl_label, job_name = "bloom.takes_relink", "Relink Takes", LOOKING
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    filter_folder: BoolProperty(default=True, options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        context.window_manager.fileselect_add(self)
        return RUNNING

    def prepare(self, _context: bpy.types.Context) -> Work:
        lost = [
            (_Shown.of(obj, start), path)
            for obj in bpy.data.objects
            if properties.bloom_of(obj) is not None
            for path, start, _ in catalogue.shown(obj).values()
            if not (path / takes.JSON).is_file()
        ]
        if not lost:
            raise ValueError("Nothing is lost: every take that this file shows is where it should be")
        root, names = bpy.path.abspath(self.directory), {path.name for _, path in lost}
        return lambda progress: (lost, take_list.find_takes(root, names, progress))

    def apply(self, context: bpy.types.Context, result: Any) -> set[OperatorReturnItems]:
        lost, found = result
        for showing, path in lost:
            if path.name in found:
                showing.show(found[path.name])
        _read_again(context)
        missing = {path.name for _, path in lost} - found.keys()
        if missing:
            self.report({"WARNING"}, f"Found {len(found)} of {len(found) + len(missing)} takes; not under this folder: {', '.join(sorted(missing))}")
            return FINISHED if found else CANCELLED
        self.report({"INFO"}, f"Found {len(found)} takes again")
        return FINISHED


class BLOOM_OT_takes_copy(NeedsBloom, JobOperator):
    """Copy the takes that this bloom shows into its own folder of takes, and show the copies: after Save As to another folder"""

    bl_idname, bl_label, job_name = "bloom.takes_copy", "Copy Takes Here", COPYING
    when_stopped = "copied frames are kept, and Copy Takes Here goes on from there"

    def prepare(self, context: bpy.types.Context) -> Work:
        root = Path(os.path.normpath(bloom_object.takes_folder(context.object)))
        away = [(_Shown.of(context.object, start), folder) for folder, start, _ in catalogue.shown(context.object).values() if folder.parent != root]

        def work(progress: Progress) -> list[tuple[_Shown, Path]]:
            return [
                (showing, take_list.copy_take(folder, root, lambda part, number=number: progress((number + part) / len(away))))  # type: ignore[misc]
                for number, (showing, folder) in enumerate(away)
            ]

        return work

    def apply(self, context: bpy.types.Context, result: Any) -> set[OperatorReturnItems]:
        for showing, folder in result:
            showing.show(folder)
        _read_again(context)
        return FINISHED


class BLOOM_OT_takes_prune(NeedsBloom, BloomOperator):
    """Delete the takes that nothing in this file shows, and baked frames that belong to no take. Only files that Bloom wrote are deleted"""

    bl_idname, bl_label = "bloom.takes_prune", "Prune Takes"
    bl_options = {"REGISTER"}  # deleted files do not come back with undo
    _plan: Pruning | None = None

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        try:
            self._plan = self._planned(context)
        except EXPECTED as error:
            return self.refuse(error)
        if not self._plan.takes and not self._plan.frames:
            self.report({"INFO"}, "There is nothing to prune" + (": other files show the other takes" if self._plan.spared else ""))
            return CANCELLED
        return context.window_manager.invoke_props_dialog(self, width=460, title="Prune Takes", confirm_text="Delete")

    def draw(self, _context: bpy.types.Context) -> None:
        layout, plan = self.layout, self._plan
        assert plan is not None
        layout.label(text=f"{plan.root}")
        layout.label(text=f"Delete {len(plan.takes)} takes and {len(plan.frames)} frames: frees {take_estimates.size(plan.freed)}", icon="TRASH")
        column = layout.column(align=True)
        for take in plan.takes[:8]:
            column.label(text=f"{catalogue.title(take)}   {catalogue.details(take)}", icon="BLANK1")
        if len(plan.takes) > 8:
            column.label(text=f"and {len(plan.takes) - 8} more", icon="BLANK1")
        for take, blend in plan.spared[:4]:
            column.label(text=f"Kept, shown by {os.path.basename(blend)}: {catalogue.title(take)}", icon="CHECKMARK")
        layout.label(text="This cannot be undone. Another .blend that shows them would lose them", icon="ERROR")

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            freed = take_list.prune(self._plan or self._planned(context))
        except EXPECTED as error:
            return self.refuse(error)
        catalogue.refresh(context.object)
        self.report({"INFO"}, f"Freed {take_estimates.size(freed)}")
        return FINISHED

    def _planned(self, context: bpy.types.Context) -> Pruning:
        writing = Job.find(bake.BAKING) or Job.find(COPYING)
        if writing is not None:
            raise ValueError(f"Bloom is {writing.title}: prune when that is done")
        return take_list.plan_pruning(bloom_object.takes_folder(context.object), catalogue.every_shown(), bpy.data.filepath)


class BLOOM_OT_takes_check(NeedsBloom, BloomOperator):
    """Compare every frame of the shown takes with the keys as they are now, and say which frames a bake would change"""

    bl_idname, bl_label, bl_options = "bloom.takes_check", "Check", {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        if not catalogue.shown(context.object):
            return self.refuse("No take is shown: bake first")
        try:
            flags = staleness.check(context.scene, context.object)
        except EXPECTED as error:
            return self.refuse(error)
        self.report({"WARNING" if flags else "INFO"}, "; ".join(flag.text for flag in flags) or "The take is as the keys say")
        return FINISHED


class BLOOM_OT_takes_default_folder(NeedsBloom, BloomOperator):
    """Keep this bloom's takes in Blender's own folder for extensions, while the .blend is not saved. They go when Bloom is removed"""

    bl_idname, bl_label = "bloom.takes_default_folder", "Use Blender's Folder"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            folder = bpy.utils.extension_path_user(__package__.rpartition(".bloom_addon")[0], path="takes", create=True)
        except ValueError:  # not installed as an extension
            folder = bpy.utils.user_resource("DATAFILES", path="bloom_takes", create=True)
        properties.bloom_of(context.object).folder = folder
        return FINISHED


class BLOOM_OT_points_match_palette(NeedsBloom, BloomOperator):
    """Give the points' ramp the stops of the volume's again: their number has changed"""

    bl_idname, bl_label = "bloom.points_match_palette", "Match Palette"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        point_cloud.match_palette(context.object)
        return FINISHED


def _read_again(context: bpy.types.Context) -> None:
    catalogue.forget()
    catalogue.refresh(context.object)


CLASSES = (
    BLOOM_OT_takes_refresh, BLOOM_OT_take_show, BLOOM_OT_take_hide, BLOOM_OT_take_compare, BLOOM_OT_take_reveal, BLOOM_OT_takes_relink,
    BLOOM_OT_takes_copy, BLOOM_OT_takes_prune, BLOOM_OT_takes_check, BLOOM_OT_takes_default_folder, BLOOM_OT_points_match_palette,
)  # fmt: skip
register, unregister = bpy.utils.register_classes_factory(CLASSES)
