"""The dimension of boundaries: known fractals and shapes within 0.03, an interval that holds the truth, and no number where there is none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core.trainability import dimension, dimension_plot
from bloom_core.trainability.dimension import NO_BOUNDARY, NO_PLATEAU, PLATEAU, TOO_FEW, BoxCounts, boundary, box_counts, count_boxes, fit
from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.maps import Map
from bloom_core.trainability.newton import PRESETS, newton_map
from bloom_core.trainability.views import overview
from tests.core import fractals
from tests.core.fractals import CARPET, DUST, GASKET, KOCH, SPONGE, Labels

TOLERANCE = 0.03
DEEP = 0.28210892915725705 - 0.0103266978263855j
"""A place in the Mandelbrot set's elephant valley, by a small copy of the set beside a small copy."""


def checked(counts: BoxCounts, truth: float, folder: Path) -> None:
    """Asserts that an estimate is near the truth and trusted, its interval holds the truth, and its plot can be drawn."""
    found = fit(counts)
    assert found.verdict == PLATEAU and abs(found.dimension - truth) < TOLERANCE, str(found)
    assert found.low - 0.011 <= truth <= found.high + 0.011 and found.low <= found.dimension <= found.high, str(found)
    assert f"{found.low:.2f} to {found.high:.2f}" in str(found) and f"boxes of {found.sizes[0]} to {found.sizes[-1]} pixels" in str(found)
    dimension_plot.plot_counts(counts, found, folder / "plot.png", "known")
    assert (folder / "plot.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("degrees", [0.0, 10.0, 26.565, 45.0, 73.0, 90.0])
@pytest.mark.parametrize("beside", [0.0, 40.0])
def test_a_straight_line_is_1_at_every_angle(degrees: float, beside: float, tmp_path: Path) -> None:
    counts = box_counts(fractals.half_plane(512, degrees, beside))
    checked(counts, 1.0, tmp_path)


@pytest.mark.parametrize("turned", [0.0, 0.2, 0.35])
def test_kochs_snowflake(turned: float, tmp_path: Path) -> None:
    checked(box_counts(fractals.snowflake(1024, 7, turned)), KOCH, tmp_path)


@pytest.mark.parametrize(
    ("make", "truth"),
    [
        (lambda: fractals.carpet(6), CARPET),
        (lambda: fractals.gasket(10), GASKET),
        (lambda: fractals.dust(6), DUST),
        (lambda: fractals.sponge(4), SPONGE),
    ],
    ids=["carpet", "gasket", "dust", "sponge"],
)
def test_sierpinskis_cantors_and_mengers(make: Callable[[], Labels], truth: float, tmp_path: Path) -> None:
    checked(box_counts(make()), truth, tmp_path)


def test_the_outlines_of_a_square_and_a_disc(tmp_path: Path) -> None:
    square = np.zeros((512, 512), np.uint8)
    square[100:400, 120:390] = 1
    checked(box_counts(square), 1.0, tmp_path)
    checked(box_counts((np.hypot(*(np.mgrid[:512, :512] - 255.3)) < 180).astype(np.uint8)), 1.0, tmp_path)


def test_planes_and_balls_in_a_volume(tmp_path: Path) -> None:
    z, y, x = np.mgrid[:96, :96, :96] - 48.3
    checked(box_counts((0.3 * z + 0.8 * y + 0.5 * x < 0).astype(np.uint8)), 2.0, tmp_path)
    checked(box_counts((z * z + y * y + x * x < 35.0**2).astype(np.uint8)), 2.0, tmp_path)


def test_mandelbrots_boundary_deep_inside(tmp_path: Path) -> None:
    # Its dimension is 2 (Shishikura 1998), and only views this deep show it: see docs/fractal-dimension.md.
    distance = fractals.mandelbrot_distance(DEEP, 2.9e-8, 512, 10_000)
    checked(count_boxes(distance < 1.0), 2.0, tmp_path)


def test_mandelbrots_boundary_as_a_whole_does_not_show_its_dimension() -> None:
    distance = fractals.mandelbrot_distance(-0.75 + 0j, 2.6, 512, 1000)
    found = fit(count_boxes(distance < 1.0))
    assert found.high < 1.7  # a number of this picture, with an interval of this picture: what is not shown cannot be measured


def test_newtons_cubic_is_what_others_found() -> None:
    made = newton_map(PRESETS["cubic"], overview(PRESETS["cubic"], (512, 512)))
    assert abs(fit(box_counts(made.labels)).dimension - 1.43) < 0.05  # 1.42 to 1.44 in the literature


def test_speckle_has_no_dimension() -> None:
    random = np.random.default_rng(1)
    dense = fit(box_counts((random.random((256, 256)) < 0.5).astype(np.uint8)))
    assert dense.verdict == TOO_FEW and np.isnan(dense.dimension) and not dense.trusted and "Choose more pixels" in str(dense)
    sparse = fit(box_counts((random.random((256, 256)) < 0.01).astype(np.uint8)))
    assert sparse.verdict == NO_PLATEAU and not sparse.trusted and str(sparse).startswith("no plateau: the local slopes go from")
    assert "which is no dimension" in str(sparse)


def test_lines_thrown_at_random_have_no_plateau() -> None:
    # Sparse they are 1, dense 2, and in between every number: what an under-resolved zoom looks like.
    random = np.random.default_rng(5)
    labels = np.zeros((512, 512), np.uint8)
    for degrees, beside in zip(random.uniform(0, 180, 40), random.uniform(-300, 300, 40), strict=True):
        labels ^= fractals.half_plane(512, float(degrees), float(beside))
    found = fit(box_counts(labels))
    assert not found.trusted or found.high - found.low > 0.15


def test_a_map_of_one_colour_has_no_boundary() -> None:
    found = fit(box_counts(np.ones((100, 100), np.uint8)))
    assert found.verdict == NO_BOUNDARY and np.isnan(found.dimension) and "no boundary" in str(found)


def test_a_fit_keeps_to_its_rule() -> None:
    counts = box_counts(fractals.snowflake(512, 6))
    found = fit(counts)
    assert found.sizes[0] >= dimension.SMALLEST and found.sizes[-1] <= 511 // dimension.LARGEST
    assert found.sizes[-1] / found.sizes[0] >= np.sqrt(counts.sizes[-1] / dimension.SMALLEST)
    assert np.abs(found.slopes - found.dimension).max() <= dimension.STEADY
    # A size beyond the plateau is left out however close to it.
    bent = replace(counts, shares=np.where(counts.sizes > 30, counts.shares * (counts.sizes / 30.0) ** 0.7, counts.shares))
    assert fit(bent).sizes[-1] <= 40


def test_the_counts_are_those_of_boxes_laid_out_by_hand() -> None:
    labels = fractals.snowflake(100, 3, 0.1)
    marked, counts = boundary(labels), box_counts(labels)
    assert marked.shape == (99, 99) and counts.marked == marked.sum() == sum(
        len(np.unique(labels[y : y + 2, x : x + 2])) > 1 for y in range(99) for x in range(99)
    )
    largest = int(counts.sizes[-1])
    for size, share in zip(counts.sizes.tolist(), counts.shares, strict=True):
        first = largest // 2 - size // 2
        hits = [marked[y : y + size, x : x + size].any() for y in range(first, first + 100 - largest) for x in range(first, first + 100 - largest)]
        assert share == pytest.approx(np.mean(hits))
    np.testing.assert_allclose(counts.counts, counts.shares * 99 * 99 / counts.sizes**2)


def test_the_papers_median_is_porespys() -> None:
    marked = boundary(fractals.snowflake(300, 5))
    sizes = np.unique(np.logspace(1, np.log10(299), 10).astype(int))
    counts = []
    for size in sizes:
        boxes = [marked[y : y + size, x : x + size] for y in range(0, 299, size) for x in range(0, 299, size)]
        counts.append(sum(bool(box.any()) - bool(box.all()) for box in boxes))
    expected = np.median(-np.gradient(np.log(counts), np.log(sizes)))
    assert box_counts(fractals.snowflake(300, 5)).median == pytest.approx(expected)


def test_maps_too_small_for_boxes_are_refused() -> None:
    with pytest.raises(MapError, match="13 pixels"):
        box_counts(np.zeros((12, 40), np.uint8))
    with pytest.raises(MapError, match="axes"):
        box_counts(np.zeros(100, np.uint8))


def levels(count: int = 3, side: int = 128) -> list[Map]:
    cubic = PRESETS["cubic"]
    return [newton_map(cubic, overview(cubic, (side, side)).zoomed(2**level)) for level in range(count)]


def test_a_plot_of_a_map_is_drawn_and_says_the_same(tmp_path: Path) -> None:
    (made,) = levels(1)
    for name in ("plot.png", "plot.svg"):
        found = dimension_plot.plot_dimension(made, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 10_000
    assert str(found) == str(fit(box_counts(made.labels)))
    assert (
        dimension_plot.plot_dimension(made, tmp_path / "again.svg") and (tmp_path / "again.svg").read_bytes() == (tmp_path / "plot.svg").read_bytes()
    )


def test_each_level_of_a_zoom_has_its_own_fit(tmp_path: Path) -> None:
    maps = levels()
    fits = dimension_plot.plot_levels(maps, tmp_path / "levels.png")
    assert [str(found) for found in fits] == [str(found) for _, found in dimension.dimensions(maps)] and len(fits) == 3
    none = replace(maps[0], labels=np.zeros_like(maps[0].labels))
    assert np.isnan(dimension_plot.plot_levels([none, maps[1]], tmp_path / "levels.png")[0].dimension)
    assert dimension_plot.plot_levels([none], tmp_path / "none.png")[0].verdict == NO_BOUNDARY
    assert dimension_plot.plot_dimension(none, tmp_path / "nothing.png").verdict == NO_BOUNDARY


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    (made,) = levels(1)
    with pytest.raises(MapError, match=r"\.png, \.svg, \.pdf"):
        dimension_plot.plot_dimension(made, tmp_path / "plot.jpeg")
    with pytest.raises(MapError, match="cannot be written"):
        dimension_plot.plot_dimension(made, tmp_path / "nowhere" / "plot.png")
    with pytest.raises(MapError, match="no levels"):
        dimension_plot.plot_levels([], tmp_path / "plot.png")


def test_without_matplotlib_it_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import numpy as np\n"
        "from bloom_core.trainability import dimension, dimension_plot, experiment\n"
        "counts = dimension.box_counts(np.tri(60, dtype=np.uint8))\n"
        "try: dimension_plot.plot_counts(counts, dimension.fit(counts), 'plot.png', 'x')\n"
        "except experiment.MapError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "pip install 'bloom-core[plot]'" in told
