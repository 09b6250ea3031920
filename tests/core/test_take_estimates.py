"""What a bake will cost, against what it cost."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from bloom_core import take_estimates, takes
from bloom_core.designs import design
from bloom_core.take_estimates import Estimate, Probe
from bloom_core.take_frames import Settings, described
from bloom_core.takes import BakeSettings, PointSettings

LOTUS = design("lotus")
SETTINGS = BakeSettings(LOTUS.box, samples=16_000_000, resolution=192, gain=30.0)


@pytest.mark.parametrize(
    "settings",
    [SETTINGS, replace(SETTINGS, estimator=1.5), replace(SETTINGS, color=True), replace(SETTINGS, resolution=320, half=False), PointSettings(800000)],
    ids=["volume", "silk", "color", "finer, full floats", "points"],
)
def test_estimates_are_near_what_a_bake_takes(tmp_path: Path, settings: Settings) -> None:
    expected = take_estimates.estimate(take_estimates.probe(LOTUS.open, settings), settings)
    begin = time.perf_counter()
    take = takes.bake(tmp_path, [LOTUS.open], settings)
    seconds, size = time.perf_counter() - begin, take.files[0].stat().st_size
    assert 0.6 < expected.disk / size < 1.6
    assert expected.seconds < 10 * seconds and seconds < 10 * expected.seconds  # a machine may be busy with other things in between
    assert 64e6 < expected.memory < 1e9


def test_an_estimate_follows_the_settings() -> None:
    measured = Probe(SETTINGS, seconds=0.5, fixed=0.1, leaves=2000.0, voxels=100_000.0, growth=0.3)
    base = take_estimates.estimate(measured, SETTINGS)
    more, finer = (take_estimates.estimate(measured, replace(SETTINGS, **change)) for change in ({"samples": 160_000_000}, {"resolution": 384}))
    assert more.seconds > 5 * base.seconds and base.disk < more.disk < 2 * base.disk
    assert finer.disk > 3 * base.disk and finer.memory > 1.05 * base.memory and finer.seconds > base.seconds
    full, colored = (take_estimates.estimate(measured, replace(SETTINGS, **change)) for change in ({"half": False}, {"color": True}))
    assert full.disk > 1.2 * base.disk and full.memory == base.memory and colored.memory > base.memory


def test_when_a_probe_still_serves() -> None:
    measured = Probe(SETTINGS, 0.5)
    assert take_estimates.serves(measured, replace(SETTINGS, samples=1, gain=2.0, half=False))
    assert not take_estimates.serves(measured, replace(SETTINGS, resolution=512)) and not take_estimates.serves(measured, PointSettings(5))
    assert not take_estimates.serves(measured, replace(SETTINGS, estimator=2.0))
    assert take_estimates.serves(Probe(PointSettings(10), 0.1), PointSettings(1_000_000))
    told = described(SETTINGS)
    assert take_estimates.same_as_told(replace(SETTINGS, gain=1.0, seed=4), told)
    assert not take_estimates.same_as_told(replace(SETTINGS, samples=1), told) and not take_estimates.same_as_told(PointSettings(1), told)


def test_costs_as_people_say_them() -> None:
    assert [take_estimates.duration(seconds) for seconds in (0.2, 8.4, 59.6, 131, 3700, 90_000 * 2)] == [
        "less than 1 s", "8 s", "1 min", "2 min 10 s", "1 h 1 min", "2 d 2 h",
    ]  # fmt: skip
    assert [take_estimates.size(count) for count in (10, 840_000, 2_400_000, 240_400_000, 1.44e9, 3.2e12)] == [
        "1 kB", "840 kB", "2.4 MB", "240 MB", "1.4 GB", "3.2 TB",
    ]  # fmt: skip
    assert take_estimates.time_left(0.25, 10.0) == pytest.approx(30.0) and take_estimates.time_left(0.0, 10.0) is None


def test_what_will_not_fit_is_told_before() -> None:
    frame = Estimate(1.0, 50e6, 3e9)
    assert take_estimates.warnings([frame], 10, free=int(1e9), memory=int(16e9)) == []
    disk, memory = take_estimates.warnings([frame, frame], 100, free=int(4e9), memory=int(4e9))
    assert "4.0 GB free" in disk and "10 GB" in disk and "lower the resolution" in memory
    assert take_estimates.warnings([frame], 10_000, free=None, memory=int(16e9)) == []
