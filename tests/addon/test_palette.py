"""Palettes of a bloom: candidates from its run are keyed in as one step, locked stops stay, and an edit against a key is seen and kept."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, compat, keyframes, material, properties
from bloom_addon.palette import candidates, editing, stops
from bloom_core import designs, palettes
from bloom_core.growth.animation import Animation
from bloom_core.native import Cancelled


@pytest.fixture
def glow(bloom: bpy.types.Object) -> Any:
    properties.bloom_of(bloom).run = "digits"
    properties.growth_of(bpy.context.scene).frames = 8
    bpy.context.scene.frame_set(2)  # the keys, just written, are played
    return material.glow_of(bloom)


def colors(glow: Any) -> Any:
    return np.array([tuple(element.color) for element in material.ramp_of(glow).elements])


def positions(glow: Any) -> Any:
    return np.array([element.position for element in material.ramp_of(glow).elements])


def curves(glow: Any) -> dict[tuple[str, int], list[tuple[float, float]]]:
    return {(curve.data_path, curve.array_index): [tuple(point.co) for point in curve.keyframe_points] for curve in compat.fcurves(glow.node_tree)}


def test_candidates_come_from_the_run_with_swatches(
    scene: bpy.types.Scene, bloom: bpy.types.Object, glow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "COUNT", 5)
    own = properties.bloom_of(bloom).palette
    own.method = "mood"
    assert candidates.found(scene, bloom) is None
    assert bpy.ops.bloom.find_palettes() == {"FINISHED"}
    found = candidates.found(scene, bloom)
    assert found is not None and [candidate.method for candidate in found] == ["mood"] * 5
    for number in (3, 3, 4):
        candidates.icon(number)  # without a window icons have no numbers
    pictures = list(candidates._pictures.values())
    assert len(pictures) == 2 and tuple(pictures[0].image_size) == (candidates.SIZE, candidates.SIZE)
    assert np.std(np.array(pictures[0].image_pixels_float).reshape(-1, 4)[:, :3]) > 0.01
    assert bpy.ops.bloom.find_palettes(shuffle=True) == {"FINISHED"} and own.seed == 1
    again = candidates.found(scene, bloom)
    assert again is not None and (again[0].ramp.colors != found[0].ramp.colors).any()
    own.seed = 0  # others are asked for now than are shown
    assert candidates.found(scene, bloom) is None


def test_a_search_can_be_stopped_and_says_what_went_wrong(scene: bpy.types.Scene, bloom: bpy.types.Object, glow: Any) -> None:
    search, source = candidates.begin(scene, bloom)
    with pytest.raises(Cancelled):
        search.run(source, lambda fraction: fraction < 0.1)
    assert 1 <= len(search.found) < 4 and candidates.found(scene, bloom) == search.found
    properties.bloom_of(bloom).run = "//nowhere.bloom"
    with pytest.raises(RuntimeError, match=r"nowhere"):
        bpy.ops.bloom.find_palettes()
    properties.bloom_of(bloom).run = ""
    with pytest.raises(RuntimeError, match="no run yet"):
        bpy.ops.bloom.apply_palette(name="embers")


def test_applying_one_keys_the_ramp_and_nothing_else(scene: bpy.types.Scene, bloom: bpy.types.Object, glow: Any) -> None:
    flower = {curve.data_path for curve in compat.fcurves(bloom)}
    assert bpy.ops.bloom.apply_palette(name="embers", seed=3) == {"FINISHED"}
    read = candidates.source(scene, bloom, 3).candidate("embers")
    for frame in (1, 4, 8):
        scene.frame_set(frame)
        np.testing.assert_allclose(colors(glow)[:, :3], palettes.srgb_to_linear(read.ramp.at(frame)), atol=1e-5)
    assert {curve.data_path for curve in compat.fcurves(bloom)} == flower
    exposure = glow.node_tree.nodes[material.EXPOSURE].outputs[0].default_value
    assert read.ramp.base is not None and exposure == pytest.approx(palettes.exposure(read.ramp.base), rel=1e-5)
    assert bpy.ops.bloom.apply_palette(name="design") == {"FINISHED"}
    assert glow.node_tree.nodes[material.EXPOSURE].outputs[0].default_value == pytest.approx(palettes.exposure(designs.design("lotus").open.palette))
    with pytest.raises(RuntimeError, match="no palette 'none'"):
        bpy.ops.bloom.apply_palette(name="none")


@pytest.mark.parametrize("name", ["drift", "beacon", "design"])
def test_locked_stops_keep_place_color_and_keys(scene: bpy.types.Scene, bloom: bpy.types.Object, glow: Any, name: str) -> None:
    for number in (5, 6, 30):
        bpy.ops.bloom.lock_stop(stop=number)
    before, keys, places = colors(glow), curves(glow), positions(glow)
    bpy.ops.bloom.apply_palette(name=name, seed=1)
    locked = stops.locked(bloom)
    assert len(locked) == 3
    np.testing.assert_allclose(positions(glow)[locked], places[[5, 6, 30]])
    np.testing.assert_array_equal(colors(glow)[locked], before[[5, 6, 30]])
    for now, then in zip(locked, (5, 6, 30), strict=True):
        for channel in range(3):
            assert curves(glow)[(keyframes.stop_path(now), channel)] == keys[(keyframes.stop_path(then), channel)]
    assert (np.diff(positions(glow)) > 0.0).all() and len(positions(glow)) <= 32
    assert {path for path, _ in curves(glow)} == {keyframes.stop_path(number) for number in range(len(positions(glow)))}
    bpy.ops.bloom.lock_all_stops()
    with pytest.raises(RuntimeError, match="All stops are locked"):
        bpy.ops.bloom.apply_palette(name="moon")


def test_growing_again_leaves_locked_stops(scene: bpy.types.Scene, bloom: bpy.types.Object, glow: Any, grown: Animation) -> None:
    material.ramp_of(glow).elements[4].color = (1.0, 0.0, 1.0, 1.0)
    bpy.ops.bloom.keep_edited_stops(how="HOLD")
    assert stops.locked(bloom) == [4]
    bloom_object.apply_growth(scene, bloom, grown, locked=stops.locked(bloom))
    scene.frame_set(6)
    assert stops.locked(bloom) == [4] and tuple(material.ramp_of(glow).elements[4].color) == (1.0, 0.0, 1.0, 1.0)


def test_an_edit_against_a_key_is_seen_and_kept_as_asked(scene: bpy.types.Scene, bloom: bpy.types.Object, glow: Any) -> None:
    elements = material.ramp_of(glow).elements
    scene.frame_set(4)
    assert stops.edited(glow, 4) == [] and len(stops.keyed(glow)) == len(elements)
    with pytest.raises(RuntimeError, match="No keyed color"):
        bpy.ops.bloom.keep_edited_stops(how="KEY")
    later = compat.fcurve(glow.node_tree, keyframes.stop_path(7), 1).evaluate(7)
    elements[7].color[1] += 0.25
    edited = elements[7].color[1]
    assert stops.edited(glow, 4) == [7]
    bpy.ops.bloom.keep_edited_stops(how="KEY")
    scene.frame_set(7)
    assert elements[7].color[1] == pytest.approx(later, abs=1e-5)
    scene.frame_set(4)
    assert elements[7].color[1] == pytest.approx(edited, abs=1e-5) and stops.edited(glow, 4) == []
    elements[7].color[1] += 0.125
    bpy.ops.bloom.keep_edited_stops(how="SHIFT")
    scene.frame_set(7)
    assert elements[7].color[1] == pytest.approx(later + 0.125, abs=1e-5)


def test_all_stops_are_flattened_spread_and_turned_with_their_keys(scene: bpy.types.Scene, bloom: bpy.types.Object, glow: Any) -> None:
    bpy.ops.bloom.apply_palette(name="drift")  # few stops, at uneven places
    bpy.ops.bloom.lock_stop(stop=2)
    count, before, places, keys = len(positions(glow)), colors(glow), positions(glow), curves(glow)
    bpy.ops.bloom.change_stops(how="REVERSE")
    np.testing.assert_allclose(colors(glow), before[::-1])
    np.testing.assert_allclose(positions(glow), 1.0 - places[::-1], atol=1e-6)
    assert curves(glow)[(keyframes.stop_path(count - 3), 1)] == keys[(keyframes.stop_path(2), 1)] and stops.locked(bloom) == [count - 3]
    bpy.ops.bloom.change_stops(how="REVERSE")
    assert curves(glow) == keys
    bpy.ops.bloom.change_stops(how="DISTRIBUTE")
    np.testing.assert_allclose(positions(glow), np.linspace(0.0, 1.0, count), atol=1e-6)
    scene.frame_set(3)
    here = colors(glow)
    bpy.ops.bloom.change_stops(how="FLATTEN")
    assert not curves(glow)
    scene.frame_set(8)
    np.testing.assert_array_equal(colors(glow), here)


def test_a_palette_is_copied_to_another_bloom(scene: bpy.types.Scene, bloom: bpy.types.Object, glow: Any) -> None:
    editing._copied.clear()
    with pytest.raises(RuntimeError, match="Copy Palette"):
        bpy.ops.bloom.paste_palette()
    bpy.ops.bloom.copy_palette()
    other = bloom_object.new_bloom(bpy.context, designs.design("peony"))
    worn: Any = material.glow_of(other)
    assert bpy.ops.bloom.paste_palette() == {"FINISHED"} and worn is not glow
    assert curves(worn) == curves(glow)
    for frame in (2, 6):
        scene.frame_set(frame)
        np.testing.assert_allclose(colors(worn), colors(glow), atol=1e-6)


def test_exposure_is_fitted_and_burning_out_is_told(scene: bpy.types.Scene, bloom: bpy.types.Object, glow: Any) -> None:
    assert editing.burnt_out(glow) is None
    output = glow.node_tree.nodes[material.EXPOSURE].outputs[0]
    output.default_value = 9.0
    suits = editing.burnt_out(glow)
    assert suits is not None
    bpy.ops.bloom.fit_glow(value="EXPOSURE")
    assert output.default_value == pytest.approx(suits) and editing.burnt_out(glow) is None
    glow.node_tree.nodes[material.CONTRAST].outputs[0].default_value = 0.5
    bpy.ops.bloom.fit_glow(value="CONTRAST")
    assert glow.node_tree.nodes[material.CONTRAST].outputs[0].default_value == 2.0
