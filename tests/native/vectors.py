"""The golden vectors made by running flam3 3.1.1, Ember 25 and Ember 1.0.0.14: reading them, and the flames that they were made with."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.flames.flame import Flame, Variation, Xform, identity

Entry = dict[str, Any]
Doubles = NDArray[np.float64]

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "variation-vectors.json"
DIALECT_OF = {"flam3": "flam3", "ember": "ember-25-compat", "ember-1.0.0.14": "ember-1.0.0.14"}

def variations_of(entry: Entry) -> list[Entry]:
    if "variations" in entry:
        return list(entry["variations"])
    return [{"name": entry["name"], "weight": entry["weight"], "params": entry["params"]}]


def affine_of(entry: Entry, key: str) -> Doubles:
    affine = identity()
    if key in entry:
        affine[:2, [0, 1, 3]] = np.reshape(entry[key], (2, 3))
    return affine


def flame_of(entry: Entry) -> Flame:
    terms = tuple(Variation(v["name"], v["weight"], MappingProxyType(v["params"])) for v in variations_of(entry))
    xform = Xform(variations=terms, pre=affine_of(entry, "affine"), post=affine_of(entry, "post"))
    return Flame(xforms=(xform,), dialect=DIALECT_OF[entry["source"]])


def label(entry: Entry) -> str:
    parameters = ",".join(f"{key}={value:g}" for key, value in entry.get("params", {}).items())
    weight = f" w={entry['weight']:g}" if entry.get("weight", 1.0) != 1.0 else ""
    affine = " affine" if "affine" in entry and "variations" not in entry else ""
    return f"{entry['source']}: {entry['name']}{weight}{affine}{' ' if parameters else ''}{parameters}"


ENTRIES: list[Entry] = json.loads(VECTORS.read_text()) if VECTORS.exists() else []


def plain_name(name: str) -> str:
    """Returns the name in the table of what a file calls `name`."""
    lower = name.lower()
    return next((lower[len(prefix) :] for prefix in ("pre_", "post_") if lower.startswith(prefix)), lower)


def expected_of(entry: Entry) -> Doubles:
    """Returns float64 (n, 3), NaN for bad values; z is NaN for flam3, which has none."""
    out = np.array(entry["out"], dtype=np.float64)  # null becomes NaN
    if entry["source"] == "flam3":
        out[:, 2] = np.nan
    return out
