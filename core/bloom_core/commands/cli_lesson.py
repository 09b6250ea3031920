"""The command `bloom lesson`: trains the network of a lesson, records it, and lets Blender build its scene."""

from __future__ import annotations

import argparse
import importlib.util
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bloom_core.lessons.lesson import Lesson
from bloom_core.lessons.lesson_files import LessonError, lessons, read_lesson, write_lesson

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]


def add_commands(command: AddCommand) -> None:
    """Adds `lesson`."""
    sub = command("lesson", _lesson, "Train the network of a lesson, record every step, and build the scene that explains it.")
    told = f"one of: {', '.join(lessons())}; or a .bloomlesson file. Without it, the lessons are listed"
    sub.add_argument("lesson", metavar="LESSON", nargs="?", help=told)
    sub.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="where recording and scene go (default: a folder named as the lesson)")
    sub.add_argument("--recorded", action="store_true", help="train nothing: take the recording that comes along, for which no PyTorch is needed")
    sub.add_argument("--seed", metavar="N", type=_seed, help="first weights of your own; what is said of them follows from what they do")
    sub.add_argument("--film", action="store_true", help="render the scene's film, too: that takes long")
    sub.add_argument("--blender", metavar="PATH", help="the Blender that builds the scene, with Bloom installed (default: the one that is found)")


def _seed(text: str) -> int:
    """Reads a seed. Raises argparse.ArgumentTypeError."""
    if text.isascii() and text.isdecimal() and int(text) < 2**63:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")


def _lesson(options: argparse.Namespace) -> None:
    if options.lesson is None:
        for name in lessons():
            lesson = read_lesson(name)
            print(f"{name}: {lesson.title} ({'; '.join(act.title for act in lesson.acts)})")
        return
    own = options.lesson not in lessons()
    if options.seed is not None and (own or options.recorded):
        raise LessonError(f"{options.lesson}: a recording is not trained, so it takes no --seed. Name one of: {', '.join(lessons())}.")
    name = Path(options.lesson).stem if own else options.lesson
    folder: Path = options.output or Path(name)
    file = Path(options.lesson) if own else folder / f"{name}.bloomlesson"
    if own:
        lesson = read_lesson(file)
    else:
        lesson = read_lesson(name) if options.recorded else _record(name, options.seed)
        write_lesson(lesson, file)
        print(f"{file}: {file.stat().st_size / 1e3:.0f} kB", flush=True)
    for act in lesson.acts:
        print(f"  {act.title}: {act.steps[-1]} training steps, loss {act.losses[0]:.4f} to {act.losses[-1]:.4f}; {len(act.rows)} moments", flush=True)
    _build(file, folder, options.film, options.blender)


def _record(name: str, seed: int | None) -> Lesson:
    from bloom_core.lessons.recording import record_lesson

    print(f"{name}: training, which takes some seconds", file=sys.stderr, flush=True)
    return record_lesson(name, seed)


def _build(file: Path, folder: Path, film: bool, blender: str | None) -> None:
    """Lets Blender build the scene, or says how to where there is none. Raises LessonError when Blender does not succeed."""
    words = ["lesson", str(file), "--out", str(folder), *([] if film else ["--blend-only"])]
    program = _blender(blender)
    if program is None:
        print(f"Found no Blender to build the scene with. Where Blender has Bloom: {shlex.join(['blender', '--command', 'bloom', *words])}")
        return
    command = [*program, *words]
    print(shlex.join(command), flush=True)
    try:
        ended = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise LessonError(f"{command[0]}: cannot be started ({error.strerror}). Name Blender's own program with --blender.") from error
    if ended:
        raise LessonError(f"{file}: the recording is whole, but Blender did not build its scene (exit code {ended}). Has it Bloom installed?")


def _blender(named: str | None) -> list[str] | None:
    """Returns how a command of Bloom in Blender begins: with the Blender that was named, Blender as a module of this Python, or one on the path."""
    if named is not None:
        return [named, "--command", "bloom"]
    if importlib.util.find_spec("bpy") is not None and importlib.util.find_spec("bloom_addon") is not None:
        return [sys.executable, "-m", "bloom_addon"]
    found = shutil.which("blender")
    return None if found is None else [found, "--command", "bloom"]
