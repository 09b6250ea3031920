"""The finishing: light that blooms around the hearts, as a compositor tree of ordinary nodes."""

from __future__ import annotations

import bpy

from .. import compat

TREE = "Bloom Film"
THRESHOLD, STRENGTH, SIZE = 0.6, 0.45, 0.6


def build(scene: bpy.types.Scene) -> None:
    """Gives the scene our compositor: render, glow, picture. A tree that the artist made is left alone."""
    if compat.compositor_in_use(scene, TREE):
        return
    tree, output = compat.new_compositor_tree(scene, TREE)
    layers, glare = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeGlare")
    glare.name = glare.label = "Bloom Glow"
    compat.set_glare(glare, THRESHOLD, STRENGTH, SIZE)
    layers.location, glare.location, output.location = (-400, 0), (-150, 0), (150, 0)
    tree.links.new(layers.outputs["Image"], glare.inputs["Image"])
    tree.links.new(glare.outputs["Image"], output.inputs[0])
