"""The numbers of every lesson are PyTorch's: each network is trained here once more, in plain PyTorch, and compared at every recorded step.

What is compared is recorded here and now, so that both trainings do the same on this computer; that the recordings which come along are the same is
told in test_lesson_recordings.py. Both do the same operations in the same order, but for values of single nodes, which PyTorch adds up otherwise
for one example than for many: hence 1e-12 and not equality.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from bloom_core.lessons.lesson import Act
from bloom_core.lessons.lesson_files import read_lesson

from .lessons_recorded import recorded_now

torch = pytest.importorskip("torch", reason="PyTorch is not installed; this trains networks")

EXACT = 1e-12
DOUBLE = torch.float64
SIGMOID = torch.nn.Sigmoid()


def acts_of(lesson: str) -> tuple[Act, ...]:
    """Returns a lesson's acts, recorded now."""
    return recorded_now(lesson).acts


def close(found: Any, wanted: Any) -> None:
    """Holds two arrays, or what makes one, against each other."""
    np.testing.assert_allclose(np.asarray(found, dtype=np.float64), np.asarray(wanted, dtype=np.float64), rtol=0.0, atol=EXACT)


def train(model: Any, optimizer: Any, whole: Callable[[], Any], steps: int, one: Callable[[int], Any] | None = None) -> Iterator[tuple[int, float]]:
    """Yields each number of steps made and the loss then, from 0 on; one thread, for networks as small as these."""
    torch.set_num_threads(1)
    for step in range(steps + 1):
        loss = whole()
        yield step, float(loss.detach())
        if step < steps:
            loss = loss if one is None else one(step)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def compare(act: Act, model: Any, training: Iterator[tuple[int, float]], look: Callable[[int], dict[str, float]]) -> None:
    """Goes through a training, and compares parameters, losses and, by `look`(example), nodes and edges wherever the act recorded them."""
    rows = {int(step): row for row, step in enumerate(act.steps)}
    names = {node.name: number for number, node in enumerate(act.nodes)} | {edge.name: number for number, edge in enumerate(act.edges)}
    nodes, seen = {node.name for node in act.nodes}, 0
    for step, loss in training:
        if step not in rows:
            continue
        row = rows[step]
        close(act.losses[row], loss)
        found = {name: value.detach().numpy() for name, value in model.named_parameters()}
        assert set(found) == set(act.parameters)
        for name, value in found.items():
            close(act.parameters[name][row], value)
        for moment in np.flatnonzero(act.rows == row):
            with torch.no_grad():
                values = look(int(act.examples[moment]))
            weighted = {edge.name for edge in act.edges if edge.kind != "flow"}
            assert set(values) == nodes | weighted
            for name, value in values.items():
                close((act.node_values if name in nodes else act.edge_values)[moment, names[name]], value)
            seen += 1
    assert seen == len(act.rows)


def test_the_neuron() -> None:
    (act,) = acts_of("neuron")
    assert act.plane is not None
    inputs, targets = torch.tensor(act.plane.points), torch.tensor(act.plane.targets)
    torch.manual_seed(107)
    model = torch.nn.Linear(2, 1, dtype=DOUBLE)
    order = torch.cat([torch.randperm(80) for _ in range(5)])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)

    def one(step: int) -> Any:
        return (SIGMOID(model(inputs[order[step]])) - targets[order[step]]).square().sum()

    def whole() -> Any:
        return torch.nn.MSELoss()(SIGMOID(model(inputs)).flatten(), targets)

    def look(dot: int) -> dict[str, float]:
        total = model(inputs[dot]).item()
        output, target = 1.0 / (1.0 + np.exp(-total)), targets[dot].item()
        weights = {"first>sum": model.weight[0, 0].item(), "second>sum": model.weight[0, 1].item(), "one>sum": model.bias[0].item()}
        nodes = {"first": inputs[dot, 0].item(), "second": inputs[dot, 1].item(), "one": 1.0, "sum": total, "sigmoid": output, "target": target}
        return weights | nodes | {"answer": round(output), "loss": (output - target) ** 2}

    compare(act, model, train(model, optimizer, whole, 320, one), look)
    shown = [(int(act.steps[row]), int(dot)) for row, dot, stage in zip(act.rows, act.examples, act.stages, strict=True) if stage != "update"]
    assert all(order[step] == dot for step, dot in shown)


