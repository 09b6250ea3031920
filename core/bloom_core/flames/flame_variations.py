"""The variations of an xform, as attributes: their names, their parameters, and what Bloom does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from bloom_core import native
from bloom_core.flames.flame import Variation
from bloom_core.flames.flame_xml import Source, clip

FLAM3_NAMES = tuple(
    """
    linear sinusoidal spherical swirl horseshoe polar handkerchief heart disc spiral hyperbolic diamond ex julia bent waves fisheye
    popcorn exponential power cosine rings fan blob pdj fan2 rings2 eyefish bubble cylinder perspective noise julian juliascope blur
    gaussian_blur radial_blur pie ngon curl rectangles arch tangent square rays blade secant2 twintrian cross disc2 super_shape flower
    conic parabola bent2 bipolar boarders butterfly cell cpow curve edisc elliptic escher foci lazysusan loonie pre_blur modulus
    oscilloscope polar2 popcorn2 scry separation split splits stripes wedge wedge_julia wedge_sph whorl waves2 exp log sin cos tan sec
    csc cot sinh cosh tanh sech csch coth auger flux mobius
    """.split()
)
"""The variations of flam3 3.1.1 by their numbers, which its first files use in place of names."""

_LEAST_WEIGHT = 1e-6  # a variation below this counts as absent, as in Ember
_STAGES = ("", "pre_", "post_")


def read_variations(source: Source, place: str, attributes: Mapping[str, str]) -> tuple[tuple[Variation, ...], dict[str, str]]:
    """Sorts an xform's remaining attributes into variations with their parameters, in their order, and the rest, to be carried along.

    Warns once of each variation that Bloom does not know. Raises FlameError for what is no number.
    """
    weights: dict[str, tuple[str, float]] = {}  # by lower-case name: the attribute, the weight
    parameters: dict[str, dict[str, tuple[str, float]]] = {}
    unknown: dict[str, str] = {}
    for key, text in attributes.items():
        lower = key.lower()
        if lower.startswith("oscope_"):  # another name of flam3's for it
            lower = "oscilloscope_" + lower.removeprefix("oscope_")
        if lower not in weights and find(lower) is not None:
            weights[lower] = key, source.number(place, key, text)
        elif lower in _owners():
            owner, name = _owners()[lower]
            parameters.setdefault(owner, {})[name] = key, source.number(place, key, text)
        else:
            unknown[key] = text
    _warn_of_unknown(source, place, unknown)
    variations = []
    rest = dict(unknown)
    for lower, (key, weight) in weights.items():
        if abs(weight) >= _LEAST_WEIGHT:
            given = {name: value for name, (_, value) in parameters.pop(lower, {}).items()}
            found = find(lower)
            assert found is not None
            variations.append(Variation(found[0] + found[1].name, weight, MappingProxyType(given)))
        else:
            rest[key] = attributes[key]
    for absent in parameters.values():  # of variations that are not there
        rest |= {key: attributes[key] for key, _ in absent.values()}
    return tuple(variations), rest


def find(name: str) -> tuple[str, native.VariationInfo] | None:
    """Returns the prefix of a variation's name ("", "pre_" or "post_") and the variation, or None where Bloom does not know it."""
    lower, table = name.lower(), native.variations()
    return next(((prefix, table[lower[len(prefix) :]]) for prefix in _STAGES if lower.startswith(prefix) and lower[len(prefix) :] in table), None)


def in_flam3(name: str) -> bool:
    """Says whether flam3 3.1.1 has the variation `name`."""
    return name.lower() in FLAM3_NAMES


@cache
def _owners() -> Mapping[str, tuple[str, str]]:
    """Returns the parameters of all variations by lower-case name: the variation's lower-case name, and the parameter's own."""
    owners: dict[str, tuple[str, str]] = {}
    for prefix in _STAGES:
        for key, info in native.variations().items():
            owners |= {(prefix + parameter.name).lower(): (prefix + key, prefix + parameter.name) for parameter in info.parameters}
    return owners


def _warn_of_unknown(source: Source, place: str, attributes: Mapping[str, str]) -> None:
    """Warns once for each unknown variation, together with the attributes that look like its parameters."""
    groups: dict[str, list[str]] = {}
    for key in sorted(attributes, key=len):
        parts = key.split("_")
        heads = ("_".join(parts[:count]) for count in range(1, len(parts)))
        head = next((name for name in heads if name in groups), None)
        if head is None:
            groups[key] = []
        else:
            groups[head].append(key)
    for key, parameters in groups.items():
        if re.fullmatch(r"[+-]?0*(\.0*)?", attributes[key].strip()):
            continue  # a weight of zero: the variation is absent
        more = f", with {', '.join(clip(name) for name in parameters[:8])}" if parameters else ""
        source.warn(place, f"{clip(key)}={clip(attributes[key])!r}{more}: Bloom does not know it; it is kept in the file, but not drawn")
