"""`bloom interpolate`, and flames read by the rules of another program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bloom_core.cli import main
from bloom_core.flames.flame import Flame, Key, Variation, Xform, identity
from bloom_core.flames.flame_file import read_flames, write_flames
from bloom_core.flames.interpolation import edge, interpolate, loop
from tests.core.flames import assert_same


@pytest.fixture
def keys(tmp_path: Path) -> list[Flame]:
    tilted = identity()
    tilted[:2, :2] = [[0.5, -0.3], [0.2, 0.9]]
    palette = np.linspace(0.0, 1.0, 768).reshape(256, 3)
    flames = [
        Flame((Xform((Variation("linear", 1.0),)),), palette=palette, key=Key(time=3.0)),
        Flame((Xform((Variation("swirl", 0.5),), pre=tilted),), palette=palette[::-1], key=Key(time=5.0)),
    ]
    write_flames(tmp_path / "keys.flame", flames)
    return flames


def test_frames_between_keys(tmp_path: Path, keys: list[Flame], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["interpolate", str(tmp_path / "keys.flame"), "-o", str(tmp_path / "out.flame"), "--frames", "4"]) == 0
    found, _ = read_flames(tmp_path / "out.flame")
    assert [flame.key.time for flame in found] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert "5 frames" in capsys.readouterr().out
    for frame, flame in enumerate(found):
        np.testing.assert_allclose(flame.xforms[0].pre, interpolate(keys, 3.0 + frame / 2).xforms[0].pre, atol=1e-12)


def test_loops_and_edges(tmp_path: Path, keys: list[Flame]) -> None:
    assert main(["interpolate", str(tmp_path / "keys.flame"), "-o", str(tmp_path / "out.flame"), "--frames", "3", "--loops", "--stagger", "0.5"]) == 0
    found, _ = read_flames(tmp_path / "out.flame")
    expected = [loop(keys[0], 1 / 3), edge(keys[0], keys[1], 2 / 3, 0.5), loop(keys[1], 2 / 3), keys[1]]
    assert len(found) == 10
    for ours, its in zip([found[1], found[5], found[8], found[9]], expected, strict=True):
        for left, right in zip(ours.xforms, its.xforms, strict=True):
            assert_same(left, right, 1e-12)


def test_keys_of_one_time_stand_evenly(tmp_path: Path, keys: list[Flame]) -> None:
    write_flames(tmp_path / "keys.flame", [Flame(flame.xforms) for flame in keys])
    assert main(["interpolate", str(tmp_path / "keys.flame"), "-o", str(tmp_path / "out.flame"), "--frames", "2"]) == 0
    assert len(read_flames(tmp_path / "out.flame")[0]) == 3


def test_what_cannot_be_interpolated_is_told(tmp_path: Path, keys: list[Flame], capsys: pytest.CaptureFixture[str]) -> None:
    given = ["interpolate", str(tmp_path / "keys.flame"), "-o", str(tmp_path / "out.flame"), "--frames"]
    assert main([*given, "10000"]) == 1 and "10001 frames" in capsys.readouterr().err
    write_flames(tmp_path / "keys.flame", keys[::-1])
    assert main([*given, "2"]) == 1 and "times must rise" in capsys.readouterr().err
    for wrong in (["0"], ["x"], ["2", "--stagger", "2"], ["2", "--stagger", "x"]):
        with pytest.raises(SystemExit):
            main([*given, *wrong])
    assert not (tmp_path / "out.flame").exists()


def test_a_dialect_can_be_forced(tmp_path: Path, keys: list[Flame]) -> None:
    given = ["interpolate", str(tmp_path / "keys.flame"), "-o", str(tmp_path / "out.flame"), "--frames", "1", "--dialect", "flam3"]
    assert main(given) == 0
    assert {flame.dialect for flame in read_flames(tmp_path / "out.flame")[0]} == {"flam3"}


def test_points_follow_the_dialect(tmp_path: Path) -> None:
    auger = Xform((Variation("auger", 1.0, {"auger_scale": 1.0}), Variation("square", 1.0)))  # drawn in another way by Ember 1.0.0.14
    write_flames(tmp_path / "auger.flame", [Flame((auger,))])
    clouds = []
    for number, more in enumerate([[], ["--dialect", "ember-25"], ["--dialect", "ember-1.0.0.14"]]):
        path = tmp_path / f"{number}.ply"
        assert main(["points", str(tmp_path / "auger.flame"), "-o", str(path), "--count", "500", "--threads", "1", *more]) == 0
        clouds.append(path.read_bytes())
    assert clouds[0] == clouds[1] != clouds[2]
