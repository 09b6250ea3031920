"""The lesson "melody": an LSTM of two cells learns a line of text, another one a tune.

Both learn by Adam on the mean cross-entropy of the whole sequence.
The tune is the traditional "Frère Jacques" (18th century), in our own transcription.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bloom_core.lessons import melody_words as words
from bloom_core.lessons.graph import Graph
from bloom_core.lessons.lesson import Lesson
from bloom_core.lessons.reading import Reading, train_reader
from bloom_core.lessons.recurrent import TEXT
from bloom_core.lessons.symbols import add_inputs, add_layer, add_outputs, heights, layer, names
from bloom_core.lessons.training import Training, eventful, faster

CELLS = 2
SEED_TEXT, RATE_TEXT, STEPS_TEXT = 4, 0.07, 300
SEED_TUNE, RATE_TUNE, STEPS_TUNE = 20, 0.05, 600

_PHRASES = (
    ("C4 D4 E4 C4", "1 1 1 1"),
    ("E4 F4 G4", "1 1 2"),
    ("G4 A4 G4 F4 E4 C4", "½ ½ ½ ½ 1 1"),
    ("C4 G3 C4", "1 1 2"),
)
"""The notes of the phrases and how many beats they last; each phrase comes twice."""

_BEATS = {"½": 0.5, "1": 1.0, "2": 2.0}
TUNE = Reading(
    words.SONG,
    ("A4", "G4", "F4", "E4", "D4", "C4", "G3"),
    tuple(note for notes, _ in _PHRASES for note in 2 * notes.split()),
    tuple(_BEATS[beat] for _, beats in _PHRASES for beat in 2 * beats.split()),
    " ",
)

_GATES = ("let_in", "forget", "new", "let_out")
"""In PyTorch's order."""


def record(seed: int | None = None) -> Lesson:
    """Trains both networks, from the first weights of `seed` if one is given, and returns the lesson."""
    from bloom_core.lessons.melody_telling import text_act, tune_act

    text = train_lstm(TEXT, SEED_TEXT if seed is None else seed, RATE_TEXT, STEPS_TEXT, words.TEXT)
    text = text.only([1, *faster(2, STEPS_TEXT, 26), *eventful(text.losses, 16), *text.milestones()])
    tune = train_lstm(TUNE, SEED_TUNE if seed is None else seed, RATE_TUNE, STEPS_TUNE, words.TUNE)
    tune = tune.only([1, *faster(2, STEPS_TUNE, 28), *eventful(tune.losses, 20), *tune.milestones()])
    return Lesson("melody", words.TITLE, (text_act(text), tune_act(tune)), (text.run, tune.run))


def train_lstm(reading: Reading, seed: int, rate: float, steps: int, title: str) -> Training:
    """Trains an LSTM that reads a sequence."""
    import torch

    torch.manual_seed(seed)
    recurrent = torch.nn.LSTM(len(reading.symbols), CELLS, dtype=torch.float64)
    answer = torch.nn.Linear(CELLS, len(reading.symbols), dtype=torch.float64)
    return train_reader(recurrent, answer, reading, rate, steps, {"title": f"{words.TITLE}: {title}", "seed": seed, "batch": 1})


def cell(tensors: Mapping[str, Any], given: Any, state: Any) -> tuple[Any, dict[str, Any]]:
    """Returns what the LSTM makes of one input: its state (hidden state and memory), and all that is in it by name.

    PyTorch's two biases are always added together, so the graph shows their sum.
    """
    import torch

    linear = torch.nn.functional.linear
    nothing = torch.zeros(CELLS, dtype=torch.float64)
    hidden_before, cell_before = (nothing, nothing) if state is None else state
    sums = linear(given, tensors["recurrent.weight_ih_l0"], tensors["recurrent.bias_ih_l0"])
    sums = sums + linear(hidden_before, tensors["recurrent.weight_hh_l0"], tensors["recurrent.bias_hh_l0"])
    gates = {name: torch.tanh(part) if name == "new" else torch.sigmoid(part) for name, part in zip(_GATES, sums.split(CELLS), strict=True)}
    memory = gates["forget"] * cell_before + gates["let_in"] * gates["new"]
    hidden = gates["let_out"] * torch.tanh(memory)
    logits = linear(hidden, tensors["answer.weight"], tensors["answer.bias"])
    vectors = {"cell_before": cell_before, "hidden_before": hidden_before, "cell": memory, "hidden": hidden, "logits": logits}
    return (hidden, memory), gates | vectors


