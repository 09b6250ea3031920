"""The strip as a control of the 3D viewport: click or drag on it to go to the frame that shows a step. Off, it is not even there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from bloom_core.growth.shown_steps import ShownSteps
from bloom_core.reports import strip
from bloom_core.reports.digest import Digest

from .. import properties
from ..interface import CANCELLED, RUNNING
from ..properties import run_view
from . import reading, showing, strip_drawing, strip_layout
from .strip_drawing import Curves, Shown

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_GT_strip(bpy.types.Gizmo):
    """The training's strip in one region."""

    bl_idname = "BLOOM_GT_strip"
    __slots__ = ("before", "curves", "pointer")
    pointer: int | None
    before: int
    curves: Curves | None

    def setup(self) -> None:
        """Begins with nothing drawn and nothing pointed at."""
        self.curves, self.pointer, self.before = None, None, 0

    def draw(self, context: bpy.types.Context) -> None:
        """Draws the strip, where there is room."""
        place, bloom, digest = self._view(context)
        if place is None or digest is None:
            return
        if self.curves is None or self.curves.digest is not digest or self.curves.place != place:
            self.curves = strip_drawing.prepare(digest, place)
        steps = showing.steps_of(bloom, digest)
        row = None if steps is None else steps.row_at(context.scene.frame_current)
        strip_drawing.draw(self.curves, Shown(row, self.pointer, "" if steps else "Press Grow: then every step has its frame"), context)

    def test_select(self, context: bpy.types.Context, location: Any) -> int:
        """Says whether the pointer is on the strip, and remembers the event below it."""
        place, _, digest = self._view(context)
        inside = place is not None and digest is not None and place.holds(*location)
        pointer = self._event(context, place, digest, location[0]) if inside else None
        if pointer != self.pointer:
            self.pointer = pointer
            context.region.tag_redraw()
        return 0 if inside else -1

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        """Goes to the event below the pointer, or to the frame that shows the step below it, and begins to scrub."""
        place, bloom, digest = self._view(context)
        steps = None if digest is None else showing.steps_of(bloom, digest)
        if place is None or digest is None or steps is None:
            return CANCELLED
        self.before = context.scene.frame_current
        index = self._event(context, place, digest, event.mouse_region_x)
        if index is not None:
            bloom.active_event = index
            context.scene.frame_current = steps.frame_of(int(digest.rows[index]))
        else:
            _scrub(context, steps, digest, place.share(event.mouse_region_x))
        return RUNNING

    def modal(self, context: bpy.types.Context, event: bpy.types.Event, _tweak: Any) -> set[OperatorReturnItems]:
        """Scrubs while the button is held."""
        place, bloom, digest = self._view(context)
        steps = None if digest is None else showing.steps_of(bloom, digest)
        if event.type == "MOUSEMOVE" and place is not None and digest is not None and steps is not None:
            self.pointer = self._event(context, place, digest, event.mouse_region_x)
            _scrub(context, steps, digest, place.share(event.mouse_region_x))
        return RUNNING

    def exit(self, context: bpy.types.Context, cancel: bool | None) -> None:
        """Goes back to the frame before, where the drag was cancelled."""
        if cancel:
            context.scene.frame_current = self.before

    def _view(self, context: bpy.types.Context) -> tuple[strip_layout.Place | None, Any, Digest | None]:
        """Returns where the strip lies, the bloom that is shown, and its run; None for what there is not."""
        bloom = properties.bloom_of(showing.shown_bloom(context))
        if bloom is None or not bloom.run:
            return None, None, None
        return strip_layout.place(context), bloom, reading.look(bloom.run).digest

    def _event(self, context: bpy.types.Context, place: strip_layout.Place, digest: Digest, x: float) -> int | None:
        """Returns the event whose tick is near a point, of those that the list shows."""
        numbers = np.array(showing.listed(context.scene, digest), dtype=np.int64)
        shares = (digest.rows[numbers] + 0.5) / len(digest.steps)
        found = strip.nearest(shares, digest.weights[numbers], place.share(x), place.reach)
        return None if found is None else int(numbers[found])


class BLOOM_GGT_strip(bpy.types.GizmoGroup):
    """The training's strip."""

    bl_idname, bl_label = "BLOOM_GGT_strip", "Bloom Training Strip"
    bl_space_type, bl_region_type = "VIEW_3D", "WINDOW"
    bl_options = {"PERSISTENT", "SHOW_MODAL_ALL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the strip is switched on and a bloom with a run is active."""
        if not run_view.view_of(context.scene).show_strip:
            return False
        bloom = properties.bloom_of(showing.shown_bloom(context))
        return bloom is not None and bool(bloom.run)

    def setup(self, _context: bpy.types.Context) -> None:
        """Makes the region's strip."""
        gizmo = self.gizmos.new(BLOOM_GT_strip.bl_idname)
        gizmo.use_draw_modal = True


def _scrub(context: bpy.types.Context, steps: ShownSteps, digest: Digest, share: float) -> None:
    frame = steps.frame_of(strip.row_at(share, len(digest.steps)))
    if context.scene.frame_current != frame:
        context.scene.frame_current = frame


register, unregister = bpy.utils.register_classes_factory((BLOOM_GT_strip, BLOOM_GGT_strip))
