"""The finish: every combination renders, does what it says, and an artist's own compositor stays the artist's."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon import compat
from bloom_addon.stage import compositing

LOOKS = ("DENOISE", "GLOW", "LENS", "VIGNETTE", "FILM")


@pytest.fixture
def lamp(scene: Any) -> Any:
    """A small bright square before an even grey, seen by Cycles in a moment."""
    scene.render.engine, scene.cycles.samples, scene.cycles.max_bounces = "CYCLES", 4, 0
    scene.cycles.use_denoising = False
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x, scene.render.resolution_y = 96, 60
    scene.world = bpy.data.worlds.new("Grey")
    compat.ensure_nodes(scene.world).nodes["Background"].inputs["Color"].default_value = (0.2, 0.2, 0.2, 1.0)
    bpy.ops.mesh.primitive_plane_add(size=0.4)
    material = bpy.data.materials.new("Lamp")
    tree = compat.ensure_nodes(material)
    tree.nodes.clear()
    emission, output = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeOutputMaterial")
    emission.inputs["Strength"].default_value = 3.0
    tree.links.new(emission.outputs[0], output.inputs["Surface"])
    bpy.context.object.data.materials.append(material)
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.camera.location.z = 4.0
    scene.collection.objects.link(scene.camera)
    return scene


def picture(scene: Any, path: Path) -> np.ndarray[Any, Any]:
    compat.set_png(scene)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path), check_existing=False)
    pixels = np.array(image.pixels[:]).reshape(60, 96, -1)[:, :, :3]
    bpy.data.images.remove(image)
    return pixels


def test_each_finish_does_what_it_says(lamp: Any, tmp_path: Path) -> None:
    compositing.build(lamp, ())
    clean = picture(lamp, tmp_path / "clean.png")
    compositing.build(lamp, {"GLOW"})
    glow = picture(lamp, tmp_path / "glow.png")
    assert glow[30, 58].mean() > clean[30, 58].mean() + 0.02  # beside the lamp
    compositing.build(lamp, {"VIGNETTE"})
    vignette = picture(lamp, tmp_path / "vignette.png")
    corners = [vignette[y, x].mean() for y, x in itertools.product((1, 58), (1, 94))]
    assert max(corners) < 0.8 * clean[1, 1].mean() and np.ptp(corners) < 0.02
    assert abs(vignette[30, 58] - clean[30, 58]).max() < 0.01
    compositing.build(lamp, {"FILM"})
    film = picture(lamp, tmp_path / "film.png")
    assert clean[1, 1].mean() - 0.15 < film[1, 1].mean() < clean[1, 1].mean() - 0.01
    compositing.build(lamp, {"LENS"})
    lamp.camera.location.x = 1.0  # its colors part towards the edges of the picture
    lens = picture(lamp, tmp_path / "lens.png")
    edges = np.ptp(lens, axis=2).max()
    assert edges > 0.02 > np.ptp(clean, axis=2).max()  # colors part at edges


def test_all_together_and_denoise_render(lamp: Any, tmp_path: Path) -> None:
    compositing.build(lamp, LOOKS)
    assert picture(lamp, tmp_path / "all.png").max() > 0.5
    assert [node.name for node in compositing.find_group(lamp).nodes if node.name.startswith("Bloom ")] == [
        "Bloom Denoise", "Bloom Glow", "Bloom Lens", "Bloom Vignette", "Bloom Film",
    ]  # fmt: skip


def test_every_combination_links_through(scene: Any) -> None:
    for count in range(len(LOOKS) + 1):
        for looks in itertools.combinations(LOOKS, count):
            assert compositing.build(scene, looks)
            group = compositing.find_group(scene)
            assert all(link.is_valid for link in group.links)
            output = next(node for node in group.nodes if node.bl_idname == "NodeGroupOutput")
            assert output.inputs[0].is_linked
    assert len(bpy.data.node_groups) == (2 if compat.IS_5 else 1)


def own_tree(scene: Any) -> Any:
    """Gives the scene a tree of the artist's: the picture, made brighter."""
    tree, output = compat.new_compositor_tree(scene, "Mine")
    layers, exposure = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeExposure")
    tree.links.new(layers.outputs["Image"], exposure.inputs[0])
    tree.links.new(exposure.outputs[0], output.inputs[0])
    return tree


def links(tree: Any) -> set[tuple[str, str]]:
    return {(link.from_node.name, link.to_node.name) for link in tree.links}


def test_an_artists_tree_is_left_alone_until_asked(scene: Any, bloom: bpy.types.Object) -> None:
    tree = own_tree(scene)
    before = links(tree)
    assert bpy.ops.bloom.stage() == {"FINISHED"}
    assert compat.compositor_tree(scene) == tree and links(tree) == before and compositing.has_own_tree(scene)
    assert bpy.ops.bloom.insert_finish() == {"FINISHED"}
    assert {("Exposure", compositing.GROUP), (compositing.GROUP, compat.compositor_output(tree).name)} <= links(tree)
    scene.bloom_stage.looks = {"LENS"}
    assert "Bloom Lens" in compositing.find_group(scene).nodes
    assert not bpy.ops.bloom.insert_finish.poll()
    bpy.ops.bloom.remove_stage()
    assert links(tree) == before


def test_a_tree_without_a_picture_is_refused(scene: Any) -> None:
    tree = own_tree(scene)
    tree.links.clear()
    with pytest.raises(RuntimeError, match="shows no picture"):
        bpy.ops.bloom.insert_finish()
