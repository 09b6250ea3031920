"""Runs and flowers by name: what a .blend keeps of them, and another flower in place of the first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest

from bloom_addon import compat, material
from bloom_addon.headless import headless
from bloom_core import designs
from bloom_core.flames.flame_file import write_flames
from bloom_core.trajectories import trajectory

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("by_file", [False, True])
def test_a_blend_made_without_a_window_can_be_grown_again(
    scene: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_file: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    run, flower = "digits", "peony"
    if by_file:
        run, flower = "my.bloom", "my.flame"
        (tmp_path / run).write_bytes(trajectory.embedded_run("digits").read_bytes())
        design = designs.design("peony")
        write_flames(flower, [design.bud, design.open])
    assert headless.main(["grow", str(tmp_path / "new" / "flower.blend"), "--run", run, "--design", flower, "--frames", "4"]) == 0
    monkeypatch.chdir("/")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "new" / "flower.blend"))
    obj = next(obj for obj in bpy.context.scene.objects if obj.type == "VOLUME")
    bpy.context.view_layer.objects.active = obj
    assert obj.bloom.folder == "//takes"
    bpy.context.scene.bloom_growth.frames = 6
    assert bpy.ops.bloom.grow() == {"FINISHED"}
    assert tuple(compat.channelbag(obj, "").fcurves[0].range()) == (1.0, 6.0)


def test_choosing_another_flower_takes_its_keys_along(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.keyframe_insert("location", index=2, frame=3)
    glow = bloom.data.materials[0]
    assert bpy.ops.bloom.choose(design="waterlily") == {"FINISHED"}
    assert [curve.data_path for curve in compat.channelbag(bloom, "").fcurves] == ["location"]
    assert not len(compat.channelbag(glow.node_tree, "").fcurves)
    flower = designs.design("waterlily")
    assert bloom.bloom.design == "waterlily" and len(bloom.bloom.xforms) == len(flower.open.xforms) + 1
    fresh = material.glow_material("fresh", flower.open.palette)
    colors = [np.array([element.color[:] for element in material.ramp_of(made).elements]) for made in (glow, fresh)]
    np.testing.assert_array_equal(*colors)
    bloom.bloom.run = "digits"
    assert bpy.ops.bloom.grow() == {"FINISHED"}


def test_what_a_flame_file_has_and_bloom_has_not_is_named(
    scene: bpy.types.Scene, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.flame"
    path.write_text(
        '<flame name="odd" version="EMBER-1.0.0.14" size="640 480" center="0 0" scale="100">'
        '<xform weight="1" color="0" linear="0.5" nosuchthing="0.3" coefs="0.5 0 0 0.5 0 0" opacity="1"/>'
        '<xform weight="1" color="1" spherical="0.4" coefs="0.5 0.2 -0.2 0.5 0.5 0" opacity="1"/></flame>'
    )
    assert bpy.ops.bloom.import_flame(filepath=str(path)) == {"FINISHED"}
    assert "nosuchthing" in "".join(capfd.readouterr())
    assert headless.main(["grow", str(tmp_path / "odd.blend"), "--design", str(path), "--frames", "3"]) == 0
    assert "nosuchthing" in capfd.readouterr().err


def test_a_script_that_only_registers_ends_well() -> None:
    script = "import bpy, bloom_addon; bloom_addon.register(); bpy.ops.bloom.add(design='lotus')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
