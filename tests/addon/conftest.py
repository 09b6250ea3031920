"""Real Blender (the bpy wheel): an empty scene with the add-on registered, and tiny blooms to work on."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

import bloom_addon
from bloom_addon import bloom_object, properties
from bloom_core import designs, growth
from bloom_core.growth.animation import Animation
from bloom_core.trajectories import trajectory

FRAMES = 8


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Iterator[None]:
    """Lets go of what a failed test held: a reference to Blender's data that outlives its file hangs or crashes the tests after it."""
    report = yield
    if call.excinfo is not None:
        traceback.clear_frames(call.excinfo.tb)
    return report  # type: ignore[return-value]


@pytest.fixture
def scene() -> Iterator[bpy.types.Scene]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bloom_addon.register()
    yield bpy.context.scene
    bloom_addon.unregister()


@pytest.fixture(scope="session")
def grown() -> Animation:
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    return growth.grow(run, designs.design("lotus"), frames=FRAMES, tolerance=None)  # a key on every frame, so tests know where one is


@pytest.fixture
def bloom(scene: bpy.types.Scene, grown: Animation, tmp_path: Path) -> bpy.types.Object:
    """A lotus with its growth as keys, set to bake in a moment."""
    obj = bloom_object.new_bloom(bpy.context, designs.design("lotus"))
    settings = properties.bloom_of(obj)
    settings.samples, settings.resolution, settings.folder = 0.2, 32, str(tmp_path / "takes")
    bloom_object.apply_growth(scene, obj, grown)
    return obj


@pytest.fixture
def curve(bloom: bpy.types.Object) -> Callable[[str, int], bpy.types.FCurve]:
    """Finds an F-curve of the bloom by path and index."""
    from bloom_addon import compat

    return lambda path, index=0: compat.channelbag(bloom, "").fcurves.find(path, index=index)
