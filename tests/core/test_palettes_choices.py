"""The palettes to choose from: reproducible, different, safe, and never mud; and the sheet that shows them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import designs, palettes
from bloom_core.palettes import Ramp, candidates, chosen, to_oklab
from bloom_core.palettes.choices import MAX_COUNT
from bloom_core.palettes.moods import MONOCHROMES, MOODS, SAFE_PATHS, glazed
from bloom_core.palettes.safe import DICHROMACIES, DISTINCT, least_distance, safe_ramp, seen
from bloom_core.palettes.words import LIGHT, LIGHTER
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.trajectory import Trajectory

MakeRun = Callable[..., Trajectory]
LOTUS = designs.design("lotus").open.palette


@pytest.fixture(scope="module")
def digits() -> Trajectory:
    return trajectory.read_run(trajectory.embedded_run("digits"))


def states(run: Trajectory, frames: int = 24) -> NDArray[np.float64]:
    return np.linspace(0.0, len(run.steps), frames)


def check(ramp: Ramp, frames: int, start: int) -> None:
    assert ramp.positions[0] == 0.0 and ramp.positions[-1] == 1.0 and (np.diff(ramp.positions) > 0).all() and 2 <= len(ramp.positions) <= 32
    assert ramp.frames[0] == start and ramp.frames[-1] == start + frames - 1 and (np.diff(ramp.frames) > 0).all() and len(ramp.frames) <= 26
    assert ramp.colors.shape == (len(ramp.frames), len(ramp.positions), 3)
    assert np.isfinite(ramp.colors).all() and ramp.colors.min() >= 0.0 and ramp.colors.max() <= 1.0
    assert ramp.base is None or (np.isfinite(ramp.base).all() and ramp.base.min() >= 0.0 and ramp.base.max() <= 1.0)


def test_each_name_once_then_variations(digits: Trajectory) -> None:
    found = candidates(digits, LOTUS, states(digits), 20, 0, frame_start=7)
    names = [candidate.name for candidate in found]
    assert names[: len(palettes.names())] == list(palettes.names()) and names[0] == "design" and len(set(names)) == 20 and "drift 2" in names
    for candidate in found:
        check(candidate.ramp, 24, 7)
        assert candidate.method in palettes.methods() and 20 < len(candidate.explanation) < 120
    np.testing.assert_array_equal(found[0].ramp.colors, palettes.ramp(digits, LOTUS, states(digits), 7).colors)
    ends = [to_oklab(candidate.ramp.palette(LOTUS if candidate.ramp.base is None else candidate.ramp.base, 30)) for candidate in found]
    apart = [np.linalg.norm(a - b, axis=1).mean() for number, a in enumerate(ends) for b in ends[:number]]
    assert min(apart) > 0.02  # no two alike


def test_the_same_seed_gives_the_same(digits: Trajectory) -> None:
    first, again, other = (candidates(digits, LOTUS, states(digits), 14, seed) for seed in (5, 5, 6))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.ramp.colors, b.ramp.colors)
        np.testing.assert_array_equal(chosen(digits, LOTUS, states(digits), 1, a.name, 5).colors, a.ramp.colors)
        assert a.parameters == b.parameters and a.parameters["seed number"] == 5
    for name in ("drift", "sentence", "strata", "embers", "moon", "drift 2"):
        one, two = (next((c for c in found if c.name == name), None) for found in (first, other))
        if one is not None and two is not None:
            assert one.ramp.colors.shape != two.ramp.colors.shape or np.abs(one.ramp.colors - two.ramp.colors).max() > 1e-3, name


def test_candidates_by_method(digits: Trajectory) -> None:
    for method in palettes.methods():
        found = candidates(digits, LOTUS, states(digits), 5, 1, method=method)
        assert found and {candidate.method for candidate in found} == {method}
    with pytest.raises(ValueError, match="choose one of"):
        candidates(digits, LOTUS, states(digits), 5, 1, method="magic")
    for count in (0, MAX_COUNT + 1):
        with pytest.raises(ValueError, match="choose 1"):
            candidates(digits, LOTUS, states(digits), count, 1)


@pytest.mark.parametrize("name", ["Drift", "design 2", "beacon 2", "drift 0", "drift 1", "drift 02", "drift 1000", "", "drift\n", "embers ٢"])
def test_unknown_names_are_told(digits: Trajectory, name: str) -> None:
    with pytest.raises(RunError, match="Choose one of: design, drift"):
        chosen(digits, LOTUS, states(digits), 1, name, 0)


def test_every_palette_of_hostile_runs(make_run: MakeRun) -> None:
    base = make_run(words=3)
    words = base.embeddings
    assert words is not None
    rest = np.repeat(words.values[:1], 7, axis=0)
    wild = words.values.copy()
    wild[2, 1, :3] = [np.nan, np.inf, -3e38]
    still = np.zeros_like(base.update_norm)
    broken = base.update_norm.copy()
    broken[5] = np.nan
    runs = [
        replace(base, embeddings=replace(words, values=rest)),  # words that never move
        replace(base, embeddings=replace(words, values=wild)),
        replace(base, embeddings=replace(words, values=words.values[:1], steps=words.steps[:1], epochs=words.epochs[:1])),  # one epoch
        replace(base, embeddings=None, update_norm=still),  # nothing moves at all
        replace(base, embeddings=None, update_norm=broken),
        make_run(steps=1, words=0),
        make_run(steps=1, layers=1, words=0),
    ]
    for run in runs:
        for candidate in candidates(run, LOTUS, states(run, 9), 14, 2):
            check(candidate.ramp, 9, 1)
    for candidate in candidates(runs[0], LOTUS, states(runs[0], 2), 14, 2):
        check(candidate.ramp, 2, 1)
    for palette in (np.ones((256, 3)), np.zeros((256, 3)), np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])):
        for candidate in candidates(base, palette, states(base), 14, 2):
            check(candidate.ramp, 24, 1)


def test_white_stays_white_and_nothing_is_mud(digits: Trajectory) -> None:
    white = LOTUS.copy()
    white[-40:] = 1.0
    for name in (*MOODS, *MONOCHROMES, "drift", "strata"):
        ramp = chosen(digits, white, states(digits), 1, name, 0)
        assert ramp.base is not None
        lab = to_oklab(ramp.base)
        least = 0.93 if name in (*MOODS, *MONOCHROMES) else LIGHT[1] - LIGHTER - 0.02  # words may dim it by so much
        assert lab[-30:, 0].min() > least, name
        assert lab[:, 0].min() > 0.2, name  # and no black
    for anchors in (*MOODS.values(), *MONOCHROMES.values(), *SAFE_PATHS.values()):
        assert (np.diff(to_oklab(anchors)[:, 0]) > 0.05).all()
        np.testing.assert_allclose(glazed(np.ones((9, 3)), anchors)[[0, -1]], anchors[[0, -1]], atol=2e-3)  # a palette of one lightness


def test_monochromes_keep_one_hue(digits: Trajectory) -> None:
    for name in MONOCHROMES:
        lab = to_oklab(chosen(digits, LOTUS, states(digits), 1, name, 0).colors.reshape(-1, 3))
        colored = lab[np.hypot(lab[:, 1], lab[:, 2]) > 0.02]
        hue = np.arctan2(colored[:, 2], colored[:, 1])
        turned = np.angle(np.exp(1j * (hue - np.angle(np.exp(1j * hue).mean()))))
        assert len(colored) > 100 and np.abs(turned).max() < 0.5


def test_simulated_dichromacy() -> None:
    greys = np.repeat(np.linspace(0.05, 1.0, 9)[:, None], 3, axis=1)
    red, green = np.array([[0.8, 0.3, 0.2]]), np.array([[0.45, 0.45, 0.2]])
    for name, matrix in DICHROMACIES.items():
        np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-5)
        np.testing.assert_allclose(seen(greys, name), greys, atol=1e-4)  # grey looks grey to everybody
    before = np.linalg.norm((to_oklab(red) - to_oklab(green))[:, 1:])
    for name in ("protanopia", "deuteranopia"):
        assert np.linalg.norm((to_oklab(seen(red, name)) - to_oklab(seen(green, name)))[:, 1:]) < 0.4 * before
    assert np.linalg.norm((to_oklab(seen(red, "tritanopia")) - to_oklab(seen(green, "tritanopia")))[:, 1:]) > 0.8 * before


def test_safe_palettes_can_be_told_apart(digits: Trajectory, make_run: MakeRun) -> None:
    for run in (digits, make_run(words=0), make_run(words=40)):
        for palette in (LOTUS, LOTUS[::-1]):
            for name in SAFE_PATHS:
                ramp = chosen(run, palette, states(run, 60), 1, name, 0)
                assert least_distance(ramp.colors) >= DISTINCT
                light = to_oklab(ramp.colors.reshape(-1, 3))[:, 0].reshape(ramp.colors.shape[:2])
                assert (np.diff(light, axis=1) * (1.0 if palette is LOTUS else -1.0) > 0.0).all()
    rng = np.random.default_rng(0)
    one_by_one = np.where(np.eye(32) > 0.0, 1.0, -1.0)[:, :, None] * np.ones(3)
    for anchors in SAFE_PATHS.values():  # the hardest that words can do
        for movement in (np.sign(rng.normal(size=(40, 32, 3))), one_by_one):
            assert least_distance(safe_ramp(anchors, movement, np.arange(len(movement)), rising=True).colors) >= DISTINCT


def bloom(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "bloom_core.cli", *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=300)


def test_the_command_draws_a_sheet(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="sheets of palettes are drawn with matplotlib")
    run = trajectory.embedded_run("digits")
    done = bloom(tmp_path, "palettes", run, "-o", "sheet.png", "--count", "2", "--design", "peony", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["design", "drift"]
    from matplotlib.image import imread

    picture = imread(tmp_path / "sheet.png")[:, :, :3]
    assert picture.shape[0] > 300 and picture.shape[1] > 600
    assert len(np.unique(np.round(picture.reshape(-1, 3) * 255), axis=0)) > 2000  # ramps and flowers are in it
    assert [entry.name for entry in tmp_path.iterdir()] == ["sheet.png"]
    again = bloom(tmp_path, "palettes", run, "-o", "again.png", "--count", "2", "--design", "peony", "--seed", "3")
    assert again.returncode == 0 and (tmp_path / "again.png").read_bytes() == (tmp_path / "sheet.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--count", "0"], 2, "whole number from 1"),
        (["--method", "magic"], 2, "invalid choice"),
        (["--design", "buttercup"], 1, "buttercup"),
        (["-o", "sheet.jpg"], 1, ".png"),
    ],
)
def test_the_command_tells_what_is_wrong(tmp_path: Path, arguments: list[str], status: int, told: str) -> None:
    done = bloom(tmp_path, "palettes", trajectory.embedded_run("digits"), "-o", "sheet.png", *arguments)
    assert done.returncode == status and told in done.stderr and "Traceback" not in done.stderr and not list(tmp_path.iterdir())


def test_without_matplotlib_the_command_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from bloom_core import cli

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert cli.main(["palettes", str(trajectory.embedded_run("digits")), "-o", str(tmp_path / "sheet.png"), "--count", "1"]) == 1
    assert "pip install matplotlib" in capsys.readouterr().err
