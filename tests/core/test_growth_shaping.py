"""Smoothing takes the flutter and keeps the peaks; the flutter grows with the share of the way."""

from __future__ import annotations

import numpy as np

from bloom_core.growth.growth_shaping import flutter, smoothed


def trembling(frames: int = 200) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(0).normal(size=(frames, 5)) * 0.01


def test_smoothing_keeps_a_peak_and_takes_the_flutter() -> None:
    rows = trembling()
    rows[100] += 1.0  # an explosion that lasts one frame
    soft = smoothed(rows, 4.0)
    np.testing.assert_allclose(soft[100], rows[100], atol=1e-9)
    quiet = np.r_[20:80, 120:180]
    assert soft[quiet].std() < 0.4 * rows[quiet].std()
    np.testing.assert_array_equal(soft[-1], rows[-1])
    np.testing.assert_array_equal(smoothed(rows, 0.0), rows)


def test_a_step_stays_a_step() -> None:
    rows = trembling()
    rows[100:] += 1.0
    soft = smoothed(rows, 4.0)
    assert np.linalg.norm(soft[100] - soft[99]) > 0.95 * np.linalg.norm(rows[100] - rows[99])


def test_straight_lines_stay_straight() -> None:
    line = np.linspace(0.0, 1.0, 50)[:, None] * [1.0, -2.0]
    np.testing.assert_allclose(smoothed(line, 3.0), line, atol=1e-9)
    np.testing.assert_allclose(flutter(line, np.ones(50)), 0.0, atol=1e-9)


def test_flutter_is_what_trembles_late_and_not_early() -> None:
    rows = trembling(400)
    share = np.linspace(0.0, 1.0, 400)
    calm, loud = rows - flutter(rows, share), rows + 4.0 * flutter(rows, share)
    ratio = [loud[part].std() / rows[part].std() for part in (slice(0, 40), slice(-40, -1))]
    assert 0.9 < ratio[0] < 1.7 and 4.0 < ratio[1] < 5.2
    assert calm[-100:-5].std() < 0.5 * rows[-100:-5].std()
    assert not flutter(rows, share)[-1].any() and not flutter(rows[:2], share[:2]).any()