SONGS = torch.tensor([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=DOUBLE)
LIKED = torch.tensor([0, 1, 1, 0], dtype=DOUBLE)


class Alone(torch.nn.Module):
    """One neuron."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = torch.nn.Linear(3, 1, bias=False, dtype=DOUBLE)
        torch.nn.init.normal_(self.answer.weight, std=1.5)

    def forward(self, songs: Any) -> Any:
        return SIGMOID(self.answer(songs))


class Hidden(torch.nn.Module):
    """Two hidden neurons, and one."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = torch.nn.Linear(3, 2, bias=False, dtype=DOUBLE)
        self.answer = torch.nn.Linear(2, 1, dtype=DOUBLE)

    def forward(self, songs: Any) -> Any:
        return SIGMOID(self.answer(SIGMOID(self.hidden(songs))))


def test_the_songs_alone() -> None:
    torch.manual_seed(0)
    model = Alone()

    def look(song: int) -> dict[str, float]:
        modern, sad, piano = SONGS[song].tolist()
        weights = model.answer.weight[0].tolist()
        total = weights[0] * modern + weights[1] * sad + weights[2] * piano
        output, target = model(SONGS[song]).item(), LIKED[song].item()
        nodes = {"modern": modern, "sad": sad, "piano": piano, "sum": total, "sigmoid": output, "answer": float(output >= 0.5), "target": target}
        return nodes | {"loss": (output - target) ** 2} | dict(zip(("modern>sum", "sad>sum", "piano>sum"), weights, strict=True))

    loss = torch.nn.MSELoss()
    training = train(model, torch.optim.SGD(model.parameters(), lr=2.0), lambda: loss(model(SONGS).flatten(), LIKED), 300)
    compare(acts_of("songs")[0], model, training, look)


def test_the_songs_with_a_hidden_layer() -> None:
    torch.manual_seed(69)
    model = Hidden()

    def look(song: int) -> dict[str, float]:
        sums = model.hidden(SONGS[song])
        hidden = SIGMOID(sums)
        output, target = model(SONGS[song]).item(), LIKED[song].item()
        values = dict(zip(("modern", "sad", "piano"), SONGS[song].tolist(), strict=True)) | {"one": 1.0, "target": target}
        values |= {"sum": model.answer(hidden).item(), "sigmoid": output, "answer": float(output >= 0.5), "loss": (output - target) ** 2}
        for unit in (0, 1):
            values |= {f"sum_{unit + 1}": sums[unit].item(), f"hidden_{unit + 1}": hidden[unit].item()}
            values |= {f"{name}>sum_{unit + 1}": model.hidden.weight[unit, place].item() for place, name in enumerate(("modern", "sad", "piano"))}
            values[f"hidden_{unit + 1}>sum"] = model.answer.weight[0, unit].item()
        return values | {"one>sum": model.answer.bias.item()}

    loss = torch.nn.MSELoss()
    training = train(model, torch.optim.SGD(model.parameters(), lr=4.0), lambda: loss(model(SONGS).flatten(), LIKED), 1000)
    compare(acts_of("songs")[1], model, training, look)


def test_the_bell() -> None:
    torch.manual_seed(5)
    model = torch.nn.RNN(1, 1, batch_first=True, dtype=DOUBLE)
    rows, wanted = torch.zeros(9, 8, 1, dtype=DOUBLE), -torch.ones(9, 8, dtype=DOUBLE)
    for moment in range(8):
        rows[moment, moment], wanted[moment, moment:] = 1.0, 1.0

    def look(place: int) -> dict[str, float]:
        said = [0.0, *model(rows[2:3])[0].flatten().tolist()]
        bell, memory, hidden, target = rows[2, place].item(), said[place], said[place + 1], wanted[2, place].item()
        weights = [value.item() for value in model.parameters()]
        values = {"bell": bell, "one": 1.0, "memory": memory, "sum": np.arctanh(hidden), "hidden": hidden, "target": target}
        values |= {"answer": np.sign(hidden), "loss": (hidden - target) ** 2}
        return values | {"bell>sum": weights[0], "memory>sum": weights[1], "one>sum": weights[2] + weights[3]}

    loss = torch.nn.MSELoss()
    training = train(model, torch.optim.SGD(model.parameters(), lr=0.1), lambda: loss(model(rows)[0].squeeze(2), wanted), 400)
    compare(acts_of("recurrent")[0], model, training, look)


class Reader(torch.nn.Module):
    """A recurrent layer and a linear one."""

    def __init__(self, kind: type, symbols: int, units: int) -> None:
        super().__init__()
        self.recurrent = kind(symbols, units, dtype=DOUBLE)
        self.answer = torch.nn.Linear(units, symbols, dtype=DOUBLE)

    def forward(self, given: Any) -> Any:
        return self.answer(self.recurrent(given)[0])


GATES = ("let_in", "forget", "new", "let_out")


@pytest.mark.parametrize(
    ("lesson", "kind", "units", "seed", "rate", "read", "symbols"),
    [
        ("recurrent", torch.nn.RNN, 3, 5, 0.03, "s h e _ s e l l s _ s e a _ s h e l l s _", "s h e l a _"),
        ("melody", torch.nn.LSTM, 2, 4, 0.07, "s h e _ s e l l s _ s e a _ s h e l l s _", "s h e l a _"),
        (
            "melody",
            torch.nn.LSTM,
            2,
            20,
            0.05,
            "C4 D4 E4 C4 C4 D4 E4 C4 E4 F4 G4 E4 F4 G4 G4 A4 G4 F4 E4 C4 G4 A4 G4 F4 E4 C4 C4 G3 C4 C4 G3 C4",
            "A4 G4 F4 E4 D4 C4 G3",
        ),
    ],
    ids=["text", "text with gates", "tune"],
)
def test_the_readers(
    lesson: str, kind: type, units: int, seed: int, rate: float, read: str, symbols: str
) -> None:
    act = acts_of(lesson)[1 if lesson == "recurrent" or symbols.startswith("A4") else 0]
    alphabet, places = symbols.split(), read.split()
    numbers = torch.tensor([alphabet.index(symbol) for symbol in places])
    given = torch.nn.functional.one_hot(numbers, len(alphabet)).to(DOUBLE)
    wanted = torch.roll(numbers, -1)
    assert act.sequence is not None
    assert act.sequence.symbols == tuple(" " if symbol == "_" else symbol for symbol in alphabet)
    assert act.sequence.given.tolist() == numbers.tolist() and act.sequence.wanted.tolist() == wanted.tolist()
    torch.manual_seed(seed)
    model = Reader(kind, len(alphabet), units)

    def state_before(place: int) -> tuple[Any, Any]:
        """Returns hidden state and memory before a place; PyTorch gives them at the end of what was read."""
        nothing = torch.zeros(units, dtype=DOUBLE)
        if place == 0:
            return nothing, nothing
        state = model.recurrent(given[:place])[1]
        return (state[0][0], state[1][0]) if isinstance(state, tuple) else (state[0], nothing)

    def look(place: int) -> dict[str, float]:
        (hidden_before, cell_before), (hidden, cell) = state_before(place), state_before(place + 1)
        chances = torch.softmax(model.answer(hidden), dim=0)
        values = {"one": 1.0, "one_answer": 1.0, "loss": torch.nn.functional.cross_entropy(model.answer(hidden), wanted[place]).item()}
        values |= {f"input_{number}": float(number == numbers[place]) for number in range(len(alphabet))}
        values |= {f"target_{number}": float(number == wanted[place]) for number in range(len(alphabet))}
        values |= {f"output_{number}": chance.item() for number, chance in enumerate(chances)}
        from_input, from_state, *both = model.recurrent.parameters()
        biases = both[0] + both[1]
        sums = from_input @ given[place] + from_state @ hidden_before + biases
        if kind is torch.nn.RNN:
            inner = [f"sum_{unit + 1}" for unit in range(units)]
            values |= dict(zip(inner, sums.tolist(), strict=True))
            values |= {f"memory_{unit + 1}": hidden_before[unit].item() for unit in range(units)}
            memory = "memory"
        else:
            inner = [f"{gate}_{unit + 1}" for gate in GATES for unit in range(units)]
            bent = torch.cat([torch.tanh(part) if gate == "new" else SIGMOID(part) for gate, part in zip(GATES, sums.split(units), strict=True)])
            values |= dict(zip(inner, bent.tolist(), strict=True))
            for name, vector in (("hidden_before", hidden_before), ("cell_before", cell_before), ("cell", cell)):
                values |= {f"{name}_{unit + 1}": vector[unit].item() for unit in range(units)}
            memory = "hidden_before"
        for row, end in enumerate(inner):
            values |= {f"input_{number}>{end}": from_input[row, number].item() for number in range(len(alphabet))}
            values |= {f"{memory}_{unit + 1}>{end}": from_state[row, unit].item() for unit in range(units)}
            values[f"one>{end}"] = biases[row].item()
        for unit in range(units):
            values[f"hidden_{unit + 1}"] = hidden[unit].item()
            values |= {f"hidden_{unit + 1}>output_{number}": model.answer.weight[number, unit].item() for number in range(len(alphabet))}
        return values | {f"one_answer>output_{number}": model.answer.bias[number].item() for number in range(len(alphabet))}

    steps = int(act.steps[-1])
    loss = torch.nn.CrossEntropyLoss()
    training = train(model, torch.optim.Adam(model.parameters(), lr=rate), lambda: loss(model(given), wanted), steps)
    predicted, written = [], {}

    def watched() -> Iterator[tuple[int, float]]:
        for step, found in training:
            if step in act.steps:
                with torch.no_grad():
                    predicted.append(torch.softmax(model(given), dim=1).numpy())
                    written[len(predicted) - 1] = write()
            yield step, found

    def write() -> str:
        text, state = [int(numbers[0])], None
        while len(text) < len(numbers):
            hidden, state = model.recurrent(torch.nn.functional.one_hot(torch.tensor(text[-1:]), len(alphabet)).to(DOUBLE), state)
            text.append(int(model.answer(hidden)[0].argmax()))
        return ("" if "_" in symbols else " ").join(alphabet[number] for number in text).replace("_", " ")

    compare(act, model, watched(), look)
    np.testing.assert_allclose(act.sequence.predicted, np.stack(predicted), rtol=0.0, atol=2**-11)
    told = ""
    for row, text in written.items():
        told = act.sequence.written.get(row, told)
        assert told == text


def test_what_hidden_layers_learn_is_measured() -> None:
    """A hundred networks by hand, without PyTorch's gradients: how many have all four songs right is what the lesson says."""
    models = []
    for seed in range(100):
        torch.manual_seed(seed)
        models.append(Hidden())
    first, second, bias = (
        np.stack([value.detach().numpy() for value in values]) for values in zip(*(model.parameters() for model in models), strict=True)
    )
    songs, liked = SONGS.numpy(), LIKED.numpy()[None, :, None]
    for step in range(1001):
        hidden = 1.0 / (1.0 + np.exp(-songs @ first.transpose(0, 2, 1)))
        outputs = 1.0 / (1.0 + np.exp(-(hidden @ second.transpose(0, 2, 1) + bias[:, None])))
        if step < 1000:
            blame = 2.0 * (outputs - liked) / 4.0 * outputs * (1.0 - outputs)
            back = blame @ second * hidden * (1.0 - hidden)
            first, second = first - 4.0 * back.transpose(0, 2, 1) @ songs, second - 4.0 * blame.transpose(0, 2, 1) @ hidden
            bias = bias - 4.0 * blame.sum(axis=1)
    share = int(np.all((outputs >= 0.5) == (liked == 1.0), axis=(1, 2)).sum())
    told = [caption.values for caption in read_lesson("songs").acts[1].captions if "share" in caption.values]
    assert told == [{"seeds": 100.0, "share": float(share)}] and 50 < share < 100
