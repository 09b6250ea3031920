"""The attributes of a `<flame>` that Bloom reads: one table for reader and writer, made of the fields that they fill.

An attribute bears the name of its field in `View`, `Rendering` or `Key`. What a file leaves out has the value that the
program which wrote the file would take (flam3 3.1.1; Ember 1.0.0.14 and 25).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from bloom_core.flames.flame import DIALECTS, Key, Rendering, View
from bloom_core.flames.flame_xml import Source, clip

Section = View | Rendering | Key

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "filter_shape": tuple("gaussian hermite box triangle bell bspline mitchell blackman catrom hanning hamming lanczos3 lanczos2 quadratic".split()),
    "temporal_filter_type": ("box", "gaussian", "exp"),
    "palette_mode": ("step", "linear"),
    "interpolation": ("linear", "smooth"),
    "interpolation_type": ("log", "linear", "old", "older"),
    "palette_interpolation": ("hsv_circular", "hsv", "rgb", "sweep"),
}

_ALIASES = {"oversample": "supersample", "spatial_oversample": "supersample", "interpolation_space": "interpolation_type"}

_LIMITS = {"size": (1.0, 1e6), "supersample": (1.0, 64.0), "temporal_samples": (1.0, 1e6)}

CARRIED = frozenset(
    """
    name version palette hue nick url notes plugins new_linear passes batches sub_batch_size fuse rand_range logscale_k2 edits soloxform
    overall_curve red_curve green_curve blue_curve bloom_box bloom_box_of
    """.split()
)
"""Attributes that programs write and Bloom carries along without reading them, or reads elsewhere: no cause for a warning."""

_CAMERA = frozenset({"cam_yaw", "cam_pitch", "cam_persp", "cam_zpos", "cam_dof", "blur_curve"})
_SELDOM = frozenset({"zoom", "temporal_filter_exp", "earlyclip", "curves", "palette_interpolation", "hsv_rgb_palette_blend"})
_LEFT_OUT = {
    "flam3": _SELDOM - {"palette_interpolation"} | _CAMERA,
    "ember-1.0.0.14": _SELDOM | {"blur_curve"},
    "ember-25": _SELDOM,
    "ember-25-compat": _SELDOM,
}
"""Attributes that a program writes only where they have a value of their own."""

_VERSIONS = dict(zip(DIALECTS, ("EMBER-BLOOM-25.25.12.1", "EMBER-BLOOM-1.0.0.14", "FLAM3-BLOOM-3.1.1", "EMBER-BLOOM-COMPAT-25.25.12.1"), strict=True))


@dataclass(frozen=True)
class Settings:
    """All that a flame's attributes say about pictures and films of it."""

    view: View
    rendering: Rendering
    key: Key


_EMBER = Settings(
    View(size=(1920, 1080), scale=240.0, highlight_power=1.0),
    Rendering(quality=100.0, temporal_samples=100, temporal_filter_exp=1.0, palette_mode="linear"),
    Key(interpolation="smooth", palette_interpolation="hsv"),
)
DEFAULTS: Mapping[str, Settings] = {
    "flam3": Settings(View(size=(100, 100), scale=50.0), Rendering(quality=1.0, temporal_samples=1000), Key()),
    "ember-1.0.0.14": _EMBER,
    "ember-25": _EMBER,
    "ember-25-compat": _EMBER,
}
"""What a program takes for an attribute that a file leaves out."""


def dialect_of(version: str) -> str:
    """Returns the entry of DIALECTS for the program that calls itself `version`, as in "EMBER-LNX-1.0.0.14"."""
    if "EMBER" not in version.upper():
        return "flam3"
    number = re.search(r"\d{1,9}(\.\d{1,9})*", version, re.ASCII)
    if "COMPAT" in version.upper():
        return "ember-25-compat"
    return "ember-1.0.0.14" if number and [int(part) for part in number[0].split(".")] <= [1, 0, 0, 14] else "ember-25"


def own_attributes(dialect: str) -> dict[str, str]:
    """Returns what makes a program of `dialect` read a flame by its own rules: Ember would flatten the xforms without `new_linear`."""
    return {"version": _VERSIONS[dialect]} | ({} if dialect == "flam3" else {"new_linear": "1"})


def read_settings(source: Source, place: str, attributes: Mapping[str, str], dialect: str) -> tuple[Settings, dict[str, str]]:
    """Returns what a flame's attributes say, and those that are not read here, as they stand there.

    Warns of values that are limited or unknown and of attributes that no program is known to write. Raises FlameError for
    what is no number.
    """
    start = DEFAULTS[dialect]
    sections: dict[str, dict[str, Any]] = {"view": {}, "rendering": {}, "key": {}}
    rest: dict[str, str] = {}
    for key, text in attributes.items():
        name = _ALIASES.get(key, key)
        section = next((part for part in sections if name in _FIELDS[part]), None)
        if section is not None:
            sections[section][name] = _value(source, place, key, text, getattr(getattr(start, section), name))
            continue
        rest[key] = text
        if key not in CARRIED:
            source.warn(place, f"{clip(key)}={clip(text)!r} is not known; it is kept, without effect")
    view, rendering, key_frame = (replace(getattr(start, part), **values) for part, values in sections.items())
    return Settings(view, rendering, key_frame), rest


def _value(source: Source, place: str, key: str, text: str, default: Any) -> Any:
    """Reads one attribute as a value of the kind that its default has."""
    name = _ALIASES.get(key, key)
    low, high = _LIMITS.get(name, (-np.inf, np.inf))
    if name == "curves":
        return np.reshape(source.numbers(place, key, text, 48), (4, 4, 3))
    if isinstance(default, str):
        if text.strip().lower() in _CHOICES[name]:
            return text.strip().lower()
        source.warn(place, f"{key}={clip(text)!r} is none of {', '.join(_CHOICES[name])}; {default} is used")
        return default
    if isinstance(default, tuple):
        values = (source.within(place, key, value, low, high) for value in source.numbers(place, key, text, len(default)))
        return tuple(type(default[0])(value) for value in values)
    value = source.within(place, key, source.number(place, key, text), low, high)
    return type(default)(value)


def settings_attributes(settings: Settings, dialect: str) -> dict[str, object]:
    """Returns the attributes that `read_settings` reads as `settings`: numbers, texts, and tuples of numbers."""
    attributes: dict[str, object] = {}
    for part, names in _FIELDS.items():
        section, start = getattr(settings, part), getattr(DEFAULTS[dialect], part)
        for name in names:
            value = getattr(section, name)
            if isinstance(value, np.ndarray):
                attributes[name] = tuple(value.ravel())
            elif value is not None and (value != getattr(start, name) or name not in _LEFT_OUT[dialect]):
                attributes[name] = value
    return attributes


_FIELDS = {
    "key": tuple(entry.name for entry in fields(Key)),
    "view": tuple(entry.name for entry in fields(View)),
    "rendering": tuple(entry.name for entry in fields(Rendering)),
}
