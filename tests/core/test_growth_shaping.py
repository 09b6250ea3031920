"""Smoothing takes the flutter and keeps the peaks; the tremble's gain grows with the share of the way."""

from __future__ import annotations

import numpy as np

from bloom_core.growth.growth_shaping import smoothed, with_tremble


def flutter(frames: int = 200) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(0).normal(size=(frames, 5)) * 0.01


def test_smoothing_keeps_a_peak_and_takes_the_flutter() -> None:
    rows = flutter()
    rows[100] += 1.0  # an explosion that lasts one frame
    soft = smoothed(rows, 4.0)
    np.testing.assert_allclose(soft[100], rows[100], atol=1e-9)
    quiet = np.r_[20:80, 120:180]
    assert soft[quiet].std() < 0.4 * rows[quiet].std()
    np.testing.assert_array_equal(soft[-1], rows[-1])
    np.testing.assert_array_equal(smoothed(rows, 0.0), rows)


def test_a_step_stays_a_step() -> None:
    rows = flutter()
    rows[100:] += 1.0
    soft = smoothed(rows, 4.0)
    assert np.linalg.norm(soft[100] - soft[99]) > 0.95 * np.linalg.norm(rows[100] - rows[99])


def test_straight_lines_stay_straight() -> None:
    line = np.linspace(0.0, 1.0, 50)[:, None] * [1.0, -2.0]
    np.testing.assert_allclose(smoothed(line, 3.0), line, atol=1e-9)
    np.testing.assert_allclose(with_tremble(line, np.ones(50), 5.0), line, atol=1e-9)


def test_tremble_is_multiplied_late_and_not_early() -> None:
    rows = flutter(400)
    louder = with_tremble(rows, np.linspace(0.0, 1.0, 400), 5.0)
    ratio = [louder[part].std() / rows[part].std() for part in (slice(0, 40), slice(-40, -1))]
    assert 0.9 < ratio[0] < 1.7 and 4.0 < ratio[1] < 5.2
    calm = with_tremble(rows, np.ones(400), 0.0)
    assert calm[5:-5].std() < 0.5 * rows.std()
