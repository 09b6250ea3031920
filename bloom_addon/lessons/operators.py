"""Building a lesson, stepping through it, taking it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from bloom_core.lessons import lesson_files

from .. import bloom_object, properties
from ..background import JobOperator, Work, still_there
from ..interface import EXPECTED, FINISHED, BloomOperator, FileOperator
from ..properties.lessons import FILE, lessons_of
from . import building, flower, playback, reading

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

BUILDING = "building the lesson"
"""The name of the job."""


class BLOOM_OT_lesson_build(JobOperator):
    """Build the chosen lesson in this scene, keyed from its recorded training: the network, its data, captions, and the flower beside"""

    bl_idname, bl_label, job_name = "bloom.lesson_build", "Build Lesson", BUILDING
    bl_translation_context = "*"
    _scene: int

    def prepare(self, context: bpy.types.Context) -> Work:
        planned = building.plan(context.scene)
        self._scene = context.scene.session_uid
        return lambda progress: building.prepare(planned, progress)

    def apply(self, context: bpy.types.Context, result: Any) -> set[OperatorReturnItems]:
        scene = still_there(bpy.data.scenes, self._scene, "The lesson's scene")
        if context.scene != scene:
            context.window.scene = scene  # another one was looked at meanwhile
        building.build(context, scene, result)
        self.report({"INFO"}, f"Built: {result.times.seconds:.0f} s, {sum(map(len, result.times.frames))} moments. Press Play, or step through it")
        return FINISHED


class BLOOM_OT_lesson_open(FileOperator):
    """Choose a lesson of your own: a .bloomlesson file that the command “bloom lesson” recorded"""

    bl_idname, bl_label = "bloom.lesson_open", "Open Lesson"
    bl_translation_context = "*"
    filter_glob: StringProperty(default="*.bloomlesson", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        path = bloom_object.lasting_name(self.filepath)
        try:
            lesson = lesson_files.read_lesson(path)
        except EXPECTED as error:
            return self.refuse(error)
        reading.keep(path, lesson)
        settings = lessons_of(context.scene)
        settings.lesson, settings.file = FILE, path
        return FINISHED


class _Built:
    """Poll for operators that need a lesson in the scene."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where one is built."""
        if playback.times_of(context.scene) is None:
            cls.poll_message_set("There is no lesson in this scene yet: press Build Lesson")  # type: ignore[attr-defined]
            return False
        return True


class BLOOM_OT_lesson_step(_Built, BloomOperator):
    """Go to the next moment of the lesson, or to the one before"""

    bl_idname, bl_label = "bloom.lesson_step", "Step"
    bl_translation_context = "*"
    way: EnumProperty(  # type: ignore[valid-type]
        name="Way",
        description="Where to go",
        items=[("NEXT", "Next", "The moment that follows"), ("PREVIOUS", "Previous", "The moment before")],
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        times, scene = playback.times_of(context.scene), context.scene
        assert times is not None
        scene.frame_set(times.neighbour(scene.frame_current, 1 if self.way == "NEXT" else -1))
        return FINISHED


class BLOOM_OT_lesson_go(_Built, BloomOperator):
    """Go to the beginning of an act; with Play, and play it from there"""

    bl_idname, bl_label = "bloom.lesson_go", "Go to Act"
    bl_translation_context = "*"
    act: IntProperty(name="Act", description="Number of the act, from 0; −1: the one that is shown", default=-1, min=-1)  # type: ignore[valid-type]
    play: BoolProperty(name="Play", description="Plays on from there", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        times, scene = playback.times_of(context.scene), context.scene
        assert times is not None
        if self.act >= len(times.frames):
            return self.refuse(f"This lesson has {len(times.frames)} act{'' if len(times.frames) == 1 else 's'}: choose one of them")
        act = times.at(scene.frame_current)[0] if self.act < 0 else self.act
        scene.frame_set(times.frame_of(act, 0))
        if self.play and context.screen is not None and not context.screen.is_animation_playing and not bpy.app.background:
            bpy.ops.screen.animation_play()
        return FINISHED


class BLOOM_OT_lesson_run(_Built, BloomOperator):
    """Select the flower beside this act: the sections Run, Growth and Bake are then about the training that the lesson shows"""

    bl_idname, bl_label = "bloom.lesson_run", "Open the Run"
    bl_translation_context = "*"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        times, scene = playback.times_of(context.scene), context.scene
        assert times is not None
        obj = flower.flowers_of(scene).get(times.at(scene.frame_current)[0])
        if obj is None or properties.bloom_of(obj) is None or obj.name not in context.view_layer.objects:
            return self.refuse("This lesson was built without its flower: switch Flower Beside on, and build it again")
        for other in context.selected_objects:
            other.select_set(False)
        obj.select_set(True)
        context.view_layer.objects.active = obj
        return FINISHED


class BLOOM_OT_lesson_remove(_Built, BloomOperator):
    """Take the lesson out of the scene, with all that was made for it. Your own objects stay, and the flowers' takes stay on the disk"""

    bl_idname, bl_label = "bloom.lesson_remove", "Remove Lesson"
    bl_translation_context = "*"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        building.remove(context.scene)
        return FINISHED


CLASSES = (
    BLOOM_OT_lesson_build, BLOOM_OT_lesson_open, BLOOM_OT_lesson_step, BLOOM_OT_lesson_go, BLOOM_OT_lesson_run, BLOOM_OT_lesson_remove,
)  # fmt: skip
register, unregister = bpy.utils.register_classes_factory(CLASSES)
