"""Precision by zoom, and the two engines against each other: alike pixel for pixel where the precision suffices."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.making import make_map
from bloom_core.trainability.maps import Map
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.outcomes import COLUMNS
from bloom_core.trainability.places import along
from bloom_core.trainability.precision import check_precision, precision_for, suffices
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import View, overview

pytest.importorskip("torch")
from bloom_core.trainability.torch_engine import TorchEngine

NATIVE, TORCH = NativeEngine(1), TorchEngine(threads=1)
SMALL = {"width": 6, "steps": 60}


def deep(pitch: str, size: int = 12, center: tuple[str, str] = ("0.31", "1.97")) -> View:
    span = Fraction(pitch) * size
    return View((Fraction(center[0]), Fraction(center[1])), (span, span), (size, size))


def test_the_pitch_chooses_the_precision() -> None:
    for pitch, precision in (("1e-5", "float"), ("9e-6", "double"), ("1e-13", "double"), ("9e-14", "double-double"), ("1e-26", "double-double")):
        assert precision_for(deep(pitch)) == precision and suffices(precision, deep(pitch))
    assert not suffices("float", deep("9e-6"))
    assert precision_for(overview(PRESETS["reference"], (4096, 4096))) == "float"
    with pytest.raises(MapError, match="Zoom out"):
        precision_for(deep("1e-30"))


def test_an_engine_without_the_precision_says_so() -> None:
    with pytest.raises(MapError, match="PyTorch cpu has float and double, and this view needs double-double"):
        make_map(PRESETS["preview"], deep("1e-20"), engine=TORCH)
    with pytest.raises(MapError, match="float, double, double-double"):
        check_precision(NATIVE, "quadruple")


def test_neighbours_differ_at_1e_20_decades() -> None:
    experiment = replace(PRESETS["preview"], **SMALL)
    view = deep("1e-20", 5)
    values = along(experiment, view, 0)
    assert len(set(values[:, 0])) == 1 and len(set(values[:, 1])) == 5  # doubles are one and the same; what they lack differs
    exact = [Fraction(high) + Fraction(low) for high, low in values.tolist()]
    steps = np.array([float((b - a) / exact[0]) for a, b in pairwise(exact)])
    np.testing.assert_allclose(steps, np.log(10) * 1e-20, rtol=1e-9)


def test_double_double_tells_pixels_apart_where_double_cannot() -> None:
    """In chaotic training, what begins 1e-20 apart ends far apart, if the arithmetic knows that it began apart at all."""
    experiment = replace(PRESETS["preview"], steps=400)
    view = deep("1e-20", 4, ("4.3", "0.5"))
    total = {}
    for precision in ("double", "double-double"):
        made = make_map(experiment, view, engine=NATIVE, precision=precision)
        assert made.outcomes is not None
        total[precision] = made.outcomes[..., COLUMNS.index("final")]
    assert len(np.unique(total["double"])) == 1 and len(np.unique(total["double-double"])) == 16
    assert make_map(experiment, view, engine=NATIVE).made.precision == "double-double"


@pytest.mark.parametrize("name", ["preview", "relu", "identity", "minibatch", "single", "offset", "momentum", "adam"])
def test_the_engines_agree_where_the_precision_suffices(name: str) -> None:
    experiment = replace(PRESETS[name], **SMALL)
    view = overview(experiment, (24, 24))
    native = {precision: make_map(experiment, view, engine=NATIVE, precision=precision) for precision in ("float", "double", "double-double")}
    torch = {precision: make_map(experiment, view, engine=TORCH, precision=precision) for precision in ("float", "double")}
    for precision, next_one in (("float", "double"), ("double", "double-double")):
        # Where a training is chaotic, the last digit decides and not the hyperparameters: then the next precision has another outcome, if not always
        # another label. In double none of these maps has such a pixel at its edge; in float some do.
        same = native[precision].labels == native[next_one].labels
        settled = same & same_outcome(native[precision], native[next_one], 1e-3)
        differ = torch[precision].labels != native[precision].labels
        assert same.mean() > 0.98 and settled.mean() > 0.75
        assert not differ[same if precision == "double" else settled].any() and differ.mean() <= 0.015
        assert same_outcome(torch[precision], native[precision], 1e-2)[settled].mean() > 0.96


def same_outcome(a: Map, b: Map, tolerance: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    assert a.outcomes is not None and b.outcomes is not None
    close: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = np.isclose(a.outcomes[..., :5], b.outcomes[..., :5], rtol=tolerance).all(axis=-1)
    return close


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_the_engines_measure_the_same_sensitivity(optimizer: str) -> None:
    rates = {"x": replace(Experiment().x, low=1e-2, high=1e2), "y": replace(Experiment().y, low=1e-2, high=1e1)}
    experiment = replace(PRESETS["preview"], **SMALL, optimizer=optimizer, sensitivity=True, **rates)  # type: ignore[arg-type]
    view = overview(experiment, (10, 10))
    made = [make_map(experiment, view, engine=engine, precision="double") for engine in (NATIVE, TORCH)]
    exponents = [found.outcomes[..., COLUMNS.index("sensitivity")] for found in made if found.outcomes is not None]
    settled = same_outcome(made[0], made[1], 1e-6)
    assert settled.mean() > 0.5 and np.ptp(exponents[0]) > 0.01
    np.testing.assert_allclose(exponents[0][settled], exponents[1][settled], atol=2e-3)
