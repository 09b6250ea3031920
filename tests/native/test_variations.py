"""Every variation against the golden vectors made by running flam3 and Ember (variations.md §10)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import native
from bloom_core.flame import Flame, Variation, Xform, identity

Entry = dict[str, Any]
Doubles = NDArray[np.float64]

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "variation-vectors.json"
DIALECTS = {"flam3": "flam3", "ember": "ember-25", "ember-1.0.0.14": "ember-1.0.0.14"}

# The 31 variations of the original's flames and flam3's first 30 have 6 in common.
BUILT = """
    linear sinusoidal spherical swirl horseshoe polar handkerchief heart disc spiral hyperbolic diamond ex julia bent waves fisheye popcorn
    exponential power cosine rings fan blob pdj fan2 rings2 eyefish bubble cylinder
    arch auger blocky blur_heart blur_pixelize butterfly crackle cross curl epispiral flatten gaussian_blur glynnsim2 julia3d linear3d
    oscilloscope poincare sec taurus truchet waves2 z zblur zcone ztranslate
""".split()


def variations_of(entry: Entry) -> list[Entry]:
    if "variations" in entry:
        return list(entry["variations"])
    return [{"name": entry["name"], "weight": entry["weight"], "params": entry["params"]}]


def is_built(entry: Entry) -> bool:
    return all(variation["name"].lower() in BUILT for variation in variations_of(entry))


def affine_of(entry: Entry, key: str) -> Doubles:
    affine = identity()
    if key in entry:
        affine[:2, [0, 1, 3]] = np.reshape(entry[key], (2, 3))
    return affine


def flame_of(entry: Entry) -> Flame:
    terms = tuple(Variation(v["name"], v["weight"], MappingProxyType(v["params"])) for v in variations_of(entry))
    xform = Xform(variations=terms, pre=affine_of(entry, "affine"), post=affine_of(entry, "post"))
    return Flame(xforms=(xform,), dialect=DIALECTS[entry["source"]])


def label(entry: Entry) -> str:
    parameters = ",".join(f"{key}={value:g}" for key, value in entry.get("params", {}).items())
    weight = f" w={entry['weight']:g}" if entry.get("weight", 1.0) != 1.0 else ""
    affine = " affine" if "affine" in entry and "variations" not in entry else ""
    return f"{entry['source']}: {entry['name']}{weight}{affine}{' ' if parameters else ''}{parameters}"


ENTRIES: list[Entry] = [entry for entry in json.loads(VECTORS.read_text()) if is_built(entry)] if VECTORS.exists() else []
DETERMINISTIC = [entry for entry in ENTRIES if not entry["random"]]
RANDOM = [entry for entry in ENTRIES if entry["random"]]


def test_the_table_has_every_variation_of_the_first_version() -> None:
    assert sorted(native.variations()) == sorted(BUILT)
    assert len(BUILT) == 31 + 30 - 6


def test_no_vector_of_a_built_variation_is_passed_over(shared_data: Path) -> None:
    assert VECTORS.parent == shared_data
    assert {variation["name"].lower() for entry in ENTRIES for variation in variations_of(entry)} == set(BUILT)
    assert Counter((entry["source"], entry["random"]) for entry in ENTRIES) == {
        ("flam3", False): 84,
        ("flam3", True): 6,
        ("ember", False): 137,
        ("ember", True): 50,
        ("ember-1.0.0.14", False): 79,
        ("ember-1.0.0.14", True): 48,
    }


def is_known_overflow(entry: Entry) -> bool:
    """flam3's rings2 with its default value 0 overflows a 32-bit integer there: garbage (variations.md §9.12)."""
    return entry["source"] == "flam3" and entry["name"] == "rings2" and not entry["params"]


def expected_of(entry: Entry) -> Doubles:
    """Returns float64 (n, 3), NaN for bad values; z is NaN for flam3, which has none."""
    out = np.array(entry["out"], dtype=np.float64)  # null becomes NaN
    if entry["source"] == "flam3":
        out[:, 2] = np.nan
    return out


FAR = 1e10  # beyond this a point counts as lost, in flam3 and in Bloom


