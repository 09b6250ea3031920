"""Files of maps: what is written is read, and whatever else a file may hold ends in a MapError."""

from __future__ import annotations

import io
import json
import os
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core.trainability.costs import scattered
from bloom_core.trainability.experiment import Axis, Experiment, MapError
from bloom_core.trainability.making import Work, make_map, train_places
from bloom_core.trainability.map_files import example_map, example_maps, read_map, write_map
from bloom_core.trainability.maps import Map
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.newton import PRESETS as NEWTONS
from bloom_core.trainability.newton import newton_map
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.scores import labels_of
from bloom_core.trainability.views import overview

EXPERIMENT = replace(PRESETS["preview"], width=4, steps=30)
MAP = make_map(EXPERIMENT, overview(EXPERIMENT, (7, 5)), engine=NativeEngine(1))
DEEP = make_map(EXPERIMENT, overview(EXPERIMENT, (4, 3)).zoomed(Fraction(3**50), (Fraction(1, 7), Fraction(2, 3))), engine=NativeEngine(1))


def same(a: Map, b: Map) -> bool:
    arrays = [(a.labels, b.labels), (a.score, b.score), (a.outcomes, b.outcomes)]
    told = (a.subject, a.view, a.made) == (b.subject, b.view, b.made)
    return told and all((x is None and y is None) or (x is not None and y is not None and x.tobytes() == y.tobytes()) for x, y in arrays)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    cube = replace(EXPERIMENT, z=Axis("init_scale", 0.1, 10.0))
    made = make_map(cube, overview(cube, (4, 3, 2)), engine=NativeEngine(1))
    for found in (MAP, DEEP, made, replace(MAP, outcomes=None)):
        write_map(tmp_path / "a.bloommap", found)
        assert same(read_map(tmp_path / "a.bloommap"), found)
    assert DEEP.made.precision == "double-double"


@pytest.mark.parametrize("name", ["cubic", "quintic", "cubic-volume"])
def test_newton_fractals_are_maps_too(name: str, tmp_path: Path) -> None:
    newton = NEWTONS[name]
    found = newton_map(newton, overview(newton, (6, 5, 4)[: len(newton.axes)]))  # type: ignore[arg-type]
    write_map(tmp_path / "n.bloommap", found)
    read = read_map(tmp_path / "n.bloommap")
    assert same(read, found) and read.subject == newton


def test_the_same_map_gives_the_same_bytes(tmp_path: Path) -> None:
    write_map(tmp_path / "a.bloommap", MAP)
    write_map(tmp_path / "b.bloommap", MAP)
    assert (tmp_path / "a.bloommap").read_bytes() == (tmp_path / "b.bloommap").read_bytes()


def test_a_small_file_keeps_labels_and_order(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, (700, 900)).astype(np.uint8)
    score = random.lognormal(3, 2, (700, 900)) * np.where(labels == 1, -1.0, 1.0)
    found = Map(EXPERIMENT, overview(EXPERIMENT, (900, 700)), labels, score, None, MAP.made)
    write_map(tmp_path / "a.bloommap", found, small=True)
    read = read_map(tmp_path / "a.bloommap")
    assert (read.labels == labels).all() and ((read.score < 0) == (labels == 1)).all() and 400 < len(np.unique(read.score)) <= 512
    order = np.argsort(score, axis=None)
    assert (np.diff(read.score.ravel()[order]) >= 0).all()
    ranks = np.abs(np.searchsorted(np.sort(score, axis=None), read.score) - np.argsort(order).reshape(score.shape))
    assert ranks.max() < score.size / 256


def test_examples_come_along() -> None:
    assert example_maps() == ("cube", "reference")
    for name in example_maps():
        found = example_map(name)
        assert found.subject == PRESETS[name] and found.made.engine.startswith("native") and 0.2 < found.labels.mean() < 0.8
        assert found.view == overview(PRESETS[name], found.view.size)
        assert ((found.score < 0) == (found.labels == 1)).all()
    assert example_map("reference").view.size == (256, 256) and min(example_map("cube").view.size) >= 64
    folder = Path(__file__).parents[2] / "core" / "bloom_core" / "trainability" / "examples"
    assert all(path.stat().st_size <= 400_000 for path in folder.iterdir())
    with pytest.raises(MapError, match="cube, reference"):
        example_map("../presets")