def graph(reading: Reading) -> Graph:
    """Returns the graph of an LSTM of two cells that reads a sequence."""
    made = Graph()
    units = [str(unit + 1) for unit in range(CELLS)]
    add_inputs(made, reading.symbols, 0.0, 1.1)
    made.node("one", "input", words.ALWAYS_ONE, (0.0, -4.8))
    labels = {"forget": words.FORGET, "let_in": words.LET_IN, "new": words.NEW, "let_out": words.LET_OUT}
    for unit, middle in zip(units, heights(CELLS, 4.6), strict=True):
        made.node(f"hidden_before_{unit}", "hidden", words.BEFORE, (0.4 + 1.2 * (int(unit) - 1), 4.8))
        made.node(f"cell_before_{unit}", "memory", words.BEFORE, (3.75, middle + 1.9))
        for (name, label), height in zip(labels.items(), heights(4), strict=True):
            made.node(f"{name}_{unit}", "activation" if name == "new" else "gate", label, (2.5, middle + height))
        made.node(f"cell_{unit}", "memory", words.MEMORY, (4.4, middle + 0.5))
        made.node(f"hidden_{unit}", "hidden", words.HIDDEN, (5.6, middle - 0.6))
    made.node("one_answer", "input", words.ALWAYS_ONE, (5.6, -4.8))
    add_outputs(made, reading.symbols, 7.6, words.LOSS, 1.1)
    inputs, outputs, inner, back, hidden = _names(reading)
    add_layer(made, "weight", inputs, inner)
    add_layer(made, "recurrent", back, inner)
    add_layer(made, "bias", ["one"], inner)
    add_layer(made, "weight", hidden, outputs)
    add_layer(made, "bias", ["one_answer"], outputs)
    for unit in units:
        for name in ("forget", "let_in", "new", "cell_before"):
            made.flow(f"{name}_{unit}", f"cell_{unit}")
        made.flow(f"cell_{unit}", f"hidden_{unit}", f"hidden_before_{unit}")
        made.flow(f"let_out_{unit}", f"hidden_{unit}")
        made.flow(f"cell_{unit}", f"cell_before_{unit}")
    return made


def weights_of(reading: Reading, tensors: Mapping[str, Any]) -> Mapping[str, float]:
    """Returns the weights of an LSTM by the names of its edges."""
    inputs, outputs, inner, back, hidden = _names(reading)
    biases = tensors["recurrent.bias_ih_l0"] + tensors["recurrent.bias_hh_l0"]
    return {
        **layer(inputs, inner, tensors["recurrent.weight_ih_l0"].numpy()),
        **layer(back, inner, tensors["recurrent.weight_hh_l0"].numpy()),
        **layer(["one"], inner, biases.numpy()[:, None]),
        **layer(hidden, outputs, tensors["answer.weight"].numpy()),
        **layer(["one_answer"], outputs, tensors["answer.bias"].numpy()[:, None]),
    }


def _names(reading: Reading) -> tuple[list[str], ...]:
    """Returns the names of inputs, outputs, the four neurons in each cell in PyTorch's order, the hidden states before, and the hidden states."""
    units = range(1, CELLS + 1)
    inner = [f"{name}_{unit}" for name in _GATES for unit in units]
    ends = [[f"{name}_{unit}" for unit in units] for name in ("hidden_before", "hidden")]
    return names("input", reading.symbols), names("output", reading.symbols), inner, *ends
