"""Going to the events of a run, and carrying them on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from bloom_core.events import KINDS, TITLES
from bloom_core.reports.digest import Digest
from bloom_core.trajectories.run_model import Event

from .. import properties
from ..interface import EXPECTED, FINISHED, BloomOperator
from ..properties.run_view import KINDS as KINDS_OF_EVENTS
from ..properties.run_view import view_of
from . import reading, showing

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

MOST_MARKERS = 200
_MARKER = re.compile(rf"({'|'.join(map(re.escape, TITLES.values()))}), (batch|step) \d+")


class EventOperator(BloomOperator):
    """What operators on the events of the shown bloom's run share."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the active object, or what it hangs on, is a bloom with a run."""
        obj = showing.shown_bloom(context)
        if obj is None or not properties.bloom_of(obj).run:
            cls.poll_message_set("Select a bloom that has a run: choose one under Bloom ▸ Run")  # type: ignore[attr-defined]
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom = properties.bloom_of(showing.shown_bloom(context))
        try:
            digest = reading.read_now(bloom.run)
        except EXPECTED as error:
            return self.refuse(error)
        return self.act(context, bloom, digest)

    def act(self, context: bpy.types.Context, bloom: Any, digest: Digest) -> set[OperatorReturnItems]:
        """What the operator does with the run in brief."""
        raise NotImplementedError

    def go(self, context: bpy.types.Context, bloom: Any, digest: Digest, index: int) -> set[OperatorReturnItems]:
        """Makes an event the active one and goes to its frame."""
        frame = showing.frame_of(bloom, digest, index)
        bloom.active_event = index
        if frame is None:
            return self.refuse("No frame shows this run yet: press Grow, then events have frames")
        context.scene.frame_set(frame)
        self.report({"INFO"}, f"Frame {frame}: {digest.captions[index]}")
        return FINISHED


class BLOOM_OT_jump_to_event(EventOperator):
    """Go to the first frame that shows what this event did to the flower"""

    bl_idname, bl_label = "bloom.jump_to_event", "Jump to Training Event"
    index: IntProperty(  # type: ignore[valid-type]
        name="Event", description="Number of the event in the order of steps, from 0; −1: the active one", default=-1, min=-1, options={"SKIP_SAVE"}
    )

    def act(self, context: bpy.types.Context, bloom: Any, digest: Digest) -> set[OperatorReturnItems]:
        index = showing.active(context.scene, bloom, digest) if self.index < 0 else self.index
        if index is None or index >= len(digest.events):
            return self.refuse("This run has no such event: choose one in the list under Bloom ▸ Run")
        return self.go(context, bloom, digest, index)


class _Neighbour(EventOperator):
    """Goes to the listed event before or after the playhead."""

    forward: bool

    def act(self, context: bpy.types.Context, bloom: Any, digest: Digest) -> set[OperatorReturnItems]:
        here = context.scene.frame_current
        places = [(showing.frame_of(bloom, digest, index), index) for index in showing.listed(context.scene, digest)]
        if any(frame is None for frame, _ in places):
            return self.refuse("No frame shows this run yet: press Grow, then events have frames")
        # Several events may share a frame: the active one tells which of them was the last stop.
        stop = (here, bloom.active_event) if (here, bloom.active_event) in places else (here, -1 if not self.forward else len(digest.events))
        beyond = [index for frame, index in places if ((frame, index) > stop if self.forward else (frame, index) < stop)]
        if not beyond:
            return self.refuse(f"No listed event {'after' if self.forward else 'before'} this frame")
        return self.go(context, bloom, digest, beyond[0] if self.forward else beyond[-1])


class BLOOM_OT_next_event(_Neighbour):
    """Go to the next training event: explosions, spikes and whatever else the event list shows"""

    bl_idname, bl_label, forward = "bloom.next_event", "Next Training Event", True


class BLOOM_OT_previous_event(_Neighbour):
    """Go to the previous training event: explosions, spikes and whatever else the event list shows"""

    bl_idname, bl_label, forward = "bloom.previous_event", "Previous Training Event", False


class BLOOM_OT_copy_batch(EventOperator):
    """Copy the number of the batch of the active event, to look at its samples where the network was trained"""

    bl_idname, bl_label = "bloom.copy_batch", "Copy Batch ID"

    def act(self, context: bpy.types.Context, bloom: Any, digest: Digest) -> set[OperatorReturnItems]:
        index = showing.active(context.scene, bloom, digest)
        event = None if index is None else digest.events[index]
        if event is None or event.batch is None:
            return self.refuse("The batch of this step was not recorded: give batch=… to the recorder")
        context.window_manager.clipboard = str(event.batch)
        self.report({"INFO"}, f"Batch {event.batch} copied")
        return FINISHED


class BLOOM_OT_mark_events(EventOperator):
    """Set timeline markers at the listed events (ends of epochs have their own), named as “explosion, batch 1287”; they replace earlier ones"""

    bl_idname, bl_label = "bloom.mark_events", "Mark Training Events"
    remove: BoolProperty(name="Remove", description="Take the markers of events away again", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def act(self, context: bpy.types.Context, bloom: Any, digest: Digest) -> set[OperatorReturnItems]:
        markers = context.scene.timeline_markers
        if not self.remove and showing.steps_of(bloom, digest) is None:
            return self.refuse("No frame shows this run yet: press Grow, then events have frames")
        for marker in event_markers(context.scene):
            markers.remove(marker)
        if self.remove:
            return FINISHED
        chosen = [index for index in showing.listed(context.scene, digest) if digest.events[index].kind in KINDS and digest.weights[index] > 0]
        for index in sorted(chosen, key=lambda index: -int(digest.weights[index]))[:MOST_MARKERS]:
            markers.new(marker_name(digest.events[index]), frame=showing.frame_of(bloom, digest, index))
        self.report({"INFO"}, f"{min(len(chosen), MOST_MARKERS)} events marked")
        return FINISHED


class BLOOM_OT_show_events(BloomOperator):
    """Show or hide a kind of training events in the list"""

    bl_idname, bl_label = "bloom.show_events", "Show Training Events"
    kind: EnumProperty(name="Kind", description="Kind of events to show or to hide", items=KINDS_OF_EVENTS)  # type: ignore[valid-type]

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """Returns what the kind means, and what it looks like."""
        return next(told for kind, _, told, *_ in KINDS_OF_EVENTS if kind == properties.kind)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        view = view_of(context.scene)
        view.kinds = view.kinds ^ {self.kind}
        return FINISHED


def marker_name(event: Event) -> str:
    """Returns the name of an event's timeline marker."""
    return f"{TITLES.get(event.kind, event.kind)}, " + (f"step {event.step}" if event.batch is None else f"batch {event.batch}")


def event_markers(scene: bpy.types.Scene) -> list[bpy.types.TimelineMarker]:
    """Returns the timeline markers that mark events."""
    return [marker for marker in scene.timeline_markers if _MARKER.fullmatch(marker.name)]


CLASSES = (
    BLOOM_OT_jump_to_event,
    BLOOM_OT_next_event,
    BLOOM_OT_previous_event,
    BLOOM_OT_copy_batch,
    BLOOM_OT_mark_events,
    BLOOM_OT_show_events,
)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
