"""Every message has its Spanish, with the same fields; scenes speak the language that is asked for, in a Blender without languages too."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

from bloom_addon.lessons import operators, section, spanish, translations
from bloom_addon.lessons.translations import say, speaking
from bloom_addon.properties import lessons as properties
from bloom_core.lessons import lesson_files, melody_words, messages, recurrent_words, symbols
from bloom_core.lessons.lesson import Lesson

from .short_lessons import shortened

FORMATTER = string.Formatter()
DATA = (recurrent_words.LINE, melody_words.SONG)
"""Titles of what is read: the same in every language, as letters and notes are."""


def fields(text: str) -> list[tuple[str, str]]:
    return sorted((name, spec or "") for _, name, spec, _ in FORMATTER.parse(text) if name is not None)


def shown(lesson: Lesson) -> Iterator[str]:
    """Yields what the scene of a lesson says."""
    yield lesson.title
    for act in lesson.acts:
        yield act.title
        read = {symbols.shown(symbol) for symbol in act.sequence.symbols} if act.sequence is not None else set()
        yield from (node.label for node in act.nodes if node.label not in read)
        yield from (caption.text for caption in act.captions)
        if act.plane is not None:
            yield from (*act.plane.axes, *act.plane.names)
        if act.sequence is not None and act.sequence.title not in DATA:
            yield act.sequence.title


def test_every_message_of_the_lessons_has_its_spanish() -> None:
    assert not [text for text in messages.messages() if text not in spanish.MESSAGES]


@pytest.mark.parametrize("name", lesson_files.lessons())
def test_everything_that_a_lesson_says_has_its_spanish(name: str) -> None:
    lacking = [text for text in shown(lesson_files.read_lesson(name)) if text not in spanish.MESSAGES]
    assert not lacking


def test_labels_of_the_interface_have_their_spanish(scene: bpy.types.Scene) -> None:
    wanted = {section.BLOOM_PT_lessons.bl_label}
    for operator in operators.CLASSES:
        kind = getattr(bpy.ops.bloom, operator.bl_idname.removeprefix("bloom.")).get_rna_type()
        wanted |= {kind.name, kind.description}
    for prop in properties.BloomLessons.bl_rna.properties:
        if prop.identifier not in ("rna_type", "name", "built", "times"):
            wanted |= {prop.name, prop.description}
    for _, name, told in (*properties.LESSONS, properties.OWN, *properties.LANGUAGES):
        wanted |= {name, told}
    assert not wanted - set(spanish.MESSAGES)


def test_translations_have_the_fields_of_their_messages() -> None:
    for text, said in spanish.MESSAGES.items():
        assert fields(text) == fields(said), text
        assert said.strip() == said and said[-1:] not in "¿¡" and (text[-1] in ".:?") == (said[-1] in ".:?"), text


def test_a_scene_speaks_the_language_that_is_asked_for(scene: bpy.types.Scene, tmp_path: Path) -> None:
    path = tmp_path / "short.bloomlesson"
    lesson = shortened("songs", (0, 1, 30))
    lesson_files.write_lesson(lesson, path)
    bpy.ops.bloom.lesson_open(filepath=str(path))
    settings = scene.bloom_lessons
    settings.flower, settings.speed = False, 50.0
    for language, title, step in (("es", "Una capa oculta", "paso de entrenamiento"), ("en", "A hidden layer", "training step")):
        settings.language = language
        bpy.ops.bloom.lesson_build()
        bodies = [obj.data.body for obj in scene.objects if obj.type == "FONT"]
        assert title in bodies and step in bodies
        with speaking(language):
            for act in lesson.acts:
                for caption in act.captions:
                    assert any(" ".join(say(caption.text, caption.values).split()) == " ".join(body.split()) for body in bodies)


def test_templates_are_translated_then_filled(scene: bpy.types.Scene) -> None:
    with speaking("es"):
        assert say("{moment} of {moments}", {"moment": 2, "moments": 9}) == "2 de 9"
        assert say("{word}: {x:+.1f}", {"word": "modern", "x": -0.25}) == "moderna: −0.2", "words among the values too; a true minus"
        assert say("nobody has translated this") == "nobody has translated this"
    with speaking("en"):
        assert say("{word}", {"word": "modern"}) == "modern"
    assert say("{word}", {"word": "modern"}) == "modern", "the bpy wheel has no language of its own"


def test_a_translation_with_other_fields_is_passed_over(scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(translations.TABLES, "xx", {"{a} of {b}": "{nothing}", "{a:.1f}!": "{a:d}!"})
    with speaking("xx"):
        assert say("{a} of {b}", {"a": 1, "b": 2}) == "1 of 2" and say("{a:.1f}!", {"a": 1.0}) == "1.0!"
