"""Configurations of maps: TOML files, the presets, and what is refused."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core.trainability.experiment import ACTIVATIONS, SCORES, SEEDS, Axis, Experiment, MapError
from bloom_core.trainability.experiment_checks import check_experiment
from bloom_core.trainability.experiment_files import experiment_of, experiment_text, read_experiment, table_of, write_experiment
from bloom_core.trainability.presets import PRESETS

NUMBERS = st.floats(1e-6, 0.99, allow_nan=False)
EXPERIMENTS = st.builds(
    Experiment,
    name=st.text(st.characters(categories=("L", "N", "P", "Zs")).filter(str.isprintable), max_size=40),
    title=st.text(st.characters(codec="utf-8").filter(str.isprintable), max_size=80),
    activation=st.sampled_from(ACTIVATIONS),
    width=st.integers(1, 30),
    points=st.integers(0, 500),
    steps=st.integers(20, 10**6),
    optimizer=st.just("adam"),
    batch_size=st.integers(0, 500),
    input_rate=NUMBERS,
    output_rate=NUMBERS,
    init_scale=NUMBERS,
    offset=st.floats(-1e9, 1e9),
    momentum=NUMBERS,
    weight_decay=NUMBERS,
    seed=st.integers(0, 2**32 - 1),
    seeds=st.sampled_from(SEEDS),
    threshold=NUMBERS,
    score=st.sampled_from(SCORES),
    sensitivity=st.booleans(),
    x=st.builds(Axis, st.just("momentum"), NUMBERS, st.just(1.0), st.booleans()),
    y=st.builds(Axis, st.just("offset"), st.floats(-1e9, -1.0), NUMBERS, st.just(False)),
    z=st.none() | st.builds(Axis, st.just("width"), st.just(2.0), st.just(20.0), st.booleans()),
)


@given(EXPERIMENTS)
@settings(max_examples=80)
def test_what_is_written_is_read(experiment: Experiment) -> None:
    assert experiment_of(tomllib.loads(experiment_text(experiment)), "text") == experiment
    assert experiment_of(table_of(experiment), "table") == experiment


def test_files(tmp_path: Path) -> None:
    for name, experiment in PRESETS.items():
        write_experiment(tmp_path / f"{name}.toml", experiment)
        assert read_experiment(tmp_path / f"{name}.toml") == experiment
    (tmp_path / "mine.toml").write_text('activation = "relu"\ninit_scale = 2\n\n[x]\nparameter = "offset"\nlow = 1\nhigh = 100\n')
    assert read_experiment(tmp_path / "mine.toml") == Experiment("mine", "", "relu", init_scale=2.0, x=Axis("offset", 1.0, 100.0))


def test_the_presets_are_what_they_say() -> None:
    for name, experiment in PRESETS.items():
        assert experiment.name == name and check_experiment(experiment) is experiment and experiment.title
    assert PRESETS["reference"] == Experiment()
    assert (PRESETS["preview"].width, PRESETS["preview"].steps) == (8, 100) and PRESETS["cube"].z is not None
    assert PRESETS["identity"].points == 16 and PRESETS["single"].points == 1 and PRESETS["minibatch"].batch_size == 16


REFUSED = [
    ('activation = "sigmoid"', "activation is 'sigmoid'; it may be tanh, relu, identity"),
    ('optimizer = "lion"', "it may be sgd, momentum, adam"),
    ("width = 0", "width is 0; it must be a whole number from 1 to 256"),
    ("width = 16.0", "whole number"),
    ("width = true", "whole number"),
    ("width = 100000000000000000000000", "whole number"),
    ("points = -1", "points is -1"),
    ("steps = 19", "from 20 to"),
    ("steps = 100000000", "from 20 to 1000000"),
    ("batch_size = 1000000", "batch_size"),
    ("seed = -5", "from 0 to 4294967295"),
    ("input_rate = nan", "input_rate is nan; it must be a number from 0 to 1e+30"),
    ("input_rate = inf", "input_rate is inf"),
    ("output_rate = -1.0", "output_rate is -1.0"),
    ('init_scale = "big"', "init_scale is 'big'; it must be a number"),
    ("weight_decay = 1e300", "weight_decay is 1e+300"),
    ("momentum = 1.5", "momentum is 1.5; it must be a number from 0 to 1"),
    ("threshold = 0.0", "threshold"),
    ("sensitivity = 1", "sensitivity is 1; it must be true or false"),
    ('score = "mean"', "it may be sum, final, minimum, threshold, sensitivity"),
    ('seeds = "own"', "it may be shared, pixel"),
    ('title = "two\\nlines"', "in one line"),
    ("title = 7", "title is 7"),
    ("learning_rate = 3", "'learning_rate' is not known; what may stand there is name, title, activation"),
    ("x = 5", "x must be a table of its own"),
    ('[x]\nparameter = "input_rate"\nlow = 1', "x.high is missing"),
    ('[x]\nparameter = "luck"\nlow = 1\nhigh = 2', "x.parameter is 'luck'; it may be input_rate"),
    ('[x]\nparameter = "input_rate"\nlow = 0\nhigh = 2', "x.low is 0; the axis is logarithmic"),
    ('[x]\nparameter = "input_rate"\nlow = 2\nhigh = 2', "from a smaller number to a larger"),
    ('[x]\nparameter = "input_rate"\nlow = nan\nhigh = 2', "x.low is nan"),
    ('[x]\nparameter = "input_rate"\nlow = 1\nhigh = 1e40', "x.high is 1e+40"),
    ('[x]\nparameter = "width"\nlow = 1\nhigh = 300', "x.high is 300; it must be a number from 1 to 256"),
    ('[x]\nparameter = "input_rate"\nlow = 1\nhigh = 2\nlogarithmic = "yes"', "x.logarithmic is 'yes'"),
    ('[x]\nparameter = "input_rate"\nlow = 1\nhigh = 2\nstep = 1', "x.step is not known"),
    ('[x]\nparameter = "rate"\nlow = 1\nhigh = 2', "no two may go along the same parameter"),
    ('[x]\nparameter = "momentum"\nlow = 0.1\nhigh = 0.9', "choose the optimizer momentum or adam"),
    ("width = 256\npoints = 100000", "too much work"),
    ('[x]\nparameter = "width"\nlow = 1\nhigh = 256', "too much work"),
    ("width = ", "is not TOML"),
    ("a" * 3 + "=" + "[" * 100_000, "is not TOML"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=lambda value: value[:30])
def test_refuses_by_file_and_key(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(MapError) as error:
        read_experiment(path)
    assert str(error.value).startswith(f"{path}: ") and message in str(error.value) and len(str(error.value)) < 700


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="cannot be read"):
        read_experiment(tmp_path / "none.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (1 << 21))
    with pytest.raises(MapError, match="larger than any"):
        read_experiment(tmp_path / "large.toml")
    (tmp_path / "bytes.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(MapError, match="is not TOML"):
        read_experiment(tmp_path / "bytes.toml")
    with pytest.raises(MapError, match="cannot be written"):
        write_experiment(tmp_path / "no" / "where.toml", Experiment())


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
)  # fmt: skip
AXIS = st.fixed_dictionaries({"parameter": VALUES | st.just("rate"), "low": VALUES, "high": VALUES}, optional={"logarithmic": VALUES})


@given(st.dictionaries(st.sampled_from([field.name for field in fields(Experiment)]), VALUES, max_size=4))
@settings(max_examples=200)
def test_any_data_is_an_experiment_or_a_map_error(table: dict[str, object]) -> None:
    try:
        check_experiment(experiment_of(table, "here"))
    except MapError as error:
        assert str(error).startswith("here: ")


@given(st.sampled_from(["x", "y", "z"]), AXIS)
@settings(max_examples=200)
def test_any_axis_is_one_or_a_map_error(name: str, axis: dict[str, object]) -> None:
    try:
        experiment_of({name: axis}, "here")
    except MapError as error:
        assert str(error).startswith("here: ")


def test_an_experiment_made_by_hand_is_checked_too() -> None:
    for wrong in (replace(Experiment(), width=10**9), replace(Experiment(), input_rate=float("nan")), replace(Experiment(), seeds="x")):
        with pytest.raises(MapError):
            check_experiment(wrong)


def test_the_guide_shows_the_reference_experiment() -> None:
    text = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
    shown = text.partition("```toml\n")[2].partition("```")[0]
    assert experiment_of(tomllib.loads(shown), "formats.md") == Experiment()
    assert set(tomllib.loads(shown)) == set(tomllib.loads(experiment_text(Experiment())))
