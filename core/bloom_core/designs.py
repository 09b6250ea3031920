"""Flower designs: a flame in two poses, the bud it starts as and the open flower that training ends in.

A design is an ordinary `.flame` file with two flames of the same xforms; the package brings some (the folder `flowers`), each with
a line on it (`design_descriptions`) and a thumbnail (`thumbnails`). The open flower's element keeps the design's box (`bloom_box`), which takes a
million points to measure, with a checksum of the poses that it was measured on; `python -m bloom_core.designs` measures the package's anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from bloom_core import native, point_batches, quantiles
from bloom_core.flames.flame import Flame, FlameError, Xform
from bloom_core.flames.flame_buffer import pack
from bloom_core.flames.flame_file import read_flames, write_flames
from bloom_core.native import Box

_BUD_XY, _BUD_Z = 1.5, 8.0
"""How a bud is made of any flower whose final xform is a `julia3D` of negative power, which turns space inside out: its
pre-affine stretched this much across and along the axis makes the petals steeper (they close) and the whole smaller."""

_BUD_OPACITY = 0.03
"""Opacity of a derived bud relative to the open flower: the flower comes out of black."""

_SAMPLE = 1 << 18  # points that a box is measured on

_BOX, _MEASURED_ON = "bloom_box", "bloom_box_of"
"""Attributes of the open flower's element: the box's six numbers, low and high corner; and the checksum of the poses."""


@dataclass(frozen=True)
class Design:
    """A flower: `bud` and `open` have the same xforms and variations and differ in weight, color, opacity and affines."""

    name: str
    title: str
    bud: Flame
    open: Flame
    box: Box


def designs() -> tuple[str, ...]:
    """Returns the names of the designs in the package, sorted."""
    folder = resources.files(__package__) / "flowers"
    return tuple(sorted(entry.name.removesuffix(".flame") for entry in folder.iterdir() if entry.name.endswith(".flame")))


@cache
def design(name: str) -> Design:
    """Returns a design of the package. Raises FlameError that lists the names for one that does not exist."""
    if name not in designs():
        raise FlameError(f"there is no design {name!r}; there are: {', '.join(designs())}")
    with resources.as_file(resources.files(__package__) / "flowers" / f"{name}.flame") as path:
        return read_design(path)


def read_design(path: Path | str) -> Design:
    """Reads a design: a file with the flames `bud` and `open`, or any flame, of which a bud is then derived.

    Raises FlameError naming the file where the two poses do not belong together.
    """
    flames, _ = read_flames(path)
    name = Path(path).stem
    if len(flames) != 2 or [flame.name for flame in flames] != ["bud", "open"]:
        return design_from_flame(replace(flames[0], name=name))
    bud, flower = flames
    if structure(bud) != structure(flower):
        raise FlameError(f"{path}: the flames bud and open must have the same xforms and variations, and only differ in how they stand")
    box = _kept_box(bud, flower) or bounds(poses(bud, flower))
    extra = {key: text for key, text in flower.extra.items() if key not in (_BOX, _MEASURED_ON)}
    return Design(name, name.capitalize(), bud, replace(flower, name=name, extra=extra), box)


def write_design(path: Path | str, flower: Design) -> None:
    """Writes a design as a `.flame` file that `read_design` reads back, named by the file. Raises FlameError where it cannot be written."""
    kept = {_BOX: " ".join(repr(float(place)) for place in (*flower.box.low, *flower.box.high)), _MEASURED_ON: _checksum(flower.bud, flower.open)}
    write_flames(path, [replace(flower.bud, name="bud"), replace(flower.open, name="open", extra={**flower.open.extra, **kept})])


def _kept_box(bud: Flame, flower: Flame) -> Box | None:
    """Returns the box that a file keeps, or None where it keeps none, or one of other poses: the file was changed by hand."""
    if _BOX not in flower.extra or flower.extra.get(_MEASURED_ON) != _checksum(bud, flower):
        return None
    try:
        places = [float(text) for text in flower.extra[_BOX].split()]
    except ValueError:
        return None
    if len(places) != 6 or not np.isfinite(places).all() or not all(low < high for low, high in zip(places[:3], places[3:], strict=True)):
        return None
    return Box((places[0], places[1], places[2]), (places[3], places[4], places[5]))


def _checksum(bud: Flame, flower: Flame) -> str:
    """Returns eight hexadecimal digits that tell other poses apart: of all that moves their points."""
    return f"{zlib.crc32(np.concatenate([pack(bud), pack(flower)]).astype('<f8').tobytes()):08x}"


def design_from_flame(flame: Flame) -> Design:
    """Makes a design of any flame. Raises NativeError for one that diverges."""
    final = flame.final
    if final is not None and any(v.name == "julia3D" and v.parameters.get("julia3D_power", 2.0) < 0 for v in final.variations):
        stretch = np.diag([_BUD_XY, _BUD_XY, _BUD_Z])
        final = replace(final, pre=stretch @ final.pre)
    dimmed = tuple(replace(xform, opacity=xform.opacity * _BUD_OPACITY) for xform in flame.xforms)
    bud = replace(flame, name="bud", xforms=dimmed, final=final)
    name = flame.name or "flame"
    return Design(name, name, bud, flame, bounds(poses(bud, flame)))


def poses(bud: Flame, flower: Flame, count: int = 4) -> tuple[Flame, ...]:
    """Returns `count` poses on the straight way from bud to open flower, both included; petals reach farthest on the way."""

    def between(low: Xform, high: Xform, share: float) -> Xform:
        pre, post = (first + (last - first) * share for first, last in ((low.pre, high.pre), (low.post, high.post)))
        numbers = {name: getattr(low, name) + (getattr(high, name) - getattr(low, name)) * share for name in ("weight", "color", "opacity")}
        return replace(high, pre=pre, post=post, **numbers)

    def pose(share: float) -> Flame:
        final = between(bud.final, flower.final, share) if bud.final is not None and flower.final is not None else flower.final
        return replace(flower, xforms=tuple(between(a, b, share) for a, b in zip(bud.xforms, flower.xforms, strict=True)), final=final)

    return tuple(pose(share) for share in np.linspace(0.0, 1.0, count))


def bounds(flames: tuple[Flame, ...]) -> Box:
    """Returns a box around what is seen of the flames: 99 % of each one's hits and a margin, square across the z axis.

    The rest of a flame's hits often reaches far and is too thin to be seen. Raises NativeError for a flame that diverges.
    """
    reach, low, high = 0.0, 0.0, 0.0
    for flame in flames:
        cloud = point_batches.of_this_thread().play(pack(flame), _SAMPLE)
        if not cloud.weight.any():
            continue  # a flame that is dark takes no room
        x, y, z = np.ascontiguousarray(cloud.position.T)
        reach = max(reach, quantiles.weighted(np.maximum(np.abs(x), np.abs(y)), cloud.weight, 0.99))
        low = min(low, quantiles.weighted(z, cloud.weight, 0.005))
        high = max(high, quantiles.weighted(z, cloud.weight, 0.995))
    reach, margin = max(reach * 1.05, 1e-3), max(0.05 * (high - low), 1e-3)
    return Box((-reach, -reach, low - margin), (reach, reach, high + margin))


def follow(box: Box, flames: Sequence[Flame]) -> Box:
    """Returns one box for a sequence of flames: `box` itself while it serves, or else a new one by `bounds`.

    It serves when no flame has more than 3 % of its hits outside and `bounds` would not be a third smaller: one box for all frames, so
    that nothing jumps, and the same one after a small edit, so that other frames need no new bake. Looks at a dozen flames of the
    sequence, first and last among them. Raises NativeError for a flame that diverges.
    """
    some = tuple(flames[index] for index in sorted({round(place) for place in np.linspace(0, len(flames) - 1, min(12, len(flames)))}))
    wanted = bounds(some)
    larger = max((b - a) / (d - c) for a, b, c, d in zip(box.low, box.high, wanted.low, wanted.high, strict=True))
    return box if larger < 1.5 and all(_outside(box, flame) < 0.03 for flame in some) else wanted


def _outside(box: Box, flame: Flame) -> float:
    """Returns the share of a flame's hits that lie outside a box."""
    cloud = native.points(flame, _SAMPLE)
    outside = ((cloud.position < box.low) | (cloud.position > box.high)).any(axis=1)
    return float(cloud.weight[outside].sum() / max(float(cloud.weight.sum()), 1e-12))


def structure(flame: Flame) -> list[object]:
    """Returns what both poses of a design must share."""

    def of(xform: Xform) -> object:
        return [(v.name, v.weight, sorted(v.parameters.items())) for v in xform.variations]

    return [[of(xform) for xform in flame.xforms], of(flame.final) if flame.final is not None else None]


def main() -> None:
    """Measures the boxes of all designs of the package and keeps them in their files."""
    for name in designs():
        path = Path(str(resources.files(__package__) / "flowers" / f"{name}.flame"))
        flower = read_design(path)
        write_design(path, replace(flower, box=bounds(poses(flower.bud, flower.open))))


if __name__ == "__main__":
    main()
