"""Every variation against the golden vectors made by running flam3 3.1.1, Ember 25 and Ember 1.0.0.14."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bloom_core import native
from tests.native.allowances import input_rounding, is_known_overflow, is_peer_oddity, peer_rounding
from tests.native.vectors import ENTRIES, VECTORS, Doubles, Entry, expected_of, flame_of, label, plain_name, variations_of

DETERMINISTIC = [entry for entry in ENTRIES if not entry["random"]]
RANDOM = [entry for entry in ENTRIES if entry["random"]]


def test_no_vector_and_no_variation_is_passed_over(shared_data: Path) -> None:
    assert VECTORS.parent == shared_data
    assert Counter((entry["source"], entry["random"]) for entry in ENTRIES) == {
        ("flam3", False): 211,
        ("flam3", True): 43,
        ("ember", False): 373,
        ("ember", True): 135,
        ("ember-1.0.0.14", False): 79,
        ("ember-1.0.0.14", True): 48,
    }
    for source, count in (("flam3", 98), ("ember", 165)):
        names = {plain_name(v["name"]) for entry in ENTRIES if entry["source"] == source for v in variations_of(entry)}
        assert len(names) == count
        assert names <= set(native.variations())
    assert names == set(list(native.variations())[: len(names)])  # Ember's come first in the table, then Bloom's own


FAR = 1e10  # beyond this a point counts as lost, in flam3 and in Bloom


def compare(entry: Entry, got: Doubles, tolerance: Doubles, lost_beyond: float) -> list[str]:
    """Returns what differs by more than `tolerance` (n,), an absolute error of any coordinate. Lost points must be lost."""
    expected = expected_of(entry)
    axes = slice(0, 2) if entry["source"] == "flam3" else slice(0, 3)
    failures = []
    for point, want, have, allowed in zip(entry["in"], expected[:, axes], got[:, axes], tolerance, strict=True):
        if is_peer_oddity(entry, point):
            continue
        if np.isfinite(want).all() and np.abs(want).max() <= FAR:
            fine = bool(np.abs(have - want).max() <= allowed)
        else:
            fine = bool((~np.isfinite(have) | (np.abs(have) > lost_beyond)).any())
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
    failures = compare(entry, got, np.maximum(1e-9 * np.maximum(size, 1e-6), peer_rounding(entry, size)), FAR)
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("entry", DETERMINISTIC, ids=label)
def test_a_deterministic_variation_in_float(entry: Entry) -> None:
    """1e-4 of the vector's largest coordinate, or twice what one unit in the last place of the input does to the exact result.

    Rounding to float moves the input by half such a unit and the sum of an affine by another one or two; so twice the
    effect of a whole unit bounds what is the input's doing and not the formula's.
    """
    if is_known_overflow(entry):
        pytest.skip("flam3 overflows an integer here")
    flame = flame_of(entry)
    points = np.array(entry["in"], dtype=np.float64)
    size = np.nanmax(np.abs(expected_of(entry)), axis=1, initial=0.0)
    # In float a pole can be missed by a rounded angle (6e-8): what is infinitely far in double is then still far out.
    # The last term is the smallest number that a float holds with all its digits.
    tolerance = np.maximum(np.maximum(1e-4 * size, 2.0 * input_rounding(flame, points)), np.finfo(np.float32).tiny)
    failures = compare(entry, native.transform_points(flame, 0, points), tolerance, 1e6)
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("entry", RANDOM, ids=label)
def test_a_random_variation_has_the_recorded_distribution(entry: Entry) -> None:
    """The share of 200,000 results below each recorded quantile of x, y, z and r, within 1 % (four standard errors are 0.6 %).

    Ember distorts crackle's cells by a noise table of its own; Bloom's noise is another, and agrees with it in distribution.
    """
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
