"""Finds out whether this Blender's Cycles shows volumes: a picture of 16 by 16 pixels of a cube of light, in a scene of its own.

Some distributions build Blender without NanoVDB. Cycles then shows every volume grid black, without an error, and nothing that Blender tells of
its build says so. This file knows nothing of Bloom: in a window it is run as a script, by a second Blender that nobody sees.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import bpy

SHOWN, BLACK = "volumes are shown", "volumes are black"
"""What the script prints, in a line of its own."""

_SIDE = 16


def are_black() -> bool:
    """Renders, which takes a fifth of a second, and leaves nothing behind. False also where it cannot be found out, as without Cycles."""
    before = set(_datablocks())
    try:
        with tempfile.TemporaryDirectory(prefix="bloom-probe-") as folder:
            return _looks_black(Path(folder) / "probe.png")
    except (OSError, RuntimeError, TypeError):  # Blender takes no engine that it has not: TypeError
        return False
    finally:
        bpy.data.batch_remove([made for made in _datablocks() if made not in before])


def _looks_black(path: Path) -> bool:
    scene: Any = bpy.data.scenes.new("Bloom Probe")
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 1, False
    scene.render.resolution_x = scene.render.resolution_y = _SIDE
    scene.render.resolution_percentage = 100
    scene.render.filepath = str(path)
    scene.view_settings.view_transform = "Standard"
    _camera(scene)
    _cube_of_light(scene)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    image: Any = bpy.data.images.load(str(path))
    pixels = image.pixels[:]
    corner, middle = pixels[0], pixels[4 * (_SIDE // 2 * _SIDE + _SIDE // 2)]
    return bool(middle - corner < 0.5)


def _camera(scene: Any) -> None:
    camera = bpy.data.cameras.new("Bloom Probe")
    camera.type, camera.ortho_scale = "ORTHO", 4.0
    scene.camera = bpy.data.objects.new("Bloom Probe", camera)
    scene.camera.location.z = 5.0
    scene.collection.objects.link(scene.camera)


def _cube_of_light(scene: Any) -> None:
    """Adds a cube, two wide, that shines by its grid: Geometry Nodes make one without a file."""
    material = bpy.data.materials.new("Bloom Probe")
    if material.node_tree is None:
        material.use_nodes = True
    tree: Any = material.node_tree
    tree.nodes.clear()
    density, light, output = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("Attribute", "Emission", "OutputMaterial"))
    density.attribute_name = "density"
    tree.links.new(density.outputs["Fac"], light.inputs["Strength"])
    tree.links.new(light.outputs[0], output.inputs["Volume"])
    group: Any = bpy.data.node_groups.new("Bloom Probe", "GeometryNodeTree")
    group.interface.new_socket(name="Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    cube, worn, end = (group.nodes.new(kind) for kind in ("GeometryNodeVolumeCube", "GeometryNodeSetMaterial", "NodeGroupOutput"))
    for axis in "XYZ":
        cube.inputs[f"Resolution {axis}"].default_value = 8
    worn.inputs["Material"].default_value = material
    group.links.new(cube.outputs[0], worn.inputs[0])
    group.links.new(worn.outputs[0], end.inputs[0])
    obj = bpy.data.objects.new("Bloom Probe", bpy.data.meshes.new("Bloom Probe"))
    modifier: Any = obj.modifiers.new("Bloom Probe", "NODES")
    modifier.node_group = group
    scene.collection.objects.link(obj)


def _datablocks() -> list[bpy.types.ID]:
    """Returns all that the probe may add to."""
    data = bpy.data
    kinds = (data.scenes, data.objects, data.cameras, data.meshes, data.materials, data.node_groups, data.images, data.worlds)
    return [each for kind in kinds for each in kind if getattr(each, "type", "") != "RENDER_RESULT"]


if __name__ == "__main__":
    print(BLACK if are_black() else SHOWN, flush=True)
