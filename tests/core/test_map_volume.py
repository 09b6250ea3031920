"""Maps as volumes: where the light is, and the take that comes of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import take_list, takes
from bloom_core.native import Cancelled
from bloom_core.take_files import TakeError
from bloom_core.trainability import map_volume
from bloom_core.trainability.experiment import Axis, Experiment, MapError
from bloom_core.trainability.map_volume import FINER, publish_volume, volume_of
from bloom_core.trainability.maps import Making, Map
from bloom_core.trainability.newton import PRESETS, newton_map
from bloom_core.trainability.views import View, overview
from tests.native.test_vdb import read_back

CUBE = replace(Experiment(), z=Axis("init_scale", 0.1, 10.0))


def made_of(distance: NDArray[np.float64]) -> Map:
    """Returns a map whose boundary is where a distance is 0, converged below, with a score that grows towards it as those of trainings do."""
    score = np.sign(distance) / (np.abs(distance) + 1e-3)
    view = View((Fraction(0),) * 3, (Fraction(2),) * 3, tuple(reversed(distance.shape)))
    return Map(CUBE, view, (distance < 0).astype(np.uint8), score, None, Making("test", "double", 0.0, 0))


def grid(side: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    z, y, x = np.mgrid[:side, :side, :side] - 0.5 * (side - 1)
    return z, y, x


def ball(side: int = 32, radius: float = 9.3) -> Map:
    return made_of(np.sqrt(sum(along**2 for along in grid(side))) - radius)


def test_the_shell_lies_where_the_boundary_is() -> None:
    density, palette = volume_of(ball())
    assert density.shape == palette.shape == (64, 64, 64) and density.dtype == palette.dtype == np.float32
    radius = np.sqrt(sum(along**2 for along in grid(64))) / FINER
    assert abs(np.average(radius, weights=density.astype(np.float64) ** 4) - 9.3) < 0.2
    shell, inside, outside = density[np.abs(radius - 9.3) < 0.3], density[radius < 6.0], density[(radius > 13.0) & (radius < 15.0)]
    assert shell.mean() > 5.0 * inside.mean() > 5.0 * outside.mean()
    assert inside.min() >= 0.0 and (outside == 0.0).mean() > 0.9  # a haze in what converged, black in what did not


def test_a_smooth_boundary_has_no_steps() -> None:
    # A plane at a slant: with hard labels the shell would rise and fall along it with the pixels' grid.
    normal = np.array([0.30, 0.05, 1.0]) / np.linalg.norm([0.30, 0.05, 1.0])
    z, y, x = grid(40)
    density, _ = volume_of(made_of(x * normal[0] + y * normal[1] + z * normal[2] + 0.2))
    lines = density[:, 20:60, 20:60]
    light = lines.sum(axis=0)
    assert light.std() < 0.06 * light.mean()
    places = (lines * np.arange(80)[:, None, None]).sum(axis=0) / light
    columns = np.arange(20, 60)
    fitted = np.linalg.lstsq(np.stack([np.repeat(columns, 40), np.tile(columns, 40), np.ones(1600)], axis=1), places.ravel(), rcond=None)
    assert np.sqrt(fitted[1] / 1600)[0] < 0.2  # voxels off a plane; steps of a pixel would be 0.6
    np.testing.assert_allclose(fitted[0][:2], [-0.05, -0.30], atol=0.02)


def test_it_fades_towards_the_faces() -> None:
    density, _ = volume_of(ball(radius=20.0))  # reaches beyond all of them
    faces = np.concatenate([np.take(density, end, axis=axis).ravel() for axis in range(3) for end in (0, -1)])
    assert faces.max() < 0.05 * density.max()


def test_the_ramp_is_used_from_end_to_end() -> None:
    density, palette = volume_of(newton_map(PRESETS["cubic-volume"], overview(PRESETS["cubic-volume"], (24, 24, 24))))
    assert palette.min() >= 0.0 and palette.max() <= 1.0
    light = density.ravel().astype(np.float64) ** 2
    shares, _ = np.histogram(palette.ravel(), 4, range=(0.0, 1.0), weights=light / light.sum())
    np.testing.assert_allclose(shares, 0.25, atol=0.02)


def test_every_label_takes_part() -> None:
    newton = PRESETS["smale-volume"]
    made = newton_map(newton, overview(newton, (20, 20, 20)))
    assert len(np.unique(made.labels)) == 4  # three roots and none
    density, _ = volume_of(made)
    assert np.isfinite(density).all() and density.max() > 0.5


@pytest.mark.parametrize("labels", [0, 1])
def test_a_map_without_a_boundary_is_dark_or_a_haze(labels: int) -> None:
    z, *_ = grid(12)
    density, palette = volume_of(made_of(np.full(z.shape, 0.5 - labels)))
    assert np.isfinite(density).all() and np.isfinite(palette).all() and density.max() < 1.0


def test_scores_that_are_no_number_do_no_harm() -> None:
    made = ball(16, 5.0)
    made.score[3:6, 3:6, 3:6] = np.nan
    made.score[8, 8, 8] = -np.inf
    density, palette = volume_of(made)
    assert np.isfinite(density).all() and np.isfinite(palette).all()


def test_a_map_of_two_axes_is_no_volume() -> None:
    cubic = PRESETS["cubic"]
    with pytest.raises(MapError, match="third axis"):
        volume_of(newton_map(cubic, overview(cubic, (16, 16))))


def test_colours_say_on_which_side_more_hope_is() -> None:
    # A slab between a half-space that converges and one that does not, with a second sheet of failing far on the sure side.
    z, *_ = grid(48)
    density, palette = volume_of(made_of(np.maximum(z - 8.3, -(z + 17.3))))
    middle = np.s_[:, 40:56, 40:56]
    light, coordinate = density[middle].astype(np.float64) ** 2, palette[middle]
    places = np.arange(96)[:, None, None] * np.ones_like(coordinate)
    within, beyond = (places > 58) & (places < 65), (places > 66) & (places < 74)
    assert np.average(coordinate[within], weights=light[within]) < np.average(coordinate[beyond], weights=light[beyond] + 1e-9)
    assert palette[48, 48, 48] < 0.1 and palette[90, 48, 48] > 0.9


def test_a_map_that_memory_does_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_volume, "memory_limit", lambda: 10_000_000)
    with pytest.raises(MapError, match="fewer pixels"):
        volume_of(ball(32))
    volume_of(ball(16, 5.0))


def test_a_take_of_it_is_one_as_any_other(tmp_path: Path) -> None:
    made = ball(16, 5.0)
    take = publish_volume(made, tmp_path, about={"frame_start": 7})
    assert take.complete and take.kind == "volume" and take.baked == 1 and len(take.files) == 1
    assert takes.read_take(take.folder).files == take.files
    (info,) = take_list.list_takes(tmp_path)
    assert info.frame_start() == 7 and info.settings["map"] == made.subject.title
    told, values = read_back(take.files[0])
    density, palette = volume_of(made)
    z, y, x = np.nonzero(density)
    assert len(values["density"]) == len(z) and list(told["grids"]) == ["density", "palette"]
    at = (int(x[9]), int(y[9]), int(z[9]))
    assert values["density"][at] == np.float16(density[z[9], y[9], x[9]]) and values["palette"][at] == np.float16(palette[z[9], y[9], x[9]])
    np.testing.assert_allclose(told["grids"]["density"]["voxel"], [2.0 / 32] * 3)
    np.testing.assert_allclose(told["grids"]["density"]["origin"], [-1.0 + 1.0 / 32] * 3)  # the middle of the first voxel


def test_the_same_map_is_written_once_and_always_the_same(tmp_path: Path) -> None:
    first = publish_volume(ball(16, 5.0), tmp_path / "one")
    assert publish_volume(ball(16, 5.0), tmp_path / "one").baked == 0
    again = publish_volume(ball(16, 5.0), tmp_path / "two")
    assert again.folder.name == first.folder.name and again.files[0].read_bytes() == first.files[0].read_bytes()
    assert publish_volume(ball(16, 5.5), tmp_path / "one").folder.name != first.folder.name


def test_several_maps_are_the_frames_of_one_take(tmp_path: Path) -> None:
    told: list[float] = []
    maps = [ball(12, 3.0), ball(12, 4.0), ball(12, 3.0)]
    take = publish_volume(maps, tmp_path, progress=lambda fraction: told.append(fraction) is None)
    assert len(take.files) == 3 and take.baked == 2 and told == [0.0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1.0]
    assert take.files[0].read_bytes() == take.files[2].read_bytes() != take.files[1].read_bytes()
    with pytest.raises(Cancelled):
        publish_volume([ball(12, 5.0), ball(12, 5.2)], tmp_path, progress=lambda fraction: fraction < 0.5)
    assert publish_volume([ball(12, 5.0)], tmp_path).baked == 0  # the finished frame stayed
    assert not list(tmp_path.glob("**/*.part"))


def test_folders_that_cannot_be_written_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TakeError, match="file"):
        publish_volume(ball(12, 4.0), tmp_path / "file")
    monkeypatch.setattr(map_volume.dense_grids, "memory_limit", lambda: 1000)
    with pytest.raises(TakeError, match="not enough memory"):
        publish_volume(ball(12, 4.0), tmp_path / "folder")
    with pytest.raises(MapError, match="no map"):
        publish_volume([], tmp_path / "folder")
