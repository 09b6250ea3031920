"""Zoom films: their keyframes, resumed and refused; their frames, without jumps; and twelve levels in which the precision changes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bloom_core.native import Cancelled
from bloom_core.palettes import srgb_to_linear
from bloom_core.trainability import coloring, zoom_frames, zooms
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.making import make_map
from bloom_core.trainability.map_files import read_map, write_map
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.newton import PRESETS, Newton
from bloom_core.trainability.presets import PRESETS as EXPERIMENTS
from bloom_core.trainability.views import View
from bloom_core.trainability.zoom_frames import Interval, Keyframe
from bloom_core.trainability.zooms import Zoom

CUBIC = PRESETS["cubic"]
ON_THE_BOUNDARY = (Fraction("-0.7937005260"), Fraction(0))
EDGE = Fraction("0.8827915"), Fraction("1.6939259")
"""On the boundary of the preset `preview`, as `bloom map preview --spots 3` finds it."""

SMALL = replace(EXPERIMENTS["preview"], width=4, steps=40)


def newton_zoom(levels: int = 3, side: int = 48, supersample: int = 2, about: tuple[Fraction, ...] = ON_THE_BOUNDARY) -> Zoom:
    return Zoom(CUBIC, View(ON_THE_BOUNDARY, (Fraction(4), Fraction(4)), (side, side)), about, levels, supersample)


def keyframes(zoom: Zoom, folder: Path) -> list[Path]:
    return zooms.make_keyframes(zoom, folder, lambda view, tiles, progress: make_map(zoom.subject, view, folder=tiles, progress=progress))


def small_maker(subject: Experiment):  # type: ignore[no-untyped-def]
    engine = NativeEngine(1)
    return lambda view, tiles, progress: make_map(subject, view, engine=engine, folder=tiles, progress=progress)


def test_views_halve_about_the_point() -> None:
    zoom = newton_zoom(about=(Fraction(-1), Fraction(1, 2)))
    assert [view.size for view in zoom.views] == [(96, 96)] * 4
    assert [view.span[0] for view in zoom.views] == [Fraction(4, 2**level) for level in range(4)]
    for view in zoom.views:
        shares = [(at - center) / span + Fraction(1, 2) for at, center, span in zip(zoom.about, view.center, view.span, strict=True)]
        assert [float(share) for share in shares] == pytest.approx(zoom.fixed, abs=0)


def test_zooms_that_cannot_be_are_refused() -> None:
    with pytest.raises(MapError, match="outside its first view"):
        newton_zoom(about=(Fraction(9), Fraction(0)))
    with pytest.raises(MapError, match="0 levels"):
        newton_zoom(levels=0)
    with pytest.raises(MapError, match="two axes"):
        Zoom(PRESETS["cubic-volume"], View((Fraction(0),) * 3, (Fraction(1),) * 3, (8, 8, 8)), (Fraction(0),) * 3, 2)
    with pytest.raises(MapError, match="choose 1 to 8"):
        newton_zoom(supersample=9)


def test_frames_do_not_jump_where_a_keyframe_is_reached(tmp_path: Path) -> None:
    zoom = newton_zoom(levels=4)
    files = keyframes(zoom, tmp_path)
    for colormap in coloring.COLORMAPS:
        shown = list(zoom_frames.frames(zoom, files, 16, colormap, plain=True))
        assert len(shown) == zoom_frames.frame_count(zoom, 16) == 65
        steps = np.array([float(np.abs(after - before).mean()) for before, after in itertools.pairwise(shown)])
        for keyframe in (16, 32, 48):
            around = np.concatenate([steps[keyframe - 8 : keyframe - 1], steps[keyframe + 1 : keyframe + 8]])
            assert steps[keyframe - 1 : keyframe + 1].max() < 1.3 * around.max(), (colormap, keyframe)
        assert steps.min() > 0.0  # it moves


def test_a_frame_at_a_keyframe_is_the_keyframe(tmp_path: Path) -> None:
    zoom = newton_zoom(levels=2, supersample=1)
    files = keyframes(zoom, tmp_path)
    shown = list(zoom_frames.frames(zoom, files, 4, plain=True))
    for level in range(3):
        expected = coloring.colors(read_map(files[level]))[::-1]
        np.testing.assert_allclose(shown[4 * level][..., :3], expected, atol=2e-3)


def test_the_fixed_point_stays_and_everything_else_moves_away_from_it() -> None:
    """A keyframe that is a picture of its own coordinates shows where each pixel of a frame comes from."""
    zoom = newton_zoom(levels=1, side=64, supersample=1, about=(Fraction(-1), Fraction(1, 2)))
    ramp = np.linspace(0.0, 1.0, 129)[:-1].astype(np.float32) + np.float32(1 / 256)
    light = np.stack([*np.meshgrid(ramp, ramp), np.zeros((128, 128), np.float32)], axis=2)
    for share in (0.0, 0.3, 0.9):
        factor = 2.0**share
        window = tuple((at - at / factor, at + (1 - at) / factor) for at in zoom.fixed)
        seen, there = zoom_frames.resampled(light, window, (64, 64))
        expected = [at + ((np.arange(64) + 0.5) / 64 - at) / factor for at in zoom.fixed]
        np.testing.assert_allclose(seen[0, :, 0], expected[0], atol=2e-3)
        np.testing.assert_allclose(seen[:, 0, 1], expected[1], atol=2e-3)
        assert (there == pytest.approx(1.0))


def test_resampling_keeps_the_light_and_knows_where_nothing_is() -> None:
    light = np.random.RandomState(0).random_sample((37, 41, 3)).astype(np.float32)
    small, there = zoom_frames.resampled(light, ((0.0, 1.0), (0.0, 1.0)), (7, 5))
    np.testing.assert_allclose(small.mean(axis=(0, 1)), light.mean(axis=(0, 1)), rtol=1e-5)
    assert there == pytest.approx(1.0)
    beyond, there = zoom_frames.resampled(np.ones((8, 8, 3), np.float32), ((-0.5, 1.5), (-0.5, 1.5)), (8, 8))
    assert there[0, 0] == 0.0 and there[4, 4] == 1.0 and beyond[4, 4, 0] == pytest.approx(1.0) and not beyond[0].any()
    assert there.sum() == pytest.approx(16.0)


def test_a_map_that_is_the_same_at_all_scales_is_shown_as_a_still() -> None:
    """Two keyframes of a pattern of rays from the fixed point: a zoom about it changes nothing, at any moment, and neither may the film."""
    side = 256
    rows, columns = np.mgrid[0:side, 0:side] - (side - 1) / 2
    score = np.sin(6 * np.arctan2(rows, columns)) + 1e-9
    found = make_map(CUBIC, View((Fraction(0),) * 2, (Fraction(4),) * 2, (side, side)))
    found = replace(found, subject=Experiment(), score=score, labels=(score < 0).astype(np.uint8))
    interval = Interval(Keyframe(found, "spectral", "score"), Keyframe(found, "spectral", "score"), (0.5, 0.5))
    first = interval.frame(0.0, (64, 64))
    for share in (0.25, 0.5, 0.75, 0.97):
        away = np.hypot(*(np.mgrid[0:64, 0:64] - 31.5)) > 6
        assert np.abs(interval.frame(share, (64, 64)) - first)[away].mean() < 0.02


def test_the_inner_keyframe_is_faded_in_with_the_square_of_the_sine() -> None:
    found = make_map(CUBIC, View((Fraction(0),) * 2, (Fraction(4),) * 2, (32, 32)))
    sides = np.where(np.arange(32) < 16, -5.0, 5.0)[None].repeat(32, axis=0)
    one, other = (replace(found, subject=Experiment(), score=score, labels=(score < 0).astype(np.uint8)) for score in (sides, -sides))
    interval = Interval(Keyframe(one, "safe", "score"), Keyframe(other, "safe", "score"), (0.5, 0.5))
    ends = [srgb_to_linear(interval.frame(share, (16, 16))[8, 6].astype(np.float64)) for share in (0.0, 1.0 - 1e-9)]
    for share in (0.1, 0.5, 0.8):
        middle = srgb_to_linear(interval.frame(share, (16, 16))[8, 6].astype(np.float64))
        np.testing.assert_allclose((middle - ends[0]) / (ends[1] - ends[0]), np.sin(0.5 * np.pi * share) ** 2, atol=0.02)
    assert np.abs(interval.frame(0.2, (16, 16))[0, 0] - interval.frame(0.0, (16, 16))[0, 0]).max() < 1e-3  # the corner is not in it yet


def test_an_interrupted_film_goes_on_with_the_same_keyframes(tmp_path: Path) -> None:
    zoom = Zoom(SMALL, View(EDGE, (Fraction(9), Fraction(9)), (40, 40)), EDGE, 3, 1)
    whole = zooms.make_keyframes(zoom, tmp_path / "whole", small_maker(SMALL))
    calls = 0

    def stop(share: float) -> bool:
        nonlocal calls
        calls += 1
        return share < 0.6

    with pytest.raises(Cancelled):
        zooms.make_keyframes(zoom, tmp_path / "parts", small_maker(SMALL), progress=stop)
    assert calls > 2
    left = sorted(path.name for path in (tmp_path / "parts").glob("*.bloommap"))
    assert 1 <= len(left) < 4 and any((tmp_path / "parts" / "tiles").glob("*.tile"))
    before = {name: (tmp_path / "parts" / name).stat().st_mtime_ns for name in left}
    told: list[float] = []
    parts = zooms.make_keyframes(zoom, tmp_path / "parts", small_maker(SMALL), progress=lambda share: told.append(share) or True)
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)
    assert {name: (tmp_path / "parts" / name).stat().st_mtime_ns for name in left} == before  # not made twice
    assert not (tmp_path / "parts" / "tiles").exists()
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(read_map(one).outcomes, read_map(other).outcomes)
    films = [[frame.tobytes() for frame in zoom_frames.frames(zoom, files, 3, plain=True)] for files in (whole, parts)]
    assert films[0] == films[1]


def test_keyframes_of_something_else_are_not_mixed_in(tmp_path: Path) -> None:
    zoom = newton_zoom(levels=1)
    keyframes(zoom, tmp_path)
    with pytest.raises(MapError, match=r"level-00.*another zoom"):
        keyframes(newton_zoom(levels=1, side=32), tmp_path)
    with pytest.raises(MapError, match="another zoom"):
        keyframes(replace(zoom, subject=Newton(relaxation=0.9)), tmp_path)


def test_another_score_needs_no_training(tmp_path: Path) -> None:
    zoom = Zoom(SMALL, View(EDGE, (Fraction(9), Fraction(9)), (24, 24)), EDGE, 1, 1)
    files = zooms.make_keyframes(zoom, tmp_path, small_maker(SMALL))
    other = replace(zoom, subject=replace(SMALL, score="final"))
    assert zooms.make_keyframes(other, tmp_path, lambda *_: pytest.fail("it trains again")) == files
    found = zooms.check_keyframe(other, 0, files[0])
    assert found.subject.score == "final" and not np.array_equal(found.score, read_map(files[0]).score)
    write_map(files[0], read_map(files[0]), small=True)
    with pytest.raises(MapError, match="lacks what another score needs"):
        zooms.check_keyframe(other, 0, files[0])


def test_twelve_levels_from_float_to_double(tmp_path: Path) -> None:
    """The published kind of zoom, tiny: it starts where float suffices and ends where it does not, and says so on its frames."""
    start = View(EDGE, (Fraction(1, 10), Fraction(1, 10)), (24, 24))
    zoom = Zoom(EXPERIMENTS["preview"], start, EDGE, 12, 1)
    files = zooms.make_keyframes(zoom, tmp_path, small_maker(EXPERIMENTS["preview"]))
    maps = [read_map(file) for file in files]
    precisions = [found.made.precision for found in maps]
    assert precisions == sorted(precisions, reverse=True) and set(precisions) == {"float", "double"}
    assert [zooms.precision_of(zoom.subject, view) for view in zoom.views] == precisions
    last = precisions.index("double")
    before, after = (Keyframe(found, "spectral", "score") for found in maps[last - 1 : last + 1])
    interval = Interval(before, after, zoom.fixed)
    said = [" ".join(zoom_frames.words(zoom, interval, last - 1 + part).facts[2]) for part in (0.0, 0.5)]
    assert "float precision" in said[0] and "float → double precision" in said[1] and said[0].startswith("across ")
    shown = list(zoom_frames.frames(zoom, files, 2, plain=True))
    assert len(shown) == 25 and all(frame.shape == (24, 24, 4) for frame in shown)
    # What the fixed point's neighbours came to must not change from level to level: the same networks, in another precision.
    inside = [float(found.labels[6:18, 6:18].mean() - after.labels.mean()) for found, after in itertools.pairwise(maps)]
    assert np.abs(inside).mean() < 0.15


def test_framed_frames_of_a_film_are_all_of_one_size(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the frame is drawn with the extra plot")
    zoom = newton_zoom(levels=2, side=40, supersample=1)
    sizes = {frame.shape for frame in zoom_frames.frames(zoom, keyframes(zoom, tmp_path), 3)}
    assert len(sizes) == 1
    height, width, _ = sizes.pop()
    assert width % 2 == height % 2 == 0 and width > 512
