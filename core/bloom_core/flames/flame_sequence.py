"""Films as `.flame` files that flam3 and Fractorium render: one flame a frame, and a word on what these programs will not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bloom_core.flames.flame import Flame, Key, Xform
from bloom_core.flames.flame_variations import in_flam3
from bloom_core.flames.flame_writer import moves_z
from bloom_core.flames.palette_interpolation import resampled


def film(flames: Sequence[Flame], first: int) -> tuple[list[Flame], list[str]]:
    """Returns the flames as frames `first` and on, and warnings, one of a kind, of what other programs leave out.

    Palettes get the 256 colours that flam3 takes; between frames everything goes straight, as between Blender's linear keys.
    """
    kind = "hsv_circular" if flames and flames[0].dialect == "flam3" else "hsv"  # each program's own
    frames = [
        replace(flame, palette=resampled(flame.palette), key=Key(time=float(first + number), interpolation_type="linear", palette_interpolation=kind))
        for number, flame in enumerate(flames)
    ]
    return frames, [*_spatial(flames, first), *_unknown(flames)]


def _spatial(flames: Sequence[Flame], first: int) -> list[str]:
    places: dict[str, int] = {}
    for number, flame in enumerate(flames):
        for name, xform in _named(flame):
            if moves_z(xform.pre) or moves_z(xform.post):
                places.setdefault(name, first + number)
    if not places:
        return []
    listed = ", ".join(f"{name} (from frame {frame} on)" for name, frame in places.items())
    return [f"affines that move z, of which flam3 and Fractorium show only what happens in the plane: {listed}. Bloom reads them back whole"]


def _unknown(flames: Sequence[Flame]) -> list[str]:
    names = dict.fromkeys(term.name for flame in flames for _, xform in _named(flame) for term in xform.variations if not in_flam3(term.name))
    if not names:
        return []
    bare = dict.fromkeys(
        place for flame in flames for place, xform in _named(flame) if xform.variations and not any(in_flam3(term.name) for term in xform.variations)
    )
    dot = f"; nothing is left there of {', '.join(bare)}, which flam3 draws as a dot" if bare else ""
    return [f"variations that Fractorium draws and flam3 does not have: {', '.join(names)}{dot}"]


def _named(flame: Flame) -> list[tuple[str, Xform]]:
    xforms = [(xform.name or f"xform {index}", xform) for index, xform in enumerate(flame.xforms)]
    return [*xforms, *([(flame.final.name or "the final xform", flame.final)] if flame.final is not None else [])]
