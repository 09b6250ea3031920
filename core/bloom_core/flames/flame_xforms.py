"""`<xform>`, `<finalxform>`, `<motion>` and `<symmetry>` elements, read: flam3's and Ember's, and those of flam3's first versions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bloom_core.flames.flame import MAX_XFORMS, MOTION_FUNCTIONS, FloatArray, Motion, Variation, Xform, identity
from bloom_core.flames.flame_variations import FLAM3_NAMES, read_variations
from bloom_core.flames.flame_xml import Source, clip

_SPATIAL = {"bloom_coefs": "coefs", "bloom_post": "post"}
"""Bloom's own attributes for affines in 3D, and the planar ones they stand in for."""

_NUMBERS = {"weight": 0.0, "color": 0.0, "opacity": 1.0, "color_speed": 0.5, "animate": 1.0, "var_color": 1.0}


@dataclass(frozen=True)
class ReadXform:
    """An xform as its attributes give it, with what concerns the flame: its row of xaos, and whether it is switched off."""

    xform: Xform
    chaos: list[float] | None
    enabled: bool


def read_xform(source: Source, place: str, attributes: Mapping[str, str], index: int, *, final: bool, dialect: str) -> ReadXform:
    """Reads an xform, the `index`-th of its flame. Warns of what is limited or unknown; raises FlameError for what cannot be read."""
    start = _NUMBERS | ({"weight": 1.0} if final else {}) | ({"color": float(index % 2)} if dialect == "flam3" else {})
    if "symmetry" in attributes and "color_speed" not in attributes and dialect == "flam3":
        symmetry = source.number(place, "symmetry", attributes["symmetry"])
        start |= {"color_speed": (1.0 - symmetry) / 2.0, "animate": float(symmetry <= 0.0)}
    numbers, affines, rest = _read_numbers(source, place, attributes, start, identity())
    chaos, enabled = None, True
    if not final and "chaos" in rest:
        parts = rest.pop("chaos").split(maxsplit=MAX_XFORMS)
        chaos = [source.within(place, "chaos", source.number(place, "chaos", part), 0.0) for part in parts]
    if final and "enabled" in rest:
        enabled = source.number(place, "enabled", rest.pop("enabled")) != 0.0
    if rest.pop("plotmode", "") == "off":  # of files before there was an opacity
        numbers["opacity"] = 0.0
    if not final and "weight" not in attributes:
        source.warn(place, "it has no weight, so it is never chosen")
    name = rest.pop("name", "")
    rest.pop("symmetry", None)  # Ember writes it for others, beside the color_speed that it stands for
    _name_variations(source, place, rest)
    variations, extra = read_variations(source, place, rest)
    xform = Xform(
        variations=variations,
        name=name,
        weight=source.within(place, "weight", numbers["weight"], 0.0),
        color=source.within(place, "color", numbers["color"], 0.0, 1.0),
        color_speed=source.within(place, "color_speed", numbers["color_speed"], -1.0, 1.0),
        opacity=source.within(place, "opacity", numbers["opacity"], 0.0, 1.0),
        pre=affines["coefs"],
        post=affines["post"],
        animate=numbers["animate"],
        var_color=numbers["var_color"],
        extra=extra,
    )
    return ReadXform(xform, chaos, enabled)


def read_motion(source: Source, place: str, attributes: Mapping[str, str]) -> Motion:
    """Reads a motion element; what it leaves out does not move. Raises FlameError for what cannot be read."""
    numbers, affines, rest = _read_numbers(source, place, attributes, dict.fromkeys(_NUMBERS, 0.0), np.zeros((3, 4)))
    timing = {key: source.number(place, key, rest.pop(key)) for key in ("motion_frequency", "motion_offset") if key in rest}
    function = (rest.pop("motion_function", "") or rest.pop("motion_func", "") or "sin").strip().lower()
    if function not in MOTION_FUNCTIONS:
        source.warn(place, f"motion_function={clip(function)!r} is none of {', '.join(MOTION_FUNCTIONS)}; sin is used")
        function = "sin"
    variations, extra = read_variations(source, place, rest)
    amplitude = Xform(
        variations,
        weight=numbers["weight"],
        color=numbers["color"],
        color_speed=numbers["color_speed"],
        opacity=numbers["opacity"],
        pre=affines["coefs"],
        post=affines["post"],
        animate=numbers["animate"],
        var_color=numbers["var_color"],
        extra=extra,
    )
    return Motion(amplitude, function, timing.get("motion_frequency", 0.0), timing.get("motion_offset", 0.0))


def symmetry_xforms(kind: int) -> list[Xform]:
    """Returns the xforms that flam3 3.1.1 adds for `<symmetry kind>`: below 0 a mirror, and as many turns as `kind` says."""
    still = Xform((Variation("linear", 1.0),), weight=1.0, color_speed=0.0, animate=0.0)
    mirror = identity()
    mirror[0, 0] = -1.0
    xforms = [replace(still, color=1.0, pre=mirror)] if kind < 0 else []
    turns = abs(kind)
    for turn in range(1, turns):
        cosine, sine = (round(function(turn * 2.0 * math.pi / turns), 6) for function in (math.cos, math.sin))
        pre = identity()
        pre[:2, :2] = [[cosine, -sine], [sine, cosine]]
        xforms.append(replace(still, color=0.0 if turns < 3 else (turn - 1) / (turns - 2), pre=pre))
    return xforms


def _read_numbers(
    source: Source, place: str, attributes: Mapping[str, str], start: Mapping[str, float], affine: FloatArray
) -> tuple[dict[str, float], dict[str, FloatArray], dict[str, str]]:
    """Returns the plain numbers and the affines among an element's attributes, and the rest of these."""
    numbers, affines, spatial, rest = dict(start), {"coefs": affine.copy(), "post": affine.copy()}, {}, {}
    for key, text in attributes.items():
        if key == "color" and len(text.split()) == 2:  # flam3's first files gave it two coordinates; the second one never meant anything
            numbers[key] = source.number(place, key, text.split()[0])
        elif key in numbers:
            numbers[key] = source.number(place, key, text)
        elif key in _SPATIAL:
            spatial[_SPATIAL[key]] = np.reshape(source.numbers(place, key, text, 12), (3, 4))
        elif key in affines:
            affines[key][:2, [0, 1, 3]] = np.reshape(source.numbers(place, key, text, 6), (3, 2)).T
        else:
            rest[key] = text
    return numbers, affines | spatial, rest


def _name_variations(source: Source, place: str, rest: dict[str, str]) -> None:
    """Puts names for the numbers by which flam3's first files gave variations, in the attributes `var1` and `var`."""
    if "var1" in rest:
        number = source.number(place, "var1", rest.pop("var1"))
        if number not in range(len(FLAM3_NAMES)):
            source.fail(place, f"var1={number:g} is not the number of a variation of flam3's")
        rest.setdefault(FLAM3_NAMES[int(number)], "1")
    if "var" in rest:
        parts = rest.pop("var").split(maxsplit=len(FLAM3_NAMES))
        if len(parts) > len(FLAM3_NAMES):
            source.fail(place, f"var has more than {len(FLAM3_NAMES)} numbers")
        for name, part in zip(FLAM3_NAMES, parts, strict=False):
            if source.number(place, "var", part):
                rest.setdefault(name, part)