def compare(entry: Entry, got: Doubles, tolerance: Doubles, lost_beyond: float) -> list[str]:
    """Returns what differs by more than `tolerance` (n,), an absolute error of any coordinate. Lost points must be lost."""
    expected = expected_of(entry)
    axes = slice(0, 2) if entry["source"] == "flam3" else slice(0, 3)
    failures = []
    for point, want, have, allowed in zip(entry["in"], expected[:, axes], got[:, axes], tolerance, strict=True):
        if np.isfinite(want).all() and np.abs(want).max() <= FAR:
            fine = bool(np.abs(have - want).max() <= allowed)
        elif entry["source"] == "flam3" and entry["name"] == "curl":
            # 0/0 at the pole of curl; Bloom has Ember's 0 there, which changes nothing that can be seen.
            fine = not np.isfinite(have).all() or not have.any()
        else:
            lost = ~np.isfinite(want) | (np.abs(want) > FAR)
            fine = bool((~np.isfinite(have[lost]) | (np.abs(have[lost]) > lost_beyond)).all())
        if not fine:
            failures.append(f"at {point}: {have.tolist()}, not {want.tolist()} (allowed {allowed:.3g})")
    return failures


@pytest.mark.parametrize("entry", DETERMINISTIC, ids=label)
def test_a_deterministic_variation_in_double(entry: Entry) -> None:
    if is_known_overflow(entry):
        pytest.skip("flam3 overflows an integer here")
    points = np.array(entry["in"], dtype=np.float64)
    got = native.transform_points(flame_of(entry), 0, points, double=True)
    size = np.nanmax(np.abs(expected_of(entry)), axis=1, initial=0.0)
    # Ember loses its own digits in bubble's z = 2/((r²/4 + 1) − 1) near the origin; that z is > 1e10, so it counts as lost below.
    failures = compare(entry, got, 1e-9 * np.maximum(size, 1e-6), FAR)
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("entry", DETERMINISTIC, ids=label)
def test_a_deterministic_variation_in_float(entry: Entry) -> None:
    """1e-4 of the vector's largest coordinate, or twice what one unit in the last place of the input does to the exact result.

    Rounding to float moves the input by half such a unit and the sum of an affine by another one or two; so twice the
    effect of a whole unit, in the worst of the 26 directions, bounds what is the input's doing and not the formula's.
    """
    if is_known_overflow(entry):
        pytest.skip("flam3 overflows an integer here")
    flame = flame_of(entry)
    points = np.array(entry["in"], dtype=np.float64)
    exact = native.transform_points(flame, 0, points, double=True)
    rounded = points.astype(np.float32)
    moved = np.zeros(len(points))
    for step in np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 3):
        neighbour = np.where(step == 0, rounded, np.nextafter(rounded, np.float32(np.inf) * np.where(step == 0, 1, step).astype(np.float32)))
        error = np.abs(native.transform_points(flame, 0, neighbour, double=True) - exact)
        moved = np.maximum(moved, np.nanmax(error, axis=1, initial=0.0))
    size = np.nanmax(np.abs(expected_of(entry)), axis=1, initial=0.0)
    # In float a pole can be missed by a rounded angle (6e-8): what is infinitely far in double is then still far out.
    # The last term is the smallest number that a float holds with all its digits.
    tolerance = np.maximum(np.maximum(1e-4 * size, 2.0 * moved), np.finfo(np.float32).tiny)
    failures = compare(entry, native.transform_points(flame, 0, points), tolerance, 1e6)
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("entry", RANDOM, ids=label)
def test_a_random_variation_has_the_recorded_distribution(entry: Entry) -> None:
    """The share of 200,000 results below each recorded quantile of x, y, z and r, within 1 % (four standard errors are 0.6 %)."""
    flame = flame_of(entry)
    failures = []
    for number, stats in enumerate(entry["stats"]):
        points = np.tile(np.array(stats["in"], dtype=np.float64), (200_000, 1))
        out = native.transform_points(flame, 0, points, seed=1000 + number)
        bad = ~np.isfinite(out).all(axis=1)
        if abs(bad.mean() - stats["frac_bad"]) > 0.01:
            failures.append(f"at {stats['in']}: {bad.mean():.4f} bad, not {stats['frac_bad']:.4f}")
        out = out[~bad]
        columns = {"x": out[:, 0], "y": out[:, 1], "r": np.hypot(out[:, 0], out[:, 1])}
        if entry["source"] != "flam3":
            columns["z"] = out[:, 2]
        size = max(float(np.median(np.abs(out))), *(abs(stats["quantiles"][name][4]) for name in columns))
        for name, values in columns.items():
            for level, quantile in zip(stats["quantiles"]["levels"], stats["quantiles"][name], strict=True):
                slack = 1e-5 * max(abs(quantile), size)  # an atom, the same value every time, may be a rounding off
                below, upto = np.mean(values < quantile - slack), np.mean(values <= quantile + slack)
                if not below - 0.01 <= level <= upto + 0.01:
                    failures.append(f"at {stats['in']}: {name} < {quantile:.6g} in {below:.4f} … {upto:.4f} of the cases, not {level}")
    assert not failures, "\n".join(failures)
