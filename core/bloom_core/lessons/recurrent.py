"""The lesson "recurrent": one neuron with a loop keeps a bell in mind, then three of them learn a line of text by heart.

Act 1 is plain gradient descent on the mean squared error of nine rows at once: the bell at each of the eight moments, or never. Act 2 is Adam on the
mean cross-entropy of the whole line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bloom_core.lessons import recurrent_words as words
from bloom_core.lessons.graph import Graph
from bloom_core.lessons.lesson import DoubleArray, Lesson
from bloom_core.lessons.reading import Reading, train_reader
from bloom_core.lessons.symbols import add_inputs, add_layer, add_outputs, heights, layer, names
from bloom_core.lessons.training import Training, eventful, faster, train

PLACES, RUNG_AT = 8, 2
"""Moments of a row, and when the bell rings in the one that is shown."""

SEED_BELL, RATE_BELL, STEPS_BELL = 5, 0.1, 400
SEED_TEXT, RATE_TEXT, STEPS_TEXT = 5, 0.03, 300
UNITS = 3
TEXT = Reading(words.LINE, ("s", "h", "e", "l", "a", " "), tuple(words.LINE + " "), (1.0,) * (len(words.LINE) + 1))


def record(seed: int | None = None) -> Lesson:
    """Trains both networks, from the first weights of `seed` if one is given, and returns the lesson."""
    from bloom_core.lessons.recurrent_telling import bell_act, text_act

    bell = train_bell(SEED_BELL if seed is None else seed)
    bell = bell.only([1, *faster(2, STEPS_BELL, 24), *eventful(bell.losses, 24), *bell.milestones()])
    text = train_text(SEED_TEXT if seed is None else seed)
    text = text.only([1, *faster(2, STEPS_TEXT, 28), *eventful(text.losses, 20), *text.milestones()])
    return Lesson("recurrent", words.TITLE, (bell_act(bell), text_act(text)), (bell.run, text.run))


def bell_rows() -> tuple[DoubleArray, DoubleArray]:
    """Returns nine rows (9, 8, 1) of a bell (1 where it rings), the last without one, and what is to be answered (9, 8): 1 since then, else -1."""
    rings = np.eye(PLACES + 1, PLACES)
    return rings[:, :, None], 2.0 * np.maximum.accumulate(rings, axis=1) - 1.0


def train_bell(seed: int) -> Training:
    """Trains the neuron that keeps a bell in mind."""
    import torch

    torch.manual_seed(seed)
    model = torch.nn.RNN(1, 1, batch_first=True, dtype=torch.float64)
    given, wanted = (torch.from_numpy(values) for values in bell_rows())

    def measure() -> tuple[Any, Any]:
        outputs = model(given)[0][:, :, 0]
        return torch.nn.functional.mse_loss(outputs, wanted), ((outputs >= 0.0) == (wanted > 0.0))[RUNG_AT].sum()

    about = {"title": f"{words.TITLE}: {words.BELL}", "seed": seed, "batch": PLACES + 1}
    return train(model, torch.optim.SGD(model.parameters(), lr=RATE_BELL), measure, STEPS_BELL, about)


def train_text(seed: int) -> Training:
    """Trains the network that reads a line."""
    import torch

    torch.manual_seed(seed)
    recurrent = torch.nn.RNN(len(TEXT.symbols), UNITS, dtype=torch.float64)
    answer = torch.nn.Linear(UNITS, len(TEXT.symbols), dtype=torch.float64)
    about = {"title": f"{words.TITLE}: {words.TEXT}", "seed": seed, "batch": 1}
    return train_reader(recurrent, answer, TEXT, RATE_TEXT, STEPS_TEXT, about)


def elman(tensors: Mapping[str, Any], given: Any, state: Any, prefix: str = "recurrent.") -> tuple[Any, dict[str, Any]]:
    """Returns what a layer of recurrent neurons (Elman's: tanh of input, last answers, biases) makes of one input: its answers, and vectors by name.

    PyTorch's two biases are always added together, so the graph shows their sum. With a layer "answer" there are "logits", too.
    """
    import torch

    linear = torch.nn.functional.linear
    memory = torch.zeros_like(tensors[f"{prefix}bias_hh_l0"]) if state is None else state
    sums = linear(given, tensors[f"{prefix}weight_ih_l0"], tensors[f"{prefix}bias_ih_l0"])
    sums = sums + linear(memory, tensors[f"{prefix}weight_hh_l0"], tensors[f"{prefix}bias_hh_l0"])
    hidden = torch.tanh(sums)
    vectors = {"memory": memory, "sum": sums, "hidden": hidden}
    if "answer.weight" in tensors:
        vectors["logits"] = linear(hidden, tensors["answer.weight"], tensors["answer.bias"])
    return hidden, vectors


def bell_graph() -> Graph:
    """Returns the graph of the neuron that keeps a bell in mind."""
    made = Graph()
    made.node("bell", "input", words.RINGS, (0.0, 0.0))
    made.node("one", "input", words.ALWAYS_ONE, (0.0, -1.0))
    made.node("memory", "memory", words.MEMORY, (1.75, 1.75))
    made.node("sum", "sum", words.SUM, (2.0, 0.0))
    made.node("hidden", "hidden", words.TANH, (3.25, 0.0))
    made.node("answer", "output", words.ANSWER, (4.5, 0.75))
    made.node("target", "target", words.TARGET, (4.5, -1.0))
    made.node("loss", "loss", words.LOSS, (5.5, 0.0))
    made.edge("weight", "bell", "sum")
    made.edge("recurrent", "memory", "sum")
    made.edge("bias", "one", "sum")
    made.flow("sum", "hidden", "answer")
    made.flow("hidden", "memory")
    made.flow("hidden", "loss")
    made.flow("target", "loss")
    return made


def text_graph() -> Graph:
    """Returns the graph of the network that reads a line."""
    made = Graph()
    units = [str(unit + 1) for unit in range(UNITS)]
    add_inputs(made, TEXT.symbols, 0.0)
    made.node("one", "input", words.ALWAYS_ONE, (0.0, -4.0))
    for unit, height in zip(units, heights(UNITS, 1.5), strict=True):
        made.node(f"memory_{unit}", "memory", words.MEMORY, (1.25 + 0.75 * int(unit), 3.75))
        made.node(f"sum_{unit}", "sum", words.SUM, (2.5, height))
        made.node(f"hidden_{unit}", "hidden", words.TANH, (3.75, height))
    made.node("one_answer", "input", words.ALWAYS_ONE, (3.75, -4.0))
    add_outputs(made, TEXT.symbols, 6.0, words.LOSS)
    sums, memories, hiddens = ([f"{name}_{unit}" for unit in units] for name in ("sum", "memory", "hidden"))
    outputs = names("output", TEXT.symbols)
    add_layer(made, "weight", names("input", TEXT.symbols), sums)
    add_layer(made, "recurrent", memories, sums)
    add_layer(made, "bias", ["one"], sums)
    add_layer(made, "weight", hiddens, outputs)
    add_layer(made, "bias", ["one_answer"], outputs)
    for unit in units:
        made.flow(f"sum_{unit}", f"hidden_{unit}", f"memory_{unit}")
    return made


def text_weights(tensors: Mapping[str, Any]) -> Mapping[str, float]:
    """Returns the weights of the network that reads a line, by the names of its edges."""
    sums, memories, hiddens = ([f"{name}_{unit + 1}" for unit in range(UNITS)] for name in ("sum", "memory", "hidden"))
    inputs, outputs = names("input", TEXT.symbols), names("output", TEXT.symbols)
    biases = tensors["recurrent.bias_ih_l0"] + tensors["recurrent.bias_hh_l0"]
    return {
        **layer(inputs, sums, tensors["recurrent.weight_ih_l0"].numpy()),
        **layer(memories, sums, tensors["recurrent.weight_hh_l0"].numpy()),
        **layer(["one"], sums, biases.numpy()[:, None]),
        **layer(hiddens, outputs, tensors["answer.weight"].numpy()),
        **layer(["one_answer"], outputs, tensors["answer.bias"].numpy()[:, None]),
    }
