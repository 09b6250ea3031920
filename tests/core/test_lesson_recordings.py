"""The lessons that come along: they are what recording gives now, hold together, and say nothing that was not recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from bloom_core.designs import design
from bloom_core.growth import grow
from bloom_core.lessons import lesson_files
from bloom_core.lessons.lesson import EDGE_KINDS, NODE_KINDS, STAGES, Act, Lesson
from bloom_core.lessons.lesson_files import lessons, read_lesson
from bloom_core.lessons.messages import messages
from bloom_core.trajectories.trajectory import Trajectory, read_run

NAMES = lessons()
MOST_MOMENTS, MOST_NODES, MOST_BYTES = 120, 40, 1_000_000
TOLD_NOWHERE_ELSE = {"happy_pull", "sad_pull", "added"}
"""Numbers in captions that are no value of a node, an edge, a loss or a step; they are checked by tests of their own."""


def every_act() -> Iterator[tuple[str, int, Act]]:
    for name in NAMES:
        for number, act in enumerate(read_lesson(name).acts):
            yield name, number, act


ACTS = [pytest.param(name, act, id=f"{name}-{act.name}") for name, _, act in every_act()]


def value(act: Act, moment: int, node: str) -> float:
    """Returns a node's value at a moment."""
    return float(act.node_values[moment, [entry.name for entry in act.nodes].index(node)])


def run_of(lesson: Lesson, number: int, folder: Path) -> Trajectory:
    """Returns an act's run."""
    file = folder / f"{lesson.name}-{number}.bloom"
    file.write_bytes(lesson.runs[number])
    return read_run(file)


def test_there_are_four_and_they_are_small() -> None:
    folder = Path(lesson_files.__file__).parent / "recordings"
    assert NAMES == ("neuron", "songs", "recurrent", "melody")
    assert {path.name for path in folder.iterdir()} == {f"{name}.bloomlesson" for name in NAMES}
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MOST_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_they_are_what_recording_gives_now(name: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed; this trains networks")
    from .lessons_recorded import recorded_now

    shipped, now = read_lesson(name), recorded_now(name)
    assert (shipped.name, shipped.title) == (now.name, now.title)
    for old, new in zip(shipped.acts, now.acts, strict=True):
        for field in ("name", "title", "nodes", "edges", "stages"):
            assert getattr(old, field) == getattr(new, field)
        for field in ("steps", "rows", "examples"):
            assert np.array_equal(getattr(old, field), getattr(new, field))
        # Another processor may round the last bit of a tanh otherwise, and a training carries that on.
        for field in ("losses", "node_values", "edge_values"):
            np.testing.assert_allclose(getattr(old, field), getattr(new, field), rtol=1e-6, atol=1e-6)
        for key, values in old.parameters.items():
            np.testing.assert_allclose(values, new.parameters[key], rtol=1e-6, atol=1e-6)
        assert [(caption.moment, caption.text) for caption in old.captions] == [(caption.moment, caption.text) for caption in new.captions]
        if old.plane is not None and new.plane is not None:
            assert np.array_equal(old.plane.points, new.plane.points)
            np.testing.assert_allclose(old.plane.surface, new.plane.surface, atol=1e-3)
        if old.sequence is not None and new.sequence is not None:
            assert (old.sequence.symbols, old.sequence.written) == (new.sequence.symbols, new.sequence.written)
            np.testing.assert_allclose(old.sequence.predicted, new.sequence.predicted, atol=1e-3)


@pytest.mark.parametrize(("name", "act"), ACTS)
def test_an_act_can_be_shown(name: str, act: Act) -> None:
    moments = len(act.rows)
    assert moments <= MOST_MOMENTS and len(act.nodes) <= MOST_NODES
    assert {node.kind for node in act.nodes} <= set(NODE_KINDS) and {edge.kind for edge in act.edges} <= set(EDGE_KINDS)
    assert set(act.stages) <= set(STAGES) and "update" in act.stages and len(act.stages) == moments
    assert np.all(np.diff(act.rows) >= 0) and act.rows[0] == 0 and act.rows[-1] == len(act.steps) - 1
    assert act.steps[0] == 0 and np.all(np.diff(act.steps) > 0)
    assert len({node.name for node in act.nodes}) == len(act.nodes) and len({edge.name for edge in act.edges}) == len(act.edges)
    places = np.array([node.place for node in act.nodes])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 9.0 * np.eye(len(places))
    assert apart.min() >= 0.7
    # Inputs stand on the left, the loss on the right.
    assert places[:, 0].argmax() == [node.kind for node in act.nodes].index("loss")
    # The first moments are slow, stage by stage, and later ones pass by in one.
    assert act.captions[0].moment == 0 and act.captions[-1].moment >= moments - 2
    assert act.losses[-1] < act.losses[0]


@pytest.mark.parametrize(("name", "act"), ACTS)
def test_nodes_follow_from_edges(name: str, act: Act) -> None:
    """Sums are sums of what comes in times its weight, and every other node does to its inputs what its name says."""
    order = {node.name: number for number, node in enumerate(act.nodes)}
    flow = {node.name: act.node_values[:, order[node.name]] for node in act.nodes}
    incoming: dict[str, np.ndarray] = {}
    for number, edge in enumerate(act.edges):
        source = act.node_values[:, edge.source]
        if edge.kind == "flow":
            assert np.array_equal(act.edge_values[:, number], source)
        else:
            target = act.nodes[edge.target].name
            incoming[target] = incoming.get(target, 0.0) + act.edge_values[:, number] * source
    checked = set()

    def hold(name: str, wanted: np.ndarray) -> None:
        np.testing.assert_allclose(flow[name], wanted, rtol=0.0, atol=1e-12)
        checked.add(name)

    def sigmoid(values: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-values))

    for node in act.nodes:
        stem, _, unit = node.name.partition("_")
        if node.kind == "sum":
            hold(node.name, incoming[node.name])
        elif node.kind == "gate":
            hold(node.name, sigmoid(incoming[node.name]))
        elif stem == "new":
            hold(node.name, np.tanh(incoming[node.name]))
        elif node.kind == "activation":
            hold(node.name, sigmoid(flow["sum" if stem == "sigmoid" else f"sum_{unit}"]))
        elif stem == "hidden" and not unit.startswith("before"):
            gated = "cell_1" in flow
            hold(node.name, flow[f"let_out_{unit}"] * np.tanh(flow[f"cell_{unit}"]) if gated else np.tanh(flow[node.name.replace("hidden", "sum")]))
        elif stem == "cell" and not unit.startswith("before"):
            hold(node.name, flow[f"forget_{unit}"] * flow[f"cell_before_{unit}"] + flow[f"let_in_{unit}"] * flow[f"new_{unit}"])
    if act.sequence is not None and "output_0" in flow:
        logits = np.stack([incoming[f"output_{number}"] for number in range(len(act.sequence.symbols))], axis=1)
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        for number in range(len(act.sequence.symbols)):
            hold(f"output_{number}", chances[:, number])
            assert np.array_equal(flow[f"target_{number}"] == 1.0, act.sequence.wanted[act.examples] == number)
            assert np.array_equal(flow[f"input_{number}"] == 1.0, act.sequence.given[act.examples] == number)
        hold("loss", -np.log(chances[np.arange(len(chances)), act.sequence.wanted[act.examples]]))
        np.testing.assert_allclose(act.sequence.predicted[act.rows, act.examples], chances, atol=1e-3)
    else:
        output = flow["sigmoid"] if "sigmoid" in flow else flow["hidden"]
        hold("loss", (output - flow["target"]) ** 2)
        assert np.array_equal(flow["answer"], output >= 0.5 if "sigmoid" in flow else np.where(output >= 0.0, 1.0, -1.0))
    made = {node.name for node in act.nodes if node.kind in ("sum", "activation", "gate", "loss") or node.name.startswith(("hidden_1", "cell_1"))}
    assert made <= checked


