"""A bloom in the scene: a Volume object that carries the flame, shows its take and wears the glow."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import bpy

from bloom_core import design_text, designs
from bloom_core.designs import Design
from bloom_core.flames import flame_file
from bloom_core.growth.animation import Animation
from bloom_core.growth.shown_steps import ShownSteps
from bloom_core.takes import Take
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_model import Trajectory

from . import flame_properties, keyframes, material, point_cloud


def new_volume(name: str) -> bpy.types.Volume:
    """Returns a new volume for a bloom. Solid viewports show hardly anything of its takes: their grey smoke would lie over the live points."""
    volume = bpy.data.volumes.new(name)
    volume.display.density = 1e-4  # viewports alone heed it, renders do not
    return volume


def new_bloom(context: bpy.types.Context, design: Design) -> bpy.types.Object:
    """Adds a bloom of `design`, in its open pose, to the scene and makes it the active object."""
    volume = new_volume(design.title)
    obj = bpy.data.objects.new(design.title, volume)
    volume.materials.append(material.glow_material(f"{design.title} Glow", design.open.palette))
    context.collection.objects.link(obj)
    set_design(obj, design)
    for other in context.selected_objects:
        other.select_set(False)
    obj.select_set(True)
    context.view_layer.objects.active = obj
    return obj


def set_design(obj: bpy.types.Object, design: Design) -> None:
    """Puts a flower into a bloom, without keys: those of another flower would move other xforms."""
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    keyframes.clear_flower(obj)
    bloom.palette.property_unset("applied")  # the other flower comes in its own colours
    flame_properties.write_flame(bloom, design.open)
    bloom.design, bloom.box_low, bloom.box_high = design.name, design.box.low, design.box.high
    packaged = design.name in designs.designs() and designs.design(design.name) is design
    bloom.design_text = "" if packaged else design_text.to_text(design)
    for slot in obj.material_slots:
        if slot.material is not None and material.ramp_of(slot.material) is not None:
            material.set_palette(slot.material, design.open.palette)


def flower_of(obj: bpy.types.Object) -> Design:
    """Returns the design that a bloom was made of: the one that it carries, else the one that its `design` names. Raises FlameError, OSError."""
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    if bloom.design_text:
        return design_text.from_text(bloom.design_text, Path(bloom.design).stem)
    return read_flower(bloom.design)[0]


def read_flower(name: str) -> tuple[Design, list[str]]:
    """Returns the design that a bloom's `design` names, of the package or a .flame file, and warnings. Raises FlameError, OSError."""
    if name in designs.designs():
        return designs.design(name), []
    path = bpy.path.abspath(name)
    return designs.read_design(path), flame_file.read_flames(path)[1]


def read_run(name: str) -> Trajectory:
    """Returns the run that a bloom's `run` names, of the package or a file or folder. Raises RunError."""
    return trajectory.read_run(trajectory.embedded_run(name) if name in trajectory.embedded_runs() else bpy.path.abspath(name))


def lasting_name(name: str) -> str:
    """Returns a run's or a flower's name as a .blend can keep it: one of the package as it is, a file by its whole path."""
    return name if name in (*designs.designs(), *trajectory.embedded_runs()) else str(Path(bpy.path.abspath(name)).resolve())


def apply_growth(
    scene: bpy.types.Scene, obj: bpy.types.Object, animation: Animation, *, replace_edited: bool = False, locked: Collection[int] = ()
) -> list[str]:
    """Writes a growth's keys and markers, and fits the scene's frame range to them; returns the names of what the artist edited, which is kept.

    `replace_edited` and `locked` as in `keyframes.write_animation`. Raises ValueError where the bloom was made of a flower with other xforms than the
    one that was grown: its keys would move the wrong ones.
    """
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    grown = len(animation.flame.xforms), animation.flame.final is not None
    own = (bloom.design_xforms, bloom.design_final) if bloom.design_xforms else (len(bloom.xforms) - bloom.has_final, bloom.has_final)
    if own != grown:
        raise ValueError(f"{animation.flame.name} has other xforms than {obj.name}: was its file changed? Import it again, and grow that bloom")
    kept = keyframes.write_animation(obj, animation, replace_edited=replace_edited, locked=locked)
    keyframes.write_markers(scene, animation)
    bloom.held_frames = int((animation.guard < 1.0).sum())
    bloom.frame_steps = ShownSteps(animation.frame_start, animation.steps, bloom.run).text()
    scene.frame_start, scene.frame_end = animation.frame_start, animation.frame_end
    return kept


def show_take(obj: bpy.types.Object, take: Take, frame_start: int) -> None:
    """Makes the bloom play a take from `frame_start` on: a volume itself, points by its companion. Paths are relative to a saved .blend."""
    path = blend_path(take.files[0])
    if take.kind == "points":
        point_cloud.play(obj, take, path, frame_start)
        return
    volume = obj.data
    assert isinstance(volume, bpy.types.Volume)
    volume.filepath = path
    volume.is_sequence = len(take.files) > 1
    volume.frame_start, volume.frame_duration, volume.frame_offset = frame_start, len(take.files), 0
    volume.sequence_mode = "EXTEND"


def played(obj: bpy.types.Object) -> tuple[str, int, int] | None:
    """Returns the path of the first file of the volume's take, the frame where it begins and its length; None where none is shown."""
    volume = obj.data
    if not isinstance(volume, bpy.types.Volume) or Path(volume.filepath).suffix != ".vdb":  # Blender makes "//" of no path when it saves
        return None
    return volume.filepath, volume.frame_start, volume.frame_duration if volume.is_sequence else 1


def blend_path(path: Path | str) -> str:
    """Returns a path as the .blend is to keep it: relative to a saved one on the same drive, so that both can move together."""
    return bpy.path.relpath(str(path)) if bpy.data.is_saved and _same_drive(str(path)) else str(path)


def takes_folder(obj: bpy.types.Object) -> Path:
    """Returns where a bloom's takes go: the folder that was chosen, else `bloom_takes` beside the .blend.

    Raises ValueError where neither is there, or the folder is relative to a .blend that is not saved.
    """
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    if bloom.folder and (bpy.data.is_saved or not bloom.folder.startswith("//")):
        return Path(bpy.path.abspath(bloom.folder)).absolute()
    if not bpy.data.is_saved:
        raise ValueError("Save the .blend first, or choose a folder under Bake ▸ Takes: the take needs a place")
    return Path(bpy.path.abspath("//")) / "bloom_takes"


def _same_drive(path: str) -> bool:
    return Path(path).drive == Path(bpy.data.filepath).drive
