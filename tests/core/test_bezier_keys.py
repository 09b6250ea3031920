"""Few keys: within the tolerance everywhere, exact at the ends, and few where little happens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core.growth.bezier_keys import fit


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(-100.0, 100.0, allow_nan=False, width=32), min_size=1, max_size=60),
    st.floats(0.0, 10.0, allow_nan=False),
    st.integers(-50, 50),
)
def test_every_sample_lies_within_the_tolerance(samples: list[float], tolerance: float, start: int) -> None:
    values = np.array(samples)
    frames = np.arange(len(values), dtype=np.float64) + start
    keys = fit(frames, values, tolerance)
    assert np.abs(keys.at(frames) - values).max() <= tolerance + 1e-9
    assert keys.at(frames)[-1] == pytest.approx(values[-1], abs=1e-9) and keys.at(frames[:1] - 5.0)[0] == pytest.approx(values[0], abs=1e-9)
    assert (np.diff(keys.frames) > 0.0).all() and set(keys.frames) <= set(frames)
    left, right = keys.handle_frames()
    assert (left < keys.frames).all() and (right > keys.frames).all() and (right[:-1] <= left[1:] + 1e-9).all()


def test_smooth_curves_need_few_keys_and_polynomials_two() -> None:
    frames = np.arange(200.0)
    assert len(fit(frames, np.full(200, 3.0), 0.0).frames) == 1
    cubic = 1e-5 * (frames - 30.0) * (frames - 90.0) * (frames - 190.0)
    assert len(fit(frames, cubic, 1e-6).frames) == 2
    assert len(fit(frames, np.sin(frames / 20.0), 0.01).frames) < 10
    jump = np.where(frames < 100.0, 0.0, 1.0)
    keys = fit(frames, jump, 0.01)
    assert len(keys.frames) <= 5 and 99.0 in keys.frames
    between = keys.at(np.arange(0.0, 199.0, 0.1))
    assert between.min() > -0.1 and between.max() < 1.1  # what the samples do not do, the curve hardly does between them


def test_what_cannot_be_fitted() -> None:
    for frames, tolerance in ((0, 1.0), (3, -1.0)):
        with pytest.raises(ValueError, match="one sample"):
            fit(np.arange(float(frames)), np.zeros(frames), tolerance)
