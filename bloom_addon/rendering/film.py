"""From a staged scene to a film: numbered stills first, so that nothing is lost when a render stops, then one MP4 of them."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from bloom_core import take_files
from bloom_core.images.png_metadata import without_render_facts

from .. import compat

_PNG_END = b"IEND\xaeB`\x82"


def render_stills(
    scene: bpy.types.Scene, folder: Path, done: Callable[[int, int], object] | None = None, frames: Sequence[int] | None = None
) -> list[Path]:
    """Renders `frames`, by default the scene's range, to `still_path`s in `folder`; returns the files. Calls `done(frames, of)` after each.

    On a full disk Blender says that it saved and leaves a cut picture: so each is written under a temporary name, and looked at.
    Raises OSError for a folder that cannot be written, RuntimeError where Blender cannot render.
    """
    folder.mkdir(parents=True, exist_ok=True)
    take_files.remove_leftovers(folder)
    compat.set_png(scene)
    if frames is None:
        frames = range(scene.frame_start, scene.frame_end + 1)
    files = []
    with _interrupts_held() as raise_interrupt:
        for number, frame in enumerate(frames, 1):
            scene.frame_set(frame)
            files.append(_render_still(scene, still_path(folder, frame)))
            raise_interrupt()
            if done is not None:
                done(number, len(frames))
    return files


def still_path(folder: Path, frame: int) -> Path:
    """Returns where the picture of a frame of the timeline goes."""
    return folder / f"frame_{frame:04d}.png"


def copy_still(source: Path, path: Path) -> None:
    """Copies a still; the copy appears whole. Raises OSError."""
    part = take_files.part_name(path.parent, path.stem)
    try:
        shutil.copyfile(source, part)
        take_files.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _render_still(scene: bpy.types.Scene, path: Path) -> Path:
    part = take_files.part_name(path.parent, path.stem)  # a farm may render a frame twice at once
    extended = scene.render.use_file_extension
    scene.render.filepath, scene.render.use_file_extension = _literal(part), False
    try:
        bpy.ops.render.render(write_still=True, scene=scene.name)
        if not _is_whole_picture(part):
            raise OSError(f"{path}: Blender wrote no whole picture. Is the disk full? Make room, then render again")
        part.write_bytes(without_render_facts(part.read_bytes()))
        take_files.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
        scene.render.filepath, scene.render.use_file_extension = _literal(path), extended
    return path


def _literal(path: Path) -> str:
    """Returns a path as Blender's output takes it: braces would be read as the name of a variable."""
    return str(path).replace("{", "{{").replace("}", "}}")


@contextmanager
def _interrupts_held() -> Iterator[Callable[[], None]]:
    """Keeps Ctrl-C until it is asked for: raised within a render, in Cycles' own Python, Blender would print it and go on."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))

    def raise_interrupt() -> None:
        if pressed:
            raise KeyboardInterrupt

    try:
        yield raise_interrupt
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)  # None: a handler that is not Python's


def encode(stills: Sequence[Path], out: Path, fps: int = 24) -> None:
    """Joins stills of one size to an H.264 film at `out` (.mp4). H.264 takes even sizes only: of an odd one, a line is cut off.

    Raises OSError where Blender wrote none, or not all of it.
    """
    scene = bpy.data.scenes.new("Bloom Encode")
    part = take_files.part_name(out.parent, out.stem)  # two tasks of a farm may find the last frame at once
    try:
        editor = scene.sequence_editor_create()
        strip: Any = editor.strips.new_image("stills", str(stills[0]), 1, 1)
        for path in stills[1:]:
            strip.elements.append(path.name)
        scene.frame_start, scene.frame_end = 1, len(stills)
        first: Any = bpy.data.images.load(str(stills[0]))
        settings = scene.render
        settings.resolution_x, settings.resolution_y = (size // 2 * 2 for size in first.size)
        settings.resolution_percentage = 100
        bpy.data.images.remove(first)
        settings.fps, settings.filepath, settings.use_file_extension = fps, _literal(part), False
        scene.view_settings.view_transform = "Standard"  # type: ignore[assignment]
        compat.set_movie(scene)
        bpy.ops.render.render(animation=True, scene=scene.name)
        if not part.is_file():
            raise OSError(f"{out}: Blender wrote no film. Is the disk full, or this Blender built without FFmpeg?")
        if _length(part) != len(stills):
            raise OSError(f"{out}: Blender wrote no whole film. Is the disk full? Make room, then render again")
        take_files.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
        bpy.data.scenes.remove(scene)


def _is_whole_picture(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size < len(_PNG_END):
        return False
    with path.open("rb") as file:
        file.seek(-len(_PNG_END), os.SEEK_END)
        return file.read() == _PNG_END


def _length(film: Path) -> int:
    """Returns how many frames a film has; 0 where it was cut off, for what lists them is written last."""
    clip = bpy.data.movieclips.load(str(film))
    try:
        return clip.frame_duration
    finally:
        bpy.data.movieclips.remove(clip)
