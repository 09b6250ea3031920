"""What growth wrote, kept with the curves in their action: a digest of each curve's keys, which tells training's curves from those edited since."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable
from typing import Any

import bpy

from . import compat

_PROPERTY = "bloom_growth"
_BEZIER = 2  # number of Keyframe.interpolation


def digest(curve: Any) -> str:
    """Returns a digest of a curve's keys: where they stand and how they are interpolated. Modifiers, colour and muting do not count."""
    points = curve.keyframe_points
    kinds, places = array("i", bytes(4 * len(points))), array("f", bytes(8 * len(points)))
    points.foreach_get("interpolation", kinds)
    points.foreach_get("co", places)
    told = hashlib.blake2b(kinds.tobytes() + places.tobytes(), digest_size=8)
    if _BEZIER in kinds:
        for name in ("handle_left", "handle_right"):
            points.foreach_get(name, places)
            told.update(places.tobytes())
    return told.hexdigest()


def key_of(data_path: str, index: int) -> str:
    """Returns what a curve is called in the book."""
    return f"{data_path}:{index}"


class Book:
    """The book of one slot of an action. Change it, then `save` it."""

    def __init__(self, action: Any, slot: Any) -> None:
        self._action, self._slot = action, str(slot.handle)
        self._all: dict[str, dict[str, Any]] = json.loads(action.get(_PROPERTY, "{}"))
        mine = self._all.setdefault(self._slot, {})
        self.digests: dict[str, str] = mine.setdefault("digests", {})
        self.arguments: dict[str, Any] = mine.setdefault("arguments", {})
        """What the growth was grown with, so that it can be grown again as it was."""

    def wrote(self, curve: Any) -> bool:
        """Says whether a growth wrote this curve, whatever became of its keys."""
        return key_of(curve.data_path, curve.array_index) in self.digests

    def edited(self, curve: Any) -> bool:
        """Says whether a curve is the artist's: of their own making, or growth's with keys that are not as they were written."""
        return self.digests.get(key_of(curve.data_path, curve.array_index)) != digest(curve)

    def note(self, curve: Any) -> None:
        """Takes down a curve that growth has just written."""
        self.digests[key_of(curve.data_path, curve.array_index)] = digest(curve)

    def forget(self, begins: str) -> None:
        """Strikes out every curve whose data path begins so."""
        for key in [key for key in self.digests if key.startswith(begins)]:
            del self.digests[key]

    def rename(self, renamed: Callable[[str], Iterable[str]]) -> None:
        """Gives every entry the data paths that `renamed` returns for its own: none, one or several."""
        moved = {}
        for key, value in self.digests.items():
            path, _, index = key.rpartition(":")
            moved.update({key_of(other, int(index)): value for other in renamed(path)})
        self.digests.clear()
        self.digests.update(moved)

    def save(self) -> None:
        """Writes the book into its action."""
        self._action[_PROPERTY] = json.dumps({slot: entry for slot, entry in self._all.items() if any(entry.values())})


def actions_of(datablock: bpy.types.ID) -> list[tuple[Any, Any]]:
    """Returns (action, slot) of everything that animates a datablock: its action, then its NLA strips, each once."""
    data: Any = getattr(datablock, "animation_data", None)
    if data is None:
        return []
    strips = [strip for track in data.nla_tracks for strip in track.strips if strip.type == "CLIP"]
    pairs = [(data.action, data.action_slot), *((strip.action, strip.action_slot) for strip in strips)]
    found = {(action.name, slot.handle): (action, slot) for action, slot in pairs if action is not None and slot is not None}
    return list(found.values())


def grown_action(datablock: bpy.types.ID) -> tuple[Any, Any] | None:
    """Returns (action, slot) of the curves that growth wrote, in the NLA too, or None where nothing has grown."""
    return next(((action, slot) for action, slot in actions_of(datablock) if Book(action, slot).digests), None)


def bag_to_grow(datablock: bpy.types.ID, name: str) -> tuple[Any, Book]:
    """Returns the channelbag that growth writes into, and its book: where it wrote before, else the datablock's action, made where missing.

    Raises ValueError where that action is another file's.
    """
    found = grown_action(datablock)
    bag = compat.bag_of(*found) if found is not None else None
    if found is None or bag is None:
        bag = compat.channelbag(datablock, name)
        data: Any = getattr(datablock, "animation_data")  # noqa: B009 - no attribute to the type checker
        found = data.action, data.action_slot
    if found[0].library is not None:
        raise ValueError(f"The curves of {datablock.name} are in {found[0].library.name}: make its action local first (Action ▸ Make Local)")
    return bag, Book(*found)
