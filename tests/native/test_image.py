"""From points to a picture's histogram: the camera, the palette, weights, and sums that no number of threads changes."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core import native
from bloom_core.designs import design
from bloom_core.flames.flame import Flame, Variation, View, Xform, identity
from bloom_core.images import image

from .histogram import FLAT, play, point, seen_at

SMALL = View(size=(9, 9), scale=1.0)


def test_the_camera_is_embers(shared_data: Path) -> None:
    vectors = [entry for entry in json.loads((shared_data / "camera-interpolation-vectors.json").read_text()) if entry["kind"] == "camera"]
    assert len(vectors) == 36
    for entry in vectors:
        view = View(cam_pitch=entry["pitch"], cam_yaw=entry["yaw"], cam_persp=entry["persp"], cam_zpos=entry["zpos"])
        largest = max(1.0, *map(abs, entry["out"]), *map(abs, entry["in"]))
        # a pixel is 1e-4 of what the point's own rounding to float can move
        assert seen_at(point(*entry["in"], view=view), tuple(entry["out"]), pixels_per_unit=2e4 / largest), entry


@pytest.mark.parametrize("field", ["cam_pitch", "cam_yaw", "cam_persp", "cam_zpos"])
def test_every_part_of_the_camera_moves_the_point(field: str) -> None:
    view = View(cam_pitch=0.6, cam_yaw=0.9, cam_persp=0.2, cam_zpos=0.3)
    still = (-0.34704014587093435, -0.6387554756085843)  # Ember's own
    assert seen_at(point(0.3, -0.7, 0.5, view=view), still, pixels_per_unit=1e4)
    assert not seen_at(point(0.3, -0.7, 0.5, view=replace(view, **{field: getattr(view, field) * 1.01})), still, pixels_per_unit=1e4)


def test_flam3_has_no_camera() -> None:
    view = View(cam_pitch=0.6, cam_yaw=0.9, cam_persp=0.2, cam_zpos=0.3)
    assert seen_at(point(0.3, -0.7, 0.5, view=view, dialect="flam3"), (0.3, -0.7), pixels_per_unit=1e4)


def test_rows_go_down_and_rotation_is_about_the_centre() -> None:
    def cell_of(x: float, y: float, **fields: object) -> tuple[int, int]:
        cells, _ = play(point(x, y, view=replace(SMALL, **fields)), 4096)
        row, column = np.argwhere(cells[..., 3])[0]
        return int(column), int(row)

    assert cell_of(0.0, 0.0) == (4, 4)
    assert cell_of(2.0, 0.0) == (6, 4)
    assert cell_of(0.0, 3.0) == (4, 7)
    assert cell_of(2.0, 0.0, rotate=90.0) == (4, 6)
    assert cell_of(2.0, 1.0, center=(1.0, 1.0), rotate=-90.0) == (4, 3)
    assert cell_of(1.0, 0.0, zoom=1.0) == (6, 4)


def test_supersampling_and_gutter() -> None:
    cells, _ = play(point(1.4, -1.4, view=SMALL), 4096, supersample=3, gutter=5)
    assert cells.shape == (37, 37, 4)
    assert np.argwhere(cells[..., 3]).tolist() == [[5 + 9, 5 + 17]]  # (4.5 - 1.4) · 3 and (4.5 + 1.4) · 3


def test_depth_of_field_is_a_disc_that_grows_with_depth() -> None:
    # depth 2, so a radius of 0.1 · 0.5 · 2 units
    view = View(size=(401, 401), scale=1500.0, cam_dof=0.5, cam_zpos=-2.0)
    cells, done = play(point(view=view), 400_000)
    rows, columns = np.nonzero(cells[..., 3])
    weight = cells[rows, columns, 3] / done.iterations
    radius = np.hypot(rows - 200.0, columns - 200.0) / 1500.0
    assert radius.max() == pytest.approx(0.1, rel=0.02)
    assert np.sum(weight) == 1.0
    assert np.sum(weight * radius) == pytest.approx(0.05, rel=0.01)  # uniform along the radius: denser in the middle
    assert np.sum(weight[radius < 0.025]) == pytest.approx(0.25, abs=0.005)
    assert abs(np.sum(weight * (rows - 200))) < 0.2 and abs(np.sum(weight * (columns - 200))) < 0.2


def test_the_disc_grows_away_from_the_centre_with_a_blur_curve() -> None:
    def spread(x: float) -> float:
        view = View(size=(400, 400), scale=100.0, cam_dof=0.1, cam_zpos=-1.0, blur_curve=20.0)
        cells, _ = play(point(x, view=view), 100_000)
        columns = np.nonzero(cells[..., 3])[1]
        return float(columns.max() - columns.min()) / 100.0

    # half the picture is 2 units: at 1 the distance is 10 · 1/2, and 5² / (4 · 20) · 0.01 the radius
    assert spread(1.0) == pytest.approx(2 * 0.01 * 25 / 80, abs=0.015)
    assert spread(1.9) == pytest.approx(2 * 0.01 * 90.25 / 80, abs=0.015)


@pytest.mark.parametrize(("dialect", "counts"), [("ember-25", 0.1), ("ember-1.0.0.14", 0.1), ("flam3", 0.1 ** math.log2(10.0))])
def test_a_hit_weighs_its_opacity(dialect: str, counts: float) -> None:
    cells, done = play(point(view=SMALL, opacity=0.1, dialect=dialect), 100_000)
    assert done.plotted == done.iterations and done.outside == 0
    assert cells[..., 3].sum() / done.iterations == pytest.approx(counts, rel=2e-3)


def test_a_moment_weighs_what_the_shutter_gives_it() -> None:
    cells, done = play(point(view=SMALL), 100_000, weight=0.25)
    assert cells[..., 3].sum() == 0.25 * done.iterations


@pytest.mark.parametrize("mode", ["step", "linear"])
@pytest.mark.parametrize("dialect", ["ember-25", "flam3"])
@pytest.mark.parametrize("color", [0.0, 0.25, 0.5003, 0.999, 1.0])
def test_the_palette_is_read_as_the_program_does(color: float, dialect: str, mode: str) -> None:
    flame = point(view=SMALL, color=color, dialect=dialect)
    flame = replace(flame, palette=np.random.default_rng(3).random((256, 3)), rendering=replace(FLAT, palette_mode=mode))
    cells, done = play(flame, 4096)
    t = color * (256 if dialect == "flam3" else 255)
    low = min(int(t), 255)
    share = t - low if mode == "linear" and low < 255 else 0.0
    expected = (1.0 - share) * flame.palette[low] + share * flame.palette[min(low + 1, 255)]
    # the palette is read in 1024 steps: an eighth of an entry to either side, where it is interpolated
    assert cells[4, 4, :3] / done.iterations == pytest.approx(expected, abs=0.13 if mode == "linear" and 0.0 < color < 1.0 else 1e-5)


def test_a_colour_below_the_palette_is_its_last_in_ember() -> None:
    # from anywhere, a speed of -1 leads away from the colour of the xform: in the mean half of the points are beyond either end
    flame = point(view=SMALL)
    flame = replace(flame, xforms=(replace(flame.xforms[0], color=0.5, color_speed=-1.0),))
    cells, done = play(flame, 4096)
    assert cells[4, 4, 0] / done.iterations > 0.99


def test_cells_are_exact_however_full() -> None:
    cells, done = play(point(view=SMALL, color=1.0), 20_000_000, threads=2)
    assert cells[4, 4, 3] == cells[4, 4, 0] == done.iterations >= 20_000_000
    assert cells[4, 4, 1] == pytest.approx(done.iterations / 2, rel=1e-6)
    assert cells.sum() == cells[4, 4].sum()


def test_hits_outside_are_told_and_nowhere() -> None:
    cells, done = play(point(5.0, 0.0, view=SMALL), 100_000)
    assert (done.plotted, done.outside) == (0, done.iterations) and not cells.any()


def test_no_number_of_threads_changes_a_byte() -> None:
    flame = replace(design("lotus").open, rendering=replace(FLAT, estimator_radius=3.0, supersample=2, filter=0.5))
    flame = replace(flame, view=replace(flame.view, size=(90, 60), scale=flame.view.scale * 90 / flame.view.size[0], cam_dof=0.05, cam_pitch=0.4))
    pictures = [image.render(flame, quality=1500.0, seed=3, threads=threads).pixels for threads in (1, 2, 5)]
    assert pictures[0].tobytes() == pictures[1].tobytes() == pictures[2].tobytes()
    assert image.render(flame, quality=1500.0, seed=4).pixels.tobytes() != pictures[0].tobytes()


def test_moments_share_the_samples() -> None:
    left, right = (point(x, view=SMALL, color=1.0) for x in (-2.0, 2.0))
    picture = image.render([image.Moment(left), image.Moment(right, 0.5)], quality=2000.0)
    assert sorted(np.argwhere(picture.pixels[..., 0] > 0.0).tolist()) == [[4, 2], [4, 6]]
    assert picture.statistics.iterations == pytest.approx(2000 * 81, rel=0.05)


def test_cancelling_ends_it() -> None:
    with pytest.raises(native.Cancelled):
        image.render(design("lotus").open, quality=1e5, progress=lambda _: False)


def test_a_flame_that_diverges_is_told() -> None:
    away = identity()
    away[:, 3] = 1e9
    with pytest.raises(native.NativeError, match="diverges"):
        image.render(Flame((Xform((Variation("linear", 100.0),), pre=away),), view=SMALL, rendering=FLAT))


@pytest.mark.parametrize(("size", "supersample"), [((1 << 17, 10), 1), ((60_000, 60_000), 1), ((20_000, 20_000), 16), ((9, 9), 17)])
def test_pictures_that_cannot_be_are_refused(size: tuple[int, int], supersample: int) -> None:
    flame = point(view=replace(SMALL, size=size))
    with pytest.raises(native.NativeError, match=r"pixels|samples|supersample"):
        image.render(replace(flame, rendering=replace(FLAT, supersample=supersample)), quality=1e-3)


def test_memory_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    flame = point(view=replace(SMALL, size=(1000, 1000)))
    cells = 1_000_001
    monkeypatch.setattr(native, "memory_limit", lambda: cells * 40)  # the sums fit, the cells of not one thread do
    with pytest.raises(native.NativeError, match="memory"):
        image.render(flame, quality=20.0)
    monkeypatch.setattr(native, "memory_limit", lambda: cells * 50)  # one thread's cells fit
    alone = image.render(flame, quality=20.0, threads=4).pixels
    monkeypatch.undo()
    assert alone.tobytes() == image.render(flame, quality=20.0, threads=4).pixels.tobytes()


def test_every_kernel_makes_the_same_picture() -> None:
    script = """
import hashlib
from dataclasses import replace
from bloom_core.images import image
from bloom_core import native
from bloom_core.designs import design
flame = design("waterlily").open
flame = replace(flame, view=replace(flame.view, cam_dof=0.1, cam_pitch=0.3, cam_persp=0.1))
print(native.kernel_name(), hashlib.sha256(image.render(flame, quality=5.0, scale=0.2).pixels.tobytes()).hexdigest())
"""
    made = {}
    for kernel in ("v2", "v3", "v4"):
        out = subprocess.run([sys.executable, "-c", script], env=os.environ | {"BLOOM_KERNEL": kernel}, capture_output=True, text=True, check=True)
        name, digest = out.stdout.split()
        made[name] = digest
    if len(made) == 1:
        pytest.skip("this processor has one kernel only")
    assert len(set(made.values())) == 1, made