def test_the_examples_are_what_the_engine_makes() -> None:
    """But for single chaotic pixels, should the engine ever round otherwise."""
    for name in example_maps():
        found = example_map(name)
        places = scattered(found.view, 200)
        made = labels_of(train_places(Work(PRESETS[name], found.view, found.made.precision), places, NativeEngine(1)).outcomes)
        assert (made == found.labels[tuple(np.array(places)[:, ::-1].T)]).mean() >= 0.97


@pytest.fixture
def members(tmp_path: Path) -> dict[str, bytes]:
    write_map(tmp_path / "whole.bloommap", MAP)
    with zipfile.ZipFile(tmp_path / "whole.bloommap") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def npy(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def objects() -> bytes:
    """An npy of pickled objects that would tell if it was read."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|O", "fortran_order": False, "shape": (5, 7)})
    return buffer.getvalue() + pickle.dumps(Boom())


class Boom:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, ("unpickled",)


def header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": kind, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


ARRAYS = [
    ("labels.npy", npy(np.zeros((5, 8), np.uint8)), "should be"),
    ("labels.npy", npy(np.zeros((5, 7), np.int32)), "should be|claims"),
    ("labels.npy", npy(np.full((5, 7), 3, np.uint8)), "not 0 and 1"),
    ("labels.npy", b"", "damaged npy header"),
    ("score.npy", objects(), "plain numbers only"),
    ("score.npy", npy(np.full((5, 7), np.nan)), "not finite"),
    ("score.npy", npy(np.full((5, 7), -np.inf, np.float32)), "not finite"),
    ("score.npy", npy(np.zeros((5, 7), np.float16)), "should be"),
    ("score.npy", npy(np.zeros(35)), "should be"),
    ("score.npy", header((10**9, 10**9)), "follow"),
    ("score.npy", header((5, 7)), "follow"),
    ("score.npy", npy(np.zeros((700, 700))), "too many for"),
    ("outcomes.npy", npy(np.zeros((5, 7, 7))), "should be"),
    ("outcomes.npy", npy(np.zeros((5, 7))), "should be"),
]


@pytest.mark.parametrize(("name", "data", "message"), ARRAYS)
def test_arrays_that_are_wrong(
    name: str, data: bytes, message: str, members: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MapError, match=message) as error:
        read_map(packed(tmp_path / "bad.bloommap", members | {name: data}))
    assert "bad.bloommap" in str(error.value) and not (tmp_path / "unpickled").exists()


TOLD: list[tuple[list[str], object, str]] = [
    (["format"], "bloom-run", "no map"),
    (["version"], 2, "newer Bloom"),
    (["subject"], None, "a map of"),
    (["subject"], {"experiment": {}, "newton": {}}, "a map of"),
    (["subject"], {"experiment": {"width": 10**9}}, "width is 1000000000"),
    (["subject"], {"experiment": 5}, "does not describe"),
    (["subject"], {"newton": {"coefficients": []}}, "coefficients"),
    (["subject", "experiment", "x"], {"parameter": "rate", "low": 1e400, "high": 2}, "JSON|x.low"),
    (["subject", "experiment", "z"], {"parameter": "init_scale", "low": 1, "high": 2, "logarithmic": True}, "axes"),
    (["view"], [], "view"),
    (["view", "size"], [7, 5.0], "whole numbers of pixels"),
    (["view", "size"], [7, float("nan")], "JSON"),
    (["view", "size"], [2**40, 5], "whole numbers of pixels"),
    (["view", "size"], [True, 5], "whole numbers of pixels"),
    (["view", "size"], [7], "two or three"),
    (["view", "size"], [70_000, 50_000], "should be|follow"),
    (["view", "span"], ["1/0", "1"], "fractions"),
    (["view", "span"], ["0", "1"], "more than a point"),
    (["view", "span"], ["1" * 3000, "1"], "fractions"),
    (["view", "span"], ["1" * 100, "1"], "too large"),
    (["view", "center"], [1.5, 2], "fractions"),
    (["view", "center"], ["1e5", "2"], "fractions"),
    (["view", "center"], ["0", "0", "0"], "two axes or three"),
    (["made"], None, "how it was made"),
    (["made", "precision"], "quadruple", "precision"),
    (["made", "engine"], "x\n" * 3, "engine"),
    (["made", "seconds"], "long", "seconds"),
    (["made", "steps_played"], -1, "steps_played"),
]


@pytest.mark.parametrize(("keys", "value", "message"), TOLD)
def test_descriptions_that_are_wrong(keys: list[str], value: object, message: str, members: dict[str, bytes], tmp_path: Path) -> None:
    told = json.loads(members["map.json"])
    at = told
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    with pytest.raises(MapError, match=message) as error:
        read_map(packed(tmp_path / "bad.bloommap", members | {"map.json": json.dumps(told).encode()}))
    assert "bad.bloommap" in str(error.value)


def test_archives_that_are_wrong(members: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "bad.bloommap"
    for missing in ("map.json", "labels.npy", "score.npy"):
        with pytest.raises(MapError, match=r"holds no|lacks"):
            read_map(packed(path, {name: data for name, data in members.items() if name != missing}))
    for name in ("../escape.npy", "/etc/passwd", "a\\b.npy", "c:evil.npy"):
        with pytest.raises(MapError, match="leads out"):
            read_map(packed(path, members | {name: b"x"}))
    assert same(read_map(packed(path, members | {"notes.txt": b"what is not known is left alone"})), MAP)
    with pytest.raises(MapError, match=r"map\.json"):
        read_map(packed(path, members | {"map.json": b" " * (2 << 20)}))
    with pytest.raises(MapError, match=r"map\.json"):
        read_map(packed(path, members | {"map.json": b"[" * 100_000}))
    for data in (b"", b"PK", b"no zip at all", b"PK\x05\x06" + b"\xff" * 18):
        path.write_bytes(data)
        with pytest.raises(MapError, match=r"not a zip|damaged|zip64|claims"):
            read_map(path)
    with pytest.raises(MapError, match="cannot be opened"):
        read_map(tmp_path / "none.bloommap")
    with pytest.raises(MapError, match="cannot be opened"):
        read_map(tmp_path)
    with pytest.raises(MapError, match="cannot be written"):
        write_map(tmp_path / "no" / "where.bloommap", MAP)


def test_a_bomb_takes_no_memory(members: dict[str, bytes], tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.bloommap", members | {"score.npy": header((5, 7)) + bytes(300 << 20)})
    assert bomb.stat().st_size < 1 << 20
    tracemalloc.start()
    with pytest.raises(MapError, match="too many for"):
        read_map(bomb)
    # A size that lies: the member says it is small and unpacks to 300 MB.
    data = bytearray(bomb.read_bytes())
    real, lie = ((300 << 20) + len(header((5, 7)))).to_bytes(4, "little"), (len(header((5, 7))) + 280).to_bytes(4, "little")
    assert data.count(real) >= 1
    bomb.write_bytes(bytes(data).replace(real, lie))
    with pytest.raises(MapError):
        read_map(bomb)
    assert tracemalloc.get_traced_memory()[1] < 30 << 20
    tracemalloc.stop()


@given(data=st.data())
@settings(max_examples=150)
def test_any_damage_is_told_or_harmless(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = folder / "whole.bloommap"
    if not whole.exists():
        write_map(whole, MAP)
    content = bytearray(whole.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    broken = folder / "broken.bloommap"
    broken.write_bytes(content)
    try:
        found = read_map(broken)
    except MapError as error:
        assert str(broken) in str(error)
    else:  # what no checksum covers: dates and the like
        assert same(found, MAP) or found.outcomes is None


KEYS = st.sampled_from(["subject", "view", "made", "experiment", "newton", "size", "center", "span", "coefficients", "x", "y", "steps"])
PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.floats(allow_nan=False, allow_infinity=False)
ANYTHING = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12)


@given(told=ANYTHING)
@settings(max_examples=150)
def test_any_description_is_a_map_or_a_map_error(told: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "told.bloommap"
    content = {"format": "bloom-map", "version": 1, "made": {"engine": "e", "precision": "float", "seconds": 1, "steps_played": 1}}
    given_table = content | told if isinstance(told, dict) else told
    packed(path, {"map.json": json.dumps(given_table).encode(), "labels.npy": npy(np.zeros((5, 7), np.uint8)), "score.npy": npy(np.ones((5, 7)))})
    with pytest.raises(MapError):
        read_map(path)


def test_an_experiment_that_is_the_subject_is_checked(members: dict[str, bytes], tmp_path: Path) -> None:
    assert isinstance(read_map(packed(tmp_path / "a.bloommap", members)).subject, Experiment)