@pytest.mark.parametrize(("name", "act"), ACTS)
def test_a_memory_is_what_was_kept_at_the_place_before(name: str, act: Act) -> None:
    kept = [("memory", "hidden"), ("cell_before", "cell"), ("hidden_before", "hidden")]
    order = {node.name: number for number, node in enumerate(act.nodes)}
    pairs = [(f"{now}{unit}", f"{then}{unit}") for now, then in kept for unit in ("", "_1", "_2", "_3") if f"{now}{unit}" in order]
    by_place = {(int(row), int(place)): moment for moment, (row, place) in enumerate(zip(act.rows, act.examples, strict=True))}
    seen = 0
    for (row, place), moment in by_place.items():
        before = by_place.get((row, place - 1))
        for now, then in pairs:
            if place == 0:
                assert act.node_values[moment, order[now]] == 0.0
            elif before is not None:
                assert act.node_values[moment, order[now]] == act.node_values[before, order[then]]
                seen += 1
    assert not pairs or seen > 5


@pytest.mark.parametrize(("name", "act"), ACTS)
def test_the_plane_shows_the_network(name: str, act: Act) -> None:
    if act.plane is None:
        return
    plane, count = act.plane, act.plane.surface.shape[1]
    side = np.linspace(-plane.extent, plane.extent, count)
    for row in (0, len(act.steps) // 2, len(act.steps) - 1):
        x, y = np.meshgrid(side + plane.center[0], side + plane.center[1])
        inputs = np.stack([x, y, np.ones_like(x)][: 3 if name == "songs" else 2], axis=-1)
        for layer in ("hidden.", "answer.", ""):
            if f"{layer}weight" in act.parameters:
                bias = act.parameters.get(f"{layer}bias")
                inputs = 1.0 / (1.0 + np.exp(-(inputs @ act.parameters[f"{layer}weight"][row].T + (0.0 if bias is None else bias[row]))))
        np.testing.assert_allclose(plane.surface[row], inputs[..., 0], atol=6e-4)


@pytest.mark.parametrize("name", NAMES)
def test_flowers_grow_from_the_same_steps(name: str, tmp_path: Path) -> None:
    lesson = read_lesson(name)
    for number, act in enumerate(lesson.acts):
        run = run_of(lesson, number, tmp_path)
        assert set(act.steps[1:].tolist()) <= set(run.steps.tolist()) and run.steps[-1] == act.steps[-1]
        if name != "neuron":  # the whole data at each step: the loss of the step after s others is the loss at s
            told = {int(step) - 1: float(loss) for step, loss in zip(run.steps, run.loss, strict=True)}
            for step, loss in zip(act.steps[:-1].tolist(), act.losses.tolist(), strict=False):
                assert told[step] == pytest.approx(loss, rel=1e-6)
        after = {layer.name.partition("@")[0]: run.parameter_norm[:, index] for index, layer in enumerate(run.layers)}
        for key, values in act.parameters.items():
            norms = np.linalg.norm(values[1:].reshape(len(values) - 1, -1), axis=1)
            np.testing.assert_allclose(after[key][act.steps[1:] - 1], norms, rtol=1e-5, atol=1e-6)
        film = grow(run, design("lotus"), frames=24)
        assert np.ptp(film.values, axis=0).max() > 0.0


@pytest.mark.parametrize(("name", "act"), ACTS)
def test_captions_say_what_was_recorded(name: str, act: Act) -> None:
    whole = {float(step) for step in act.steps} | {float(number) for number in range(101)}
    of_losses = set(act.losses.tolist())
    assert len(act.captions) >= 12
    for caption in act.captions:
        fields = {field for _, field, _, _ in Formatter().parse(caption.text) if field}
        assert fields == set(caption.values)
        assert "{" not in caption.text.format(**caption.values)
        row = int(act.rows[caption.moment])
        alike = [moment for moment in range(len(act.rows)) if act.rows[moment] in (row, max(0, row - 1))]
        known = whole | of_losses | set(act.node_values[alike].ravel().tolist()) | set(act.edge_values[alike].ravel().tolist())
        if act.sequence is not None:
            known |= set(act.node_values[act.rows == row].ravel().tolist())
        for field, value in caption.values.items():
            if isinstance(value, float) and field not in TOLD_NOWHERE_ELSE and not field.startswith("at_"):
                assert value in known, (caption.text, field, value)
        expected = {"step": float(act.steps[row]), "mean_loss": float(act.losses[row]), "first_loss": float(act.losses[0])}
        assert {field: caption.values[field] for field in fields & expected.keys()} == {field: expected[field] for field in fields & expected.keys()}


def test_the_pulls_are_gradients() -> None:
    act = read_lesson("songs").acts[0]
    songs, liked = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]), np.array([0, 1, 1, 0])
    said = [caption for caption in act.captions if "happy_pull" in caption.values]
    assert len(said) == 2
    for caption in said:
        outputs = 1.0 / (1.0 + np.exp(-songs @ act.parameters["answer.weight"][act.rows[caption.moment], 0]))
        pulls = -2.0 * (outputs - liked) * outputs * (1.0 - outputs)
        assert (caption.values["happy_pull"], caption.values["sad_pull"]) == pytest.approx((pulls[2], pulls[3]), abs=1e-14)
    assert said[-1].values["happy_pull"] == pytest.approx(0.25, abs=1e-4) and said[-1].values["sad_pull"] == pytest.approx(-0.25, abs=1e-4)


