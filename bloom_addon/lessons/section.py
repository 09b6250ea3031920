"""Lessons: a neuron and its relatives explained, step by step."""

from __future__ import annotations

from typing import Any

import bpy

from bloom_core.lessons.timing import Timing

from ..background import draw_job
from ..interface import Section
from ..properties.lessons import FILE, LESSONS, OWN, lessons_of
from ..run import text
from . import flower, operators, playback, reading
from .playback import Shown
from .translations import say, speaking


class BLOOM_PT_lessons(Section, bpy.types.Panel):
    """Lessons: a neuron and its relatives explained, step by step."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_lessons", "Lessons", 110, {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Always there: a lesson needs no bloom."""
        return True

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.split_layout(), lessons_of(context.scene)
        times = playback.times_of(context.scene)
        if times is not None:
            _draw_built(layout, context, settings, times)
            layout.separator()
        _draw_choice(layout, context, settings, times is not None)


def _draw_choice(layout: Any, context: bpy.types.Context, settings: Any, built: bool) -> None:
    column = layout.column(align=True)
    column.use_property_split = False
    column.prop(settings, "lesson", expand=True)
    told = next(entry[2] for entry in (*LESSONS, OWN) if entry[0] == settings.lesson)
    text.paragraph(layout, context, say(told), quiet=True)
    if settings.lesson == FILE:
        row = layout.row(align=True)
        row.use_property_split = False
        row.prop(settings, "file", text="")
        row.operator("bloom.lesson_open", text="", icon="FILE_FOLDER")
    column = layout.column()
    column.prop(settings, "language")
    column.prop(settings, "speed")
    column.prop(settings, "flower")
    if not draw_job(layout, operators.BUILDING, 1.5):
        row = layout.row()
        row.scale_y = 1.5
        row.enabled = settings.lesson != FILE or bool(settings.file)
        row.operator("bloom.lesson_build", text="Build Again" if built else "Build Lesson", text_ctxt="*", icon="SCENE_DATA")


def _draw_built(layout: Any, context: bpy.types.Context, settings: Any, times: Timing) -> None:
    found = reading.look(settings.built)
    if found.problem:
        text.paragraph(layout, context, found.problem, icon="ERROR")
    elif found.lesson is not None and not playback.fits(found.lesson, times):
        text.paragraph(layout, context, say("The recording has changed since: build the lesson again"), icon="ERROR")
    elif found.lesson is not None:
        with speaking(settings.spoken()):
            shown = playback.shown(found.lesson, times, context.scene.frame_current)
            acts = [say(act.title) for act in found.lesson.acts]
            _draw_acts(layout, acts, shown.act)
            _draw_transport(layout, context)
            _draw_shown(layout, context, shown, times)
    row = layout.row(align=True)
    if times.at(context.scene.frame_current)[0] in flower.flowers_of(context.scene):
        row.operator("bloom.lesson_run", icon="FCURVE")
        row.operator("bloom.lesson_remove", text="", icon="X")
    else:
        row.operator("bloom.lesson_remove", icon="X")


def _draw_acts(layout: Any, titles: list[str], shown: int) -> None:
    column = layout.column(align=True)
    for number, title in enumerate(titles):
        column.operator("bloom.lesson_go", text=title, translate=False, depress=number == shown).act = number


def _draw_transport(layout: Any, context: bpy.types.Context) -> None:
    row = layout.row(align=True)
    row.scale_x = row.scale_y = 1.4
    row.alignment = "CENTER"
    row.operator("bloom.lesson_go", text="", icon="REW").act = -1
    row.operator("bloom.lesson_step", text="", icon="PREV_KEYFRAME").way = "PREVIOUS"
    playing = context.screen is not None and context.screen.is_animation_playing
    row.operator("screen.animation_play", text="", icon="PAUSE" if playing else "PLAY")
    row.operator("bloom.lesson_step", text="", icon="NEXT_KEYFRAME").way = "NEXT"
    replay = row.operator("bloom.lesson_go", text="", icon="FILE_REFRESH")
    replay.act, replay.play = -1, True


def _draw_shown(layout: Any, context: bpy.types.Context, shown: Shown, times: Timing) -> None:
    text.paragraph(layout, context, shown.caption)
    box = layout.box()
    split = box.split(factor=0.6)
    split.label(text=say("Step {step}", {"step": shown.step}), translate=False)
    split.label(text=say("{moment} of {moments}", {"moment": shown.moment + 1, "moments": len(times.frames[shown.act])}), translate=False)
    column = box.column(align=True)
    column.scale_y = 0.8
    for name, values in ((say("mean loss"), f"{shown.loss:.4f}"), *shown.numbers):
        split = column.split(factor=0.42)
        split.label(text=name, translate=False)
        split.label(text=values, translate=False)


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_lessons,))
