"""Finding a live flower with the mouse: Blender knows nothing to click in a volume that has no grid yet.

An unselected flower shows a small round button at its origin, which selects it; a selected one, faintly, the corners of its box.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING, Any

import bpy
import gpu
from bpy.props import BoolProperty, IntProperty
from gpu_extras.batch import batch_for_shader
from mathutils import Matrix, Vector

from .. import properties
from ..interface import CANCELLED, FINISHED, BloomOperator
from . import clouds

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_TICK = 0.12
"""Share of a side that is drawn at each corner of a box."""

_gpu: Any = gpu  # its type stubs lag behind Blender
_batch_for_shader: Any = batch_for_shader
_translation: Any = Matrix.Translation


def draw_corners(context: bpy.types.Context, objects: Iterable[bpy.types.Object]) -> None:
    """Draws the corners of the selected ones' boxes into the view, in the theme's colour."""
    space: Any = context.space_data
    if not space.overlay.show_overlays:
        return
    theme = context.preferences.themes[0].view_3d
    for obj in objects:
        if not obj.select_get(view_layer=context.view_layer):
            continue
        color: Any = theme.object_active if obj is context.view_layer.objects.active else theme.object_selected
        shader = _gpu.shader.from_builtin("UNIFORM_COLOR")
        batch = _batch_for_shader(shader, "LINES", {"pos": corners(obj)})
        _gpu.state.blend_set("ALPHA")
        _gpu.state.depth_test_set("LESS_EQUAL")
        shader.bind()
        shader.uniform_float("color", (*color, 0.45))
        batch.draw(shader)
        _gpu.state.depth_test_set("NONE")
        _gpu.state.blend_set("NONE")


def corners(obj: bpy.types.Object) -> list[Any]:
    """Returns line ends in the world: three short lines at each corner of the bloom's box."""
    bloom = properties.bloom_of(obj)
    box = (tuple(bloom.box_low), tuple(bloom.box_high))
    found: list[Any] = []
    for ends in product((0, 1), repeat=3):
        corner = Vector([box[end][axis] for axis, end in enumerate(ends)])
        for axis in range(3):
            other = corner.copy()
            other[axis] += (box[1 - ends[axis]][axis] - corner[axis]) * _TICK
            found += [obj.matrix_world @ corner, obj.matrix_world @ other]
    return found


class BLOOM_OT_select(BloomOperator):
    """Select this flower; with Shift, beside what is selected"""

    bl_idname, bl_label, bl_options = "bloom.select", "Select Flower", {"UNDO", "INTERNAL"}

    uid: IntProperty(name="Flower", description="Which object of the session to select", options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    extend: BoolProperty(name="Extend", description="Keep what is selected", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        self.extend = event.shift
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        chosen = next((obj for obj in context.view_layer.objects if obj.session_uid == self.uid), None)
        if chosen is None:
            return CANCELLED
        for obj in context.selected_objects if not self.extend else ():
            obj.select_set(False)
        chosen.select_set(True)
        context.view_layer.objects.active = chosen
        return FINISHED


class BLOOM_GGT_select(bpy.types.GizmoGroup):
    """A button at the origin of every live flower that is not selected."""

    bl_idname, bl_label = "BLOOM_GGT_select", "Live Flowers"
    bl_space_type, bl_region_type = "VIEW_3D", "WINDOW"
    bl_options = {"3D", "PERSISTENT"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the view shows an unselected flower and what can be clicked."""
        space: Any = context.space_data
        if context.mode != "OBJECT" or not (space.show_gizmo and space.overlay.show_overlays):
            return False
        return bool(_unselected(context))

    def setup(self, context: bpy.types.Context) -> None:
        self._place(context)

    def refresh(self, context: bpy.types.Context) -> None:
        self._place(context)

    def draw_prepare(self, context: bpy.types.Context) -> None:
        self._place(context)

    def _place(self, context: bpy.types.Context) -> None:
        found = _unselected(context)
        gizmos: Any = self.gizmos
        while len(gizmos) < len(found):
            gizmo = gizmos.new("GIZMO_GT_button_2d")
            gizmo.draw_options, gizmo.icon, gizmo.scale_basis = {"BACKDROP", "OUTLINE"}, "NONE", 0.08
            gizmo.color, gizmo.alpha = (1.0, 1.0, 1.0), 0.15
            gizmo.color_highlight, gizmo.alpha_highlight = (1.0, 1.0, 1.0), 0.6
        for number, gizmo in enumerate(gizmos):
            gizmo.hide = number >= len(found)
            if not gizmo.hide:
                obj = found[number]
                gizmo.matrix_basis = _translation(obj.matrix_world.translation)
                gizmo.target_set_operator("bloom.select").uid = obj.session_uid


def _unselected(context: bpy.types.Context) -> list[bpy.types.Object]:
    shown = clouds.blooms_shown(context.view_layer, context.space_data)
    return [obj for obj in shown if not obj.select_get(view_layer=context.view_layer)]


register, unregister = bpy.utils.register_classes_factory((BLOOM_OT_select, BLOOM_GGT_select))
