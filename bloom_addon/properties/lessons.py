"""The lesson of a scene: which one is to be built and how, and what was built, as `scene.bloom_lessons`."""

from __future__ import annotations

from typing import Any, cast

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, PointerProperty, StringProperty

from bloom_core.lessons import timing

FILE = "FILE"
"""The lesson is one of the user's own, from a file."""

LESSONS = [
    ("neuron", "One Neuron", "A single neuron learns to part two classes of dots: weights, sum, sigmoid, loss, and the line it draws"),
    ("songs", "Four Songs", "Four songs that no single neuron can tell apart, and the hidden layer that can"),
    ("recurrent", "A Neuron with a Memory", "A recurrent neuron remembers a bell, and a few of them learn a line of text, letter by letter"),
    ("melody", "A Memory with Gates", "An LSTM learns the line, and then a tune: its gates decide what is kept, what is forgotten and what is shown"),
]
"""The lessons that come along, in the order in which they are taught."""

OWN = (FILE, "Of Your Own", "A lesson that you recorded yourself with the command “bloom lesson”")

LANGUAGES = [
    ("AUTO", "Automatic", "The language of Blender's interface; English where nobody has translated the lesson"),
    ("en", "English", "The scene speaks English"),
    ("es", "Español", "The scene speaks Spanish"),
]


class BloomLessons(bpy.types.PropertyGroup):
    """The lesson of a scene."""

    lesson: EnumProperty(name="Lesson", description="What is taught", items=[*LESSONS, OWN])  # type: ignore[valid-type]
    file: StringProperty(  # type: ignore[valid-type]
        name="File", description="Recorded lesson of your own", subtype="FILE_PATH", options={"PATH_SUPPORTS_BLEND_RELATIVE"}
    )
    language: EnumProperty(name="Language", description="What labels and captions are written in", items=LANGUAGES)  # type: ignore[valid-type]
    speed: FloatProperty(  # type: ignore[valid-type]
        name="Speed", description="2 takes half the time; at 1 there is time to read every caption",
        default=1.0, min=timing.SPEEDS[0], max=timing.SPEEDS[1], soft_min=0.25, soft_max=8.0,
    )  # fmt: skip
    flower: BoolProperty(  # type: ignore[valid-type]
        name="Flower Beside", description="The same training grows a flower beside the network, step for step", default=True
    )
    built: StringProperty(name="Built", description="Lesson that stands in the scene, by its name or file")  # type: ignore[valid-type]
    times: StringProperty(name="Times", description="Frames at which its moments begin")  # type: ignore[valid-type]

    def source(self) -> str:
        """Returns the chosen lesson, as `lesson_files.read_lesson` takes it. Raises ValueError where no file is chosen."""
        if self.lesson != FILE:
            return str(self.lesson)
        if not self.file:
            raise ValueError("There is no lesson of your own yet: open a .bloomlesson file")
        return str(bpy.path.abspath(self.file))

    def spoken(self) -> str:
        """Returns the language, as `translations.speaking` takes it."""
        return "" if self.language == "AUTO" else str(self.language)


CLASSES = (BloomLessons,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def lessons_of(scene: bpy.types.Scene) -> Any:
    """Returns the lesson of a scene."""
    return cast(Any, scene).bloom_lessons


def register() -> None:
    """Registers the properties and hangs them on scenes."""
    _register()
    setattr(bpy.types.Scene, "bloom_lessons", PointerProperty(type=BloomLessons))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.Scene, "bloom_lessons")
    _unregister()
