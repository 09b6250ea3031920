"""The recorded trembling: at a gain of 1 it is what growth wrote, bit for bit; it can be calmed, exaggerated, slowed, and kept up after the end."""

from __future__ import annotations

from itertools import pairwise

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, keyframes, posing, properties
from bloom_addon.wind import section, sway
from bloom_core import designs, growth
from bloom_core.growth.animation import Animation
from bloom_core.trajectories import trajectory

LAST = 24


@pytest.fixture(scope="session")
def trembling() -> Animation:
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    return growth.grow(run, designs.design("lotus"), frames=LAST, tolerance=None)


@pytest.fixture
def lotus(scene: bpy.types.Scene, trembling: Animation) -> bpy.types.Object:
    obj = bloom_object.new_bloom(bpy.context, designs.design("lotus"))
    bloom_object.apply_growth(scene, obj, trembling)
    return obj


def affine(obj: bpy.types.Object, frame: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    scene = bpy.context.scene
    scene.frame_set(frame)
    flame = posing.read_flame(scene, obj)
    return np.array([flame.xform(number).pre for number in range(len(flame.xforms) + 1)])


def flutter(film: Animation, frame: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """What trembles at a frame, as affines of the xforms."""
    assert film.flutter is not None
    found = np.zeros((len(film.flame.xforms) + 1, 3, 4))
    for channel, value in zip(film.channels, film.flutter[frame - film.frame_start], strict=True):
        if channel.field == "pre":
            found[channel.xform].flat[channel.index] = value
    return found


def test_a_gain_of_one_is_what_growth_wrote(lotus: bpy.types.Object, trembling: Animation) -> None:
    wind = properties.bloom_of(lotus).wind
    for frame in (5, 20, LAST):
        shown = affine(lotus, frame)
        written = np.array([np.reshape(xform.pre, (3, 4)) for xform in properties.bloom_of(lotus).xforms])
        np.testing.assert_array_equal(shown, written)
        wind.keep_trembling = not wind.keep_trembling  # it only concerns what comes after the end
        np.testing.assert_array_equal(affine(lotus, frame), written)


def test_it_is_calmed_and_exaggerated(lotus: bpy.types.Object, trembling: Animation) -> None:
    wind = properties.bloom_of(lotus).wind
    plain = affine(lotus, 20)
    moved = flutter(trembling, 20)
    assert np.abs(moved).max() > 1e-4
    for gain in (0.0, 0.5, 3.0):
        wind.tremble = gain
        np.testing.assert_allclose(affine(lotus, 20), plain + (gain - 1.0) * moved, atol=1e-6)
    assert section.truth(3.0, 1.0) == "exaggerated ×3" and section.truth(0.0, 0.5) == "trembling left out, at 0.5× its pace"
    assert section.truth(1.0, 1.0) == ""
    wind.keyframe_insert("tremble", frame=1)
    assert bpy.ops.bloom.reset_tremble() == {"FINISHED"} and wind.tremble == 1.0
    np.testing.assert_allclose(affine(lotus, 20), plain, atol=1e-6)


def test_it_is_slowed_from_where_it_is(lotus: bpy.types.Object, trembling: Animation) -> None:
    wind = properties.bloom_of(lotus).wind
    plain = affine(lotus, 21)
    wind.tremble_speed = 0.5  # from the first frame on: at 21 it is at 11
    np.testing.assert_allclose(affine(lotus, 21), plain - flutter(trembling, 21) + flutter(trembling, 11), atol=1e-6)
    keyframes.key_values(lotus, "bloom.wind.tremble_speed", 0, "Wind", np.array([10.0, 12.0]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(affine(lotus, 21), plain - flutter(trembling, 21) + flutter(trembling, 11), atol=1e-6)  # it came to rest there


def test_the_open_flower_keeps_trembling_where_asked(lotus: bpy.types.Object, trembling: Animation) -> None:
    assert sway.recorded(lotus) == (1.0, float(LAST))
    held = affine(lotus, LAST + 10)
    np.testing.assert_array_equal(held, affine(lotus, LAST))
    properties.bloom_of(lotus).wind.keep_trembling = True
    loop = sway.LOOP * (LAST - 1.0)
    np.testing.assert_allclose(affine(lotus, LAST + 4), held + flutter(trembling, LAST - 4), atol=1e-6)
    shown = [affine(lotus, frame) for frame in range(LAST, LAST + 60)]
    moved = np.array([np.abs(after - before).max() for before, after in pairwise(shown)])
    late = [np.abs(flutter(trembling, frame + 1) - flutter(trembling, frame)).max() for frame in range(int(LAST - loop) - 1, LAST)]
    assert 0.0 < moved.max() <= 2.0 * max(late)


def test_a_bloom_that_never_grew_does_not_tremble(scene: bpy.types.Scene) -> None:
    obj = bloom_object.new_bloom(bpy.context, designs.design("peony"))
    still = affine(obj, 1)
    wind = properties.bloom_of(obj).wind
    wind.tremble, wind.tremble_speed, wind.keep_trembling = 5.0, 2.0, True
    assert sway.recorded(obj) is None
    np.testing.assert_array_equal(affine(obj, 3), still)
