"""What brightness, gamma and background of a flame become where light is exposed."""

from __future__ import annotations

import pytest

from bloom_core.flames.flame import View
from bloom_core.flames.flame_look import look_of


def test_the_usual_flame_changes_nothing() -> None:
    look = look_of(View())
    assert (look.exposure, look.contrast, look.background) == (0.0, 1.0, (0.0, 0.0, 0.0))


def test_brighter_is_more_light_and_gamma_flattens_it() -> None:
    assert look_of(View(brightness=8.0, gamma=2.2)).exposure == pytest.approx(1.0)
    assert 0.0 < look_of(View(brightness=8.0, gamma=4.4)).exposure == pytest.approx(0.5)
    assert look_of(View(brightness=2.0, gamma=2.2)).exposure == pytest.approx(-1.0)
    assert look_of(View(gamma=5.0)).contrast == pytest.approx(0.8) and look_of(View(gamma=3.0)).contrast > 1.0


def test_what_no_scene_could_bear_is_limited() -> None:
    wild = look_of(View(brightness=1e9, gamma=0.0, background=(0.5, 2.0, -1.0)))
    assert wild.exposure == 3.0 and wild.contrast == 2.0
    assert wild.background == pytest.approx((0.2140, 1.0, 0.0), abs=1e-3)
