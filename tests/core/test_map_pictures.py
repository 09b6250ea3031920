"""Pictures of maps: what stands around them and in their files, and that the picture within is the map."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bloom_core.palettes import srgb_to_linear
from bloom_core.trainability import coloring, map_labels, map_pictures
from bloom_core.trainability.experiment import Axis, Experiment, MapError
from bloom_core.trainability.map_files import described
from bloom_core.trainability.maps import Making, Map
from bloom_core.trainability.newton import PRESETS, newton_map
from bloom_core.trainability.outcomes import COLUMNS
from bloom_core.trainability.views import View, overview

MADE = Making("native v4", "double", 3.0, 100)
RATE = Axis("input_rate", 1e-3, 1e6)


@pytest.fixture
def found() -> Map:
    random = np.random.RandomState(0)
    score = random.standard_normal((40, 64))
    outcomes = random.standard_normal((40, 64, len(COLUMNS)))
    experiment = Experiment()
    return Map(experiment, overview(experiment, (64, 40)), (score < 0).astype(np.uint8), score, outcomes, MADE)


def read_png(path: Path) -> tuple[np.ndarray, dict[str, str]]:
    """Reads an 8-bit RGB PNG whose rows are all stored as differences to the one above, and its texts."""
    data, at, texts, packed = path.read_bytes(), 8, {}, b""
    size = struct.unpack(">II", data[16:24])
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"tEXt":
            name, _, text = body.partition(b"\0")
            texts[name.decode("latin-1")] = text.decode("latin-1")
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(size[1], 1 + 3 * size[0])
    assert (rows[:, 0] == 2).all()
    return np.cumsum(rows[:, 1:].reshape(size[1], size[0], 3), axis=0, dtype=np.uint8), texts


def test_a_plain_png_is_the_map_upside_down_with_its_configuration(found: Map, tmp_path: Path) -> None:
    map_pictures.write(found, tmp_path / "map.png", "safe", plain=True)
    pixels, texts = read_png(tmp_path / "map.png")
    np.testing.assert_array_equal(pixels, (coloring.colors(found, "safe")[::-1] * np.float32(255)).astype(np.uint8))
    told = json.loads(texts["Bloom map"])
    assert told["colors"] == "safe" and told["made"] == {"engine": "native v4", "precision": "double", "seconds": 3.0, "steps_played": 100}
    assert {name: told[name] for name in described(found)} == json.loads(json.dumps(described(found)))
    assert told["view"] == {"center": ["3/2", "3/2"], "span": ["9", "9"], "size": [64, 40]}


def test_the_frame_is_around_the_map_and_not_on_it(found: Map, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the frame is drawn with the extra plot")
    map_pictures.write(found, tmp_path / "map.png")
    pixels, _ = read_png(tmp_path / "map.png")
    inner = np.repeat(np.repeat((coloring.colors(found)[::-1] * np.float32(255)).astype(np.uint8), 8, axis=0), 8, axis=1)
    height, width = inner.shape[:2]
    assert width == 512 and pixels.shape[0] % 2 == pixels.shape[1] % 2 == 0
    places = [
        (row, column)
        for row in range(pixels.shape[0] - height + 1)
        for column in range(60, pixels.shape[1] - width + 1)
        if (pixels[row, column] == inner[0, 0]).all() and np.array_equal(pixels[row : row + height, column : column + width], inner)
    ]
    assert len(places) == 1
    row, column = places[0]
    for part in (pixels[:row], pixels[row:, :column], pixels[row + height :]):  # title, y axis, x axis with key and facts
        assert (part.max(axis=2) > 150).mean() > 0.003, "nothing is written there"
    assert not pixels[0].any() and not pixels[-1].any() and not pixels[:, 0].any() and not pixels[:, -1].any()  # nothing is cut off


def test_the_frame_says_it_needs_matplotlib_and_plain_does_not(found: Map, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MapError, match=r"pip install 'bloom-core\[plot\]'.*--plain"):
        map_pictures.picture(found)
    assert map_pictures.picture(found, plain=True).shape == (40, 64, 4)


def test_an_exr_has_the_numbers_as_channels(found: Map, tmp_path: Path) -> None:
    OpenEXR = pytest.importorskip("OpenEXR", reason="the extra images is not installed")
    map_pictures.write(found, tmp_path / "map.exr", "bloom")
    with OpenEXR.File(str(tmp_path / "map.exr")) as file:
        channels, header = file.channels(), file.header()
        assert set(channels) == {"RGB", "score.V", "label.V", "sensitivity.V"}
        np.testing.assert_array_equal(channels["score.V"].pixels, found.score[::-1].astype(np.float32))
        np.testing.assert_array_equal(channels["label.V"].pixels, found.labels[::-1])
        np.testing.assert_array_equal(channels["sensitivity.V"].pixels, found.outcomes[::-1, :, 7].astype(np.float32))
        light = srgb_to_linear(coloring.colors(found, "bloom")[::-1].astype(np.float64))
        np.testing.assert_allclose(channels["RGB"].pixels, light, atol=1e-3)
        assert json.loads(header["Bloom map"])["colors"] == "bloom"


def test_words_name_everything_that_a_picture_must_not_be_without(found: Map) -> None:
    facts = [" ".join(fact) for fact in map_pictures.words(found, "spectral", "score").facts]
    assert facts == [
        f"64 × 40 networks width 16, 272 points 500 steps {100 * found.labels.mean():.1f} % converge",
        "centre 10^1.5, 10^1.5 across 9 decades",
        "double precision native v4 colour: Σ loss (of those that fail Σ 1/loss), by rank colour map spectral",
    ]
    several = Experiment(optimizer="adam", batch_size=16, seeds="pixel", points=1, score="final")
    said = " ".join(map_labels.what(replace(found, subject=several)) + map_labels.how(replace(found, subject=several), "safe", "score"))
    for words in ("1 point ", "500 steps of Adam of 16 points", "its own data and weights", "colour: last loss", "colour map safe"):
        assert words in said + " "
    assert map_labels.how(found, "spectral", "sensitivity")[-1] == "colour: Lyapunov exponent"


@pytest.mark.parametrize(
    ("center", "span", "title", "ticks"),
    [
        ("1.5", "9", "learning rate of the input layer", ["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹", "10²", "10³", "10⁴", "10⁵", "10⁶"]),
        ("0.2", "1", "learning rate of the input layer", ["1", "2", "5"]),
        ("0.5", "0.1", "learning rate of the input layer", ["3", "3.2", "3.4"]),
        ("0.123456789", "0.0000004", "learning rate of the input layer, from the centre in 10⁻⁷ decades", ["−2", "−1", "0", "+1", "+2"]),
    ],
)  # fmt: skip
def test_ticks_are_readable_at_every_depth(center: str, span: str, title: str, ticks: list[str]) -> None:
    labels = map_labels.axis_labels(RATE, Fraction(center), Fraction(span))
    assert labels.title == title
    assert [text for _, text in labels.ticks] == ticks
    for share, text in labels.ticks:
        assert 0.0 <= share <= 1.0
        place = float(Fraction(center) + (Fraction(share).limit_denominator(10**6) - Fraction(1, 2)) * Fraction(span))
        if "⁰" not in text and "¹" not in text and "⁻" not in text and "centre" not in title and "10" not in text:
            assert 10**place == pytest.approx(float(text), rel=1e-5)


@pytest.mark.parametrize("span", [10.0**-exponent for exponent in range(28)] + [7.3, 0.37, 0.0021, 0.0019, 13.0])
def test_every_depth_has_some_ticks_and_not_too_many(span: float) -> None:
    linear = Axis("real", -2.0, 2.0, logarithmic=False)
    for axis, center in ((RATE, Fraction("0.7071067811865")), (linear, Fraction("-0.7436")), (linear, Fraction(0))):
        labels = map_labels.axis_labels(axis, center, Fraction(span))
        assert 2 <= len(labels.ticks) <= 14, labels
        assert len({text for _, text in labels.ticks}) == len(labels.ticks), labels
        assert all(-1e-9 <= share <= 1 + 1e-9 for share, _ in labels.ticks) and max(len(text) for _, text in labels.ticks) <= 10, labels


def test_a_deep_zoom_is_told_with_enough_digits(found: Map) -> None:
    center = (Fraction("0.12345678901234567890123"), Fraction("-3"))
    deep = replace(found, view=View(center, (Fraction(9, 2**60), Fraction(9, 2**60)), (64, 40)))
    where, across = map_labels.where(deep)
    assert where == "centre 10^0.123456789012345678901, 10^-3" and across == "across 7.81 × 10⁻¹⁸ decades"
    assert abs(Fraction(where.split("^")[1].split(",")[0]) - center[0]) < deep.view.span[0] / 64 / 100


def test_a_map_of_three_axes_is_cut_in_the_middle(tmp_path: Path) -> None:
    newton = PRESETS["cubic-volume"]
    cube = newton_map(newton, overview(newton, (12, 10, 5)))
    shown = map_pictures.picture(cube, plain=True)
    flat, words = map_labels.middle_slice(cube)
    np.testing.assert_array_equal(shown[..., :3], coloring.colors(flat)[::-1])
    assert words == "relaxation 1.15" and flat.labels.shape == (10, 12)
    np.testing.assert_array_equal(flat.labels, cube.labels[2])


def test_a_newton_map_says_what_it_is() -> None:
    newton = PRESETS["cubic"]
    root = newton_map(newton, overview(newton, (16, 16)))
    said = map_pictures.words(root, "spectral", "score")
    assert said.title == "z³ − 1" and said.facts[0][0] == "16 × 16 starts" and said.axes[1].title == "imaginary part of the start"
    assert json.loads(map_pictures.described(root, "spectral", "score"))["subject"]["newton"]["coefficients"][-1] == [-1.0, 0.0]
