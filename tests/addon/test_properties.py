"""Flames to properties and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, flame_properties, properties
from bloom_core import designs, growth
from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_buffer import pack
from bloom_core.flames.flame_file import read_flames


def assert_same(found: Flame, flame: Flame) -> None:
    assert found.dialect == flame.dialect and len(found.xforms) == len(flame.xforms) and (found.final is None) == (flame.final is None)
    for index in range(len(flame.xforms) + (flame.final is not None)):
        a, b = found.xform(index), flame.xform(index)
        assert [v.name for v in a.variations] == [v.name for v in b.variations]
        for x, y in zip(a.variations, b.variations, strict=True):
            assert x.weight == pytest.approx(y.weight, rel=1e-6) and x.parameters == pytest.approx(dict(y.parameters), rel=1e-6)
        numbers = [[x.weight, x.color, x.color_speed, x.opacity] for x in (a, b)]
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-6)
        np.testing.assert_allclose(a.pre, b.pre, rtol=1e-6)
        np.testing.assert_allclose(a.post, b.post, rtol=1e-6)


@pytest.mark.parametrize("name", designs.designs())
@pytest.mark.parametrize("pose", ["bud", "open"])
def test_a_flame_goes_in_and_comes_out(scene: bpy.types.Scene, name: str, pose: str) -> None:
    flame = getattr(designs.design(name), pose)
    obj = bloom_object.new_bloom(bpy.context, designs.design(name))
    flame_properties.write_flame(obj.bloom, flame)
    assert_same(flame_properties.read_flame(obj), flame)


def test_xaos_and_affines_in_3d_go_through(scene: bpy.types.Scene) -> None:
    flower = designs.design("waterlily")
    count = len(flower.open.xforms)
    turned = replace(flower.open.xforms[0], post=np.arange(12.0).reshape(3, 4), pre=np.linspace(-1, 1, 12).reshape(3, 4), animate=False)
    flame = replace(flower.open, xforms=(turned, *flower.open.xforms[1:]), final=None, xaos=np.arange(float(count * count)).reshape(count, count))
    obj = bloom_object.new_bloom(bpy.context, replace(flower, open=flame))
    found = flame_properties.read_flame(obj)
    assert_same(found, flame)
    np.testing.assert_array_equal(found.xaos, flame.xaos)
    assert not found.xforms[0].animate


@pytest.mark.parametrize("name", ("brick", "fireflies", "hearts", "kindling", "soft_ghost", "wavy", "willowisp"))
def test_the_originals_reach_the_renderer_as_they_are(scene: bpy.types.Scene, name: str, shared_data: Path) -> None:
    flame = read_flames(shared_data / "original-bloom" / "flames" / f"{name}.flame")[0][0]
    count = len(flame.xforms)
    flame = replace(flame, xaos=np.linspace(0.0, 2.0, count * count).reshape(count, count))
    obj = bloom_object.new_bloom(bpy.context, replace(designs.design("lotus"), name=name, open=flame))
    found = flame_properties.read_flame(obj)
    np.testing.assert_allclose(pack(found), pack(flame).astype(np.float32), rtol=1e-7)  # numbers in Blender are floats
    named = [(x.name, y.name) for x, y in zip(found.xforms, flame.xforms, strict=True)]
    assert all(mine and mine == (given or mine) for mine, given in named)


def test_another_flame_replaces_all_of_the_first(scene: bpy.types.Scene) -> None:
    obj = bloom_object.new_bloom(bpy.context, designs.design("waterlily"))
    bloom_object.set_design(obj, designs.design("peony"))
    assert_same(flame_properties.read_flame(obj), designs.design("peony").open)
    assert obj.bloom.design == "peony"


def test_growth_offers_what_the_core_can_do() -> None:
    assert tuple(item[0] for item in properties.growth.MAPPINGS) == growth.MAPPINGS
    assert tuple(item[0] for item in properties.growth.PACES) == growth.PACES
