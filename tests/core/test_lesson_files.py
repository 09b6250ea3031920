"""`.bloomlesson` files: they come back as they were, and damaged or hostile ones are refused with a LessonError."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloom_core.lessons import lesson_files
from bloom_core.lessons.lesson import Lesson
from bloom_core.lessons.lesson_files import LessonError, lessons, read_lesson, write_lesson

RECORDINGS = Path(lesson_files.__file__).parent / "recordings"
Members = dict[str, bytes]


@pytest.fixture(params=["neuron", "recurrent"])
def members(request: pytest.FixtureRequest) -> Members:
    """The members of a good file, with a plane or with sequences."""
    with zipfile.ZipFile(RECORDINGS / f"{request.param}.bloomlesson") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def npy(array: Any, **how: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **how)
    return buffer.getvalue()


def changed(members: Members, change: Callable[[dict[str, Any]], object]) -> Members:
    """Returns the members with another lesson.json."""
    told = json.loads(members["lesson.json"])
    change(told)
    return members | {"lesson.json": json.dumps(told).encode()}


@pytest.mark.parametrize("name", lessons())
def test_a_lesson_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    lesson = read_lesson(name)
    write_lesson(lesson, tmp_path / "a.bloomlesson")
    write_lesson(read_lesson(tmp_path / "a.bloomlesson"), tmp_path / "b.bloomlesson")
    assert (tmp_path / "a.bloomlesson").read_bytes() == (tmp_path / "b.bloomlesson").read_bytes()
    again = read_lesson(tmp_path / "b.bloomlesson")
    assert (again.name, again.title, again.runs) == (lesson.name, lesson.title, lesson.runs)
    for old, new in zip(lesson.acts, again.acts, strict=True):
        assert (old.nodes, old.edges, old.stages, old.captions) == (new.nodes, new.edges, new.stages, new.captions)
        for field in ("steps", "losses", "rows", "examples", "node_values", "edge_values"):
            assert np.array_equal(getattr(old, field), getattr(new, field))
        assert list(old.parameters) == list(new.parameters)
        assert all(np.array_equal(values, new.parameters[key]) for key, values in old.parameters.items())
        if old.plane is not None and new.plane is not None:
            assert np.array_equal(old.plane.surface, new.plane.surface) and new.plane.surface.dtype == np.float32
            assert (old.plane.axes, old.plane.names, old.plane.center) == (new.plane.axes, new.plane.names, new.plane.center)
        if old.sequence is not None and new.sequence is not None:
            assert np.array_equal(old.sequence.predicted, new.sequence.predicted) and old.sequence.written == new.sequence.written


def test_an_unknown_name_names_the_lessons(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="neuron, songs, recurrent, melody"):
        read_lesson("perceptron")
    with pytest.raises(LessonError, match="cannot be opened"):
        read_lesson(tmp_path / "none.bloomlesson")
    with pytest.raises(LessonError, match="cannot be written"):
        (tmp_path / "taken").write_text("a file")
        write_lesson(read_lesson("neuron"), tmp_path / "taken" / "a.bloomlesson")


def test_no_array_is_unpickled(members: Members, tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "hacked",))

    bad = npy(np.array([Payload()], dtype=object), allow_pickle=True)
    for name in ("acts/0/losses.npy", "acts/0/rows.npy"):
        with pytest.raises(LessonError, match="plain numbers"):
            read_lesson(pack(tmp_path / "a.bloomlesson", members | {name: bad}))
    with pytest.raises(LessonError):
        read_lesson(pack(tmp_path / "b.bloomlesson", members | {"acts/0/losses.npy": pickle.dumps(Payload())}))
    assert not (tmp_path / "hacked").exists()


def test_sizes_are_checked_before_memory_is_taken(members: Members, tmp_path: Path) -> None:
    huge = npy(np.zeros(3)).replace(b"(3,), }   ", b"(3000000,), }")
    for data in (huge, npy(np.zeros((3, 2))), npy(np.zeros(0)), npy(np.zeros(3, dtype=np.float32)), b"", b"\x93NUMPY"):
        with pytest.raises(LessonError):
            read_lesson(pack(tmp_path / "a.bloomlesson", members | {"acts/0/losses.npy": data}))
    with zipfile.ZipFile(tmp_path / "bomb.bloomlesson", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (members | {"acts/0/losses.npy": bytes(lesson_files.MAX_LESSON_BYTES)}).items():
            archive.writestr(name, data)
    with pytest.raises(LessonError, match="may hold"):
        read_lesson(tmp_path / "bomb.bloomlesson")


@pytest.mark.parametrize(
    "text",
    "{x} {loss.__class__} {loss[0]} {loss!r} {0} {} {loss:>9999999} {loss:99999f} {loss:.99f} {loss:{loss}} {loss:.3f } {loss:s} {word:.2f}".split(),
)
def test_templates_may_do_little(members: Members, tmp_path: Path, text: str) -> None:
    def change(told: dict[str, Any]) -> None:
        told["acts"][0]["captions"][0] |= {"text": text, "values": {"loss": 1.0, "word": "modern"}}

    with pytest.raises(LessonError, match="caption"):
        read_lesson(pack(tmp_path / "a.bloomlesson", changed(members, change)))


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda told: told.update(format="bloom-run"),
    "a later version": lambda told: told.update(version=2),
    "no acts": lambda told: told.update(acts=[]),
    "acts that are none": lambda told: told.update(acts="acts"),
    "an act too many": lambda told: told["acts"].append(told["acts"][0]),
    "a title that is none": lambda told: told.update(title=3),
    "an unknown kind of node": lambda told: told["acts"][0]["nodes"][0].update(kind="thought"),
    "a place that is none": lambda told: told["acts"][0]["nodes"][0].update(place=[1.0]),
    "a place of no numbers": lambda told: told["acts"][0]["nodes"][0].update(place=[True, 0.0]),
    "a node too few": lambda told: told["acts"][0]["nodes"].pop(),
    "an edge from nowhere": lambda told: told["acts"][0]["edges"][0].update(source=10**6),
    "an edge to nowhere": lambda told: told["acts"][0]["edges"][0].update(target=-1),
    "an unknown stage": lambda told: told["acts"][0]["stages"].__setitem__(0, "dream"),
    "a moment too many": lambda told: told["acts"][0]["stages"].append("whole"),
    "a caption too late": lambda told: told["acts"][0]["captions"][-1].update(moment=10**6),
    "captions out of order": lambda told: told["acts"][0]["captions"].reverse(),
    "a caption without values": lambda told: told["acts"][0]["captions"][0].update(values=None),
    "a caption of lists": lambda told: told["acts"][0]["captions"][0].update(text="{a}", values={"a": [1]}),
    "a parameter that is not there": lambda told: told["acts"][0]["parameters"].append("ghost"),
    "a parameter outside": lambda told: told["acts"][0]["parameters"].append("../losses"),
    "neither object nor null": lambda told: told["acts"][0].update(plane=[1], sequence=None),
    "a sequence of nothing": lambda told: told["acts"][0].update(sequence={"title": "", "symbols": [], "written": []}, plane=None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_does_not_fit_is_refused(members: Members, tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = pack(tmp_path / "a.bloomlesson", changed(members, change))
    with pytest.raises(LessonError, match=r"a\.bloomlesson"):
        read_lesson(path)


def test_values_that_cannot_be_are_refused(members: Members, tmp_path: Path) -> None:
    for name in [name for name in members if name.endswith(".npy")]:
        array = np.load(io.BytesIO(members[name])).copy()
        array.flat[-1] = np.nan if array.dtype.kind == "f" else -1
        with pytest.raises(LessonError, match=r"cannot be|rise from 0"):
            read_lesson(pack(tmp_path / "a.bloomlesson", members | {name: npy(array)}))
        with pytest.raises(LessonError, match="missing"):
            read_lesson(pack(tmp_path / "b.bloomlesson", {key: data for key, data in members.items() if key != name}))
    with pytest.raises(LessonError, match=r"run\.bloom"):
        read_lesson(pack(tmp_path / "c.bloomlesson", {key: data for key, data in members.items() if not key.endswith("run.bloom")}))


def test_json_that_is_none_is_refused(members: Members, tmp_path: Path) -> None:
    for data in (b"", b"{", b"[1]", b'{"format": NaN}', b"[" * 200_000, b"\xff\xfe", b"null"):
        with pytest.raises(LessonError, match=r"lesson\.json"):
            read_lesson(pack(tmp_path / "a.bloomlesson", members | {"lesson.json": data}))
    with pytest.raises(LessonError, match=r"lesson\.json"):
        read_lesson(pack(tmp_path / "b.bloomlesson", {key: data for key, data in members.items() if key != "lesson.json"}))
    for name in ("../out.npy", "/etc/out.npy", "acts\\0.npy"):
        with pytest.raises(LessonError, match="leads out"):
            read_lesson(pack(tmp_path / "c.bloomlesson", members | {name: b""}))


WHOLE = (RECORDINGS / "neuron.bloomlesson").read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_off_is_refused(tmp_path: Path, end: int) -> None:
    path = tmp_path / "cut.bloomlesson"
    path.write_bytes(WHOLE[:end])
    with pytest.raises(LessonError):
        read_lesson(path)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_bytes_are_refused_or_harmless(tmp_path: Path, bytes_changed: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, byte in bytes_changed:
        data[place] = byte
    path = tmp_path / "damaged.bloomlesson"
    path.write_bytes(data)
    try:
        assert isinstance(read_lesson(path), Lesson)
    except LessonError as error:
        assert "damaged.bloomlesson" in str(error)


WORDS = st.sampled_from(["{x}", "sum", "whole"]) | st.text(max_size=8)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.sampled_from(["name", "kind", "moment", "text", "values", "a"])
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_other_value_in_the_json_is_refused_or_harmless(members: Members, tmp_path: Path, data: st.DataObject) -> None:
    told = json.loads(members["lesson.json"])
    place: Any = told
    while isinstance(place, (dict, list)) and place:  # down to some value, or to what holds it
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.integers(0, 5)) == 0:
            place[key] = data.draw(PLAIN)
            break
        place = place[key]
    path = pack(tmp_path / "other.bloomlesson", members | {"lesson.json": json.dumps(told).encode()})
    try:
        assert isinstance(read_lesson(path), Lesson)
    except LessonError as error:
        assert "other.bloomlesson" in str(error)
