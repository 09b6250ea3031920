"""Making flames comparable before they are blended: as many xforms each, and the same variations (flam3 3.1.1, `flam3_align`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bloom_core.flames.flame import Flame, FloatArray, Variation, Xform, identity
from bloom_core.flames.flame_variations import find

_HOLES = frozenset("spherical ngon julian juliascope polar wedge_sph wedge_julia".split())
"""Variations with a hole, or a seam, that a way to the identity would tear: they are blended with the half turn of weight -1."""

_LIKE_IDENTITY: Mapping[str, Mapping[str, float]] = {
    "rectangles": {"rectangles_x": 0.0, "rectangles_y": 0.0},
    "rings2": {"rings2_val": 0.0},
    "fan2": {"fan2_x": 0.0, "fan2_y": 0.0},
    "blob": {"blob_low": 1.0, "blob_high": 1.0, "blob_waves": 1.0},
    "perspective": {"perspective_angle": 0.0},
    "curl": {"curl_c1": 0.0, "curl_c2": 0.0},
    "super_shape": {
        "super_shape_n1": 2.0,
        "super_shape_n2": 2.0,
        "super_shape_n3": 2.0,
        "super_shape_rnd": 0.0,
        "super_shape_holes": 0.0,
    },
}
"""Variations that are the identity, or near it, with these parameters."""

_SWAPPED = ("fan", "rings")
"""Variations that are near the identity where the axes change places."""


def align(flames: Sequence[Flame]) -> list[Flame]:
    """Returns the flames with as many xforms as the longest has, a final xform in all or none, and in each of these the same variations.

    What is added has no weight: an xform as like the identity as its counterparts allow, and a variation with the parameters
    that it has in the flame before (or else after).
    """
    count = max(len(flame.xforms) for flame in flames)
    columns = []
    for index in range(count):
        columns.append(_column(flames, [flame.xforms[index] if index < len(flame.xforms) else None for flame in flames], index))
    finals: Sequence[Xform | None] = [flame.final for flame in flames]
    if any(finals):
        finals = _column(flames, finals, count, final=True)
    xaos = any(flame.xaos is not None for flame in flames)
    return [
        replace(flame, xforms=tuple(column[number] for column in columns), final=finals[number], xaos=_padded(flame, count) if xaos else None)
        for number, flame in enumerate(flames)
    ]


def parameter(flame: Flame, variation: Variation, name: str) -> float:
    """Returns a variation's parameter, where it is left out the default of the flame's dialect."""
    if name in variation.parameters:
        return variation.parameters[name]
    found = find(variation.name)
    if found is None:
        return 0.0
    prefix, info = found
    return next((entry.default[flame.dialect] for entry in info.parameters if prefix + entry.name == name), 0.0)


def _column(flames: Sequence[Flame], xforms: Sequence[Xform | None], index: int, *, final: bool = False) -> tuple[Xform, ...]:
    """Returns corresponding xforms, number `index` of each flame, with those that are missing put in and the same variations in all."""
    present = []
    for number, (flame, xform) in enumerate(zip(flames, xforms, strict=True)):
        if xform is None:
            near = [xforms[other] for other in (number - 1, number + 1) if 0 <= other < len(xforms)]
            log = flames[max(number - 1, 0)].key.interpolation_type == "log"
            xform = _padding([other for other in near if other is not None], log=log)
            xform = replace(xform, weight=0.0, color=float(index % 2) if flame.dialect == "flam3" else 0.0)
            if final:
                xform = replace(xform, weight=1.0, animate=0.0, color_speed=0.0)
        present.append(xform)
    names = list(dict.fromkeys(term.name for xform in present for term in xform.variations))
    terms = [{term.name: term for term in xform.variations} for xform in present]
    columns = {name: _terms(flames, [entry.get(name) for entry in terms], name) for name in names}
    return tuple(replace(xform, variations=tuple(columns[name][number] for name in names)) for number, xform in enumerate(present))


def _terms(flames: Sequence[Flame], terms: Sequence[Variation | None], name: str) -> list[Variation]:
    """Returns one variation of corresponding xforms, with all parameters that any of them has, and weight 0 where it was missing."""
    wanted = list(dict.fromkeys(key for term in terms if term is not None for key in term.parameters))
    result = []
    for number, term in enumerate(terms):
        near = [other for other in (number, number - 1, number + 1) if 0 <= other < len(terms) and terms[other] is not None]
        source = near[0] if near else next(other for other, given in enumerate(terms) if given is not None)
        given = terms[source]
        assert given is not None
        values = {key: parameter(flames[source], given, key) for key in wanted}
        result.append(Variation(name, term.weight if term is not None else 0.0, values))
    return result


def _padding(counterparts: Sequence[Xform], *, log: bool) -> Xform:
    """Returns an xform that is, or is near, the identity, to be blended with `counterparts`, those of the neighbouring flames."""
    used = {term.name: term for xform in counterparts for term in xform.variations if term.weight > 0.0}
    if log and _HOLES & used.keys():
        return Xform((Variation("linear", -1.0),), pre=np.diag([-1.0, -1.0, 1.0, 0.0])[:3])
    near = [name for name in _LIKE_IDENTITY if name in used]
    if near:
        return Xform(tuple(Variation(name, 1.0 / len(near), {**used[name].parameters, **_LIKE_IDENTITY[name]}) for name in near))
    swapped = [name for name in _SWAPPED if name in used]
    if swapped:
        return Xform(tuple(Variation(name, 1.0 / len(swapped)) for name in swapped), pre=identity()[[1, 0, 2]])
    return Xform((Variation("linear", 1.0),))


def _padded(flame: Flame, count: int) -> FloatArray:
    """Returns a flame's xaos for `count` xforms: 1 wherever it says nothing."""
    xaos = np.ones((count, count))
    if flame.xaos is not None:
        xaos[: len(flame.xaos), : len(flame.xaos)] = flame.xaos
    return xaos
