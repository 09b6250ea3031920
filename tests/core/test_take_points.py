"""Takes of points: identities give velocities, files hold what Blender imports, frames depend on their neighbours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core import native, takes
from bloom_core.designs import design, poses
from bloom_core.flames.flame import Flame, Variation, Xform, identity
from bloom_core.native import Points, Statistics
from bloom_core.take_files import TakeError
from bloom_core.take_points import BYTES, COLUMNS, read_point_frame, velocity, write_point_frame
from bloom_core.takes import PointSettings

LOTUS = design("lotus")
FLAMES = poses(LOTUS.bud, LOTUS.open, 4)
SETTINGS = PointSettings(20_000)


def cloud(positions: list[tuple[float, float, float]], identities: list[int]) -> Points:
    count = len(positions)
    ones = np.ones(count, np.float32)
    numbers = np.array(identities, np.uint64)
    return Points(np.array(positions, np.float32).reshape(-1, 3), ones, ones, np.zeros(count, np.uint8), numbers, Statistics(0, count, 0, 0))


def test_velocity_is_the_central_difference_of_the_same_point() -> None:
    before = cloud([(0, 0, 0), (5, 5, 5), (9, 9, 9)], [1, 2, 7])
    now = cloud([(1, 0, 0), (5, 5, 6), (0, 0, 0)], [1, 2, 3])
    after = cloud([(5, 5, 7), (2, 0, 0)], [2, 1])  # another order, as it is after points were lost
    moved = velocity(now, before, after)
    assert moved.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert velocity(now, None, after)[0].tolist() == velocity(now, before, None)[0].tolist() == [1.0, 0.0, 0.0]
    assert not velocity(now, None, None).any() and velocity(cloud([], []), before, None).shape == (0, 3)


def test_a_point_that_jumped_is_not_smeared() -> None:
    rest = [(0.01 * number, 0.0, 0.0) for number in range(40)]
    step = [(x + 0.1, 0.0, 0.0) for x, _, _ in rest]
    before, now, after = (cloud(rest, list(range(40))), cloud(step, list(range(40))), cloud([(x + 0.2, 0, 0) for x, _, _ in rest], list(range(40))))
    after.position[7] = (50.0, 0.0, 0.0)  # sent through other xforms from here on
    before.position[8], after.position[8] = (-60.0, 0.0, 0.0), (50.0, 0.0, 0.0)  # here alone
    moved = velocity(now, before, after)
    assert moved[7, 0] == pytest.approx(0.1, abs=1e-5) and moved[8, 0] == 0.0
    assert moved[:7, 0] == pytest.approx(0.1, abs=1e-5)


@pytest.mark.parametrize("count", [3, 20_000, 70_000])
def test_far_numbers_and_near_ones_find_the_same_points(count: int) -> None:
    random = np.random.default_rng(1)
    places = [random.normal(size=(count, 3)).astype(np.float32) for _ in range(3)]
    numbers = [np.sort(random.permutation(count + 9)[:count]).astype(np.uint64) for _ in range(3)]
    near = [replace(cloud([], []), position=place, identity=number) for place, number in zip(places, numbers, strict=True)]
    far = [replace(each, identity=each.identity << np.uint64(30)) for each in near]
    found = velocity(near[1], near[0], near[2])
    assert found.tobytes() == velocity(far[1], far[0], far[2]).tobytes()
    of = [{int(number): row for row, number in enumerate(each.identity)} for each in near]
    for row in random.integers(0, count, 50):
        number, here = int(near[1].identity[row]), near[1].position[row]
        ways = [sign * (near[side].position[of[side][number]] - here) for side, sign in ((0, -1), (2, 1)) if number in of[side]]
        size = [float(np.linalg.norm(way)) for way in ways]
        if len(ways) == 2 and np.linalg.norm(ways[1] - ways[0]) <= 0.5 * sum(size):
            wanted = (ways[0] + ways[1]) / 2
        else:
            wanted = ways[int(np.argmin(size))] if ways else np.zeros(3)
        assert np.allclose(found[row], wanted, atol=1e-6)


def turned(angle: float) -> Flame:
    pre = identity()
    pre[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    spread = Xform((Variation("gaussian_blur", 1.0),))
    return Flame((spread,), final=Xform((Variation("linear", 1.0),), pre=pre))


def test_a_turning_flame_has_the_velocity_of_a_turn(tmp_path: Path) -> None:
    take = takes.bake(tmp_path, [turned(0.02 * frame) for frame in range(3)], SETTINGS)
    rows = read_point_frame(take.files[1])
    expected = 0.02 * np.stack([-rows[:, 1], rows[:, 0], 0.0 * rows[:, 0]], axis=1)
    assert rows[:, 5:] == pytest.approx(expected, abs=0.02 * float(np.abs(rows[:, :3]).max()))


def test_growing_petals_glide() -> None:
    """Most points of a growing flower move a little each frame; what jumps (changed weights send it elsewhere) is held back."""
    flames = poses(LOTUS.bud, LOTUS.open, 60)[30:33]
    clouds = [native.points(flame, 100_000) for flame in flames]
    speed = np.linalg.norm(velocity(clouds[1], clouds[0], clouds[2]), axis=1)
    size = float(np.quantile(np.abs(clouds[1].position), 0.99))
    assert np.quantile(speed, 0.9) < 0.05 * size and speed.max() < 20.1 * np.quantile(speed, 0.9)
    assert np.mean(speed > 0) > 0.9


def test_a_frame_holds_what_it_says(tmp_path: Path) -> None:
    take = takes.bake(tmp_path, FLAMES, SETTINGS)
    assert take.kind == "points" and [path.name for path in take.files][:2] == ["bloom_0001.ply", "bloom_0002.ply"] and take.complete
    expected, rows = native.points(FLAMES[1], 20_000), read_point_frame(take.files[1])
    assert rows.shape == (20_000, len(COLUMNS)) and take.files[1].stat().st_size == pytest.approx(20_000 * BYTES, rel=0.01)
    assert np.array_equal(rows[:, :3], expected.position) and np.array_equal(rows[:, 3], expected.palette)
    assert np.array_equal(rows[:, 4], expected.weight)
    assert takes.read_take(take.folder).kind == "points"
    with pytest.raises(ValueError, match="no point frame"):
        (tmp_path / "other.ply").write_text("ply\nformat ascii 1.0\nend_header\n")
        read_point_frame(tmp_path / "other.ply")


def test_a_frame_depends_on_its_neighbours_and_on_nothing_else(tmp_path: Path) -> None:
    first = takes.bake(tmp_path, FLAMES, SETTINGS)
    assert first.baked == 4 and takes.bake(tmp_path, FLAMES, SETTINGS).baked == 0
    pre = FLAMES[3].xforms[1].pre.copy()
    pre[0, 3] += 0.01
    changed = [*FLAMES[:3], FLAMES[3].with_xform(1, replace(FLAMES[3].xforms[1], pre=pre))]
    second = takes.bake(tmp_path, changed, SETTINGS)
    assert second.baked == 2  # the frame, and the one before it, whose points go there
    assert [a.read_bytes() == b.read_bytes() for a, b in zip(first.files, second.files, strict=True)] == [True, True, False, False]
    assert takes.bake(tmp_path, FLAMES, replace(SETTINGS, seed=1)).baked == 4
    repainted = [replace(flame, palette=np.ones((2, 3))) for flame in FLAMES]
    assert takes.bake(tmp_path, repainted, SETTINGS).baked == 0


def test_threads_do_not_change_points(tmp_path: Path) -> None:
    many = PointSettings(1_200_000)  # more than a batch, so that two threads do share
    one, two = (takes.bake(tmp_path / str(threads), FLAMES[:1], many, threads=threads) for threads in (1, 2))
    assert [path.read_bytes() for path in one.files] == [path.read_bytes() for path in two.files]


def test_an_empty_cloud_and_one_that_collapses(tmp_path: Path) -> None:
    write_point_frame(tmp_path / "empty.ply", cloud([], []), np.zeros((0, 3), np.float32))
    assert read_point_frame(tmp_path / "empty.ply").tolist() == [[0.0] * 8]
    with pytest.raises(TakeError, match="frame 1 of the range: the flame collapses to a point"):
        takes.bake(tmp_path, [Flame((Xform((Variation("linear", 0.5),)),))], SETTINGS)