def test_all_that_is_said_can_be_translated() -> None:
    known = messages()
    assert len(set(known)) == len(known) and all(known)
    for name in NAMES:
        lesson = read_lesson(name)
        assert lesson.title in known
        for act in lesson.acts:
            symbols = set() if act.sequence is None else {symbol.replace(" ", "␣") for symbol in act.sequence.symbols}
            assert act.title in known and {node.label for node in act.nodes} - symbols <= set(known)
            assert {caption.text for caption in act.captions} <= set(known)
            if act.plane is not None:
                assert {*act.plane.axes, *act.plane.names} <= set(known)
            for caption in act.captions:
                for field, value in caption.values.items():
                    data = field in ("letter", "guess", "before", "written", "line", "song") and act.sequence is not None
                    assert not isinstance(value, str) or data or value in known or value in symbols, (field, value)


def test_first_times_are_first_times() -> None:
    """A caption that says "for the first time" stands at the first of all training steps at which it is so, and not of those that are shown."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; this trains networks")
    from bloom_core.lessons import recurrent

    torch.set_num_threads(1)
    act = read_lesson("recurrent").acts[1]
    (said,) = [caption for caption in act.captions if "for the first time" in caption.text]
    training = recurrent.train_text(recurrent.SEED_TEXT)
    assert said.values["step"] == float(np.flatnonzero(training.right == 21)[0])
