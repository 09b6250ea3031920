"""The lesson "songs": the table of four songs by modern, sad and piano, whose answer is XOR. One neuron cannot learn it, a hidden layer can.

Each step is plain gradient descent on the mean squared error of all four songs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from bloom_core.lessons import songs_words as words
from bloom_core.lessons.graph import Graph
from bloom_core.lessons.lesson import DoubleArray, Lesson
from bloom_core.lessons.training import Training, eventful, faster, train

SONGS = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=np.float64)
"""The songs by modern, sad and piano."""

LIKED = np.array([0, 1, 1, 0], dtype=np.float64)
SEED_ALONE, SEED_HIDDEN = 0, 69
SPREAD = 1.5
"""Standard deviation of the single neuron's first weights: large enough that one sees them shrink."""

RATE_ALONE, STEPS_ALONE = 2.0, 300
STUCK_BELOW = 0.2501
"""Loss at which the single neuron is as good as stuck; it cannot get below 1/4, and gets there from everywhere."""

HIDDEN, RATE_HIDDEN, STEPS_HIDDEN = 2, 4.0, 1000
OTHER_SEEDS = 100


def record(seed: int | None = None) -> Lesson:
    """Trains both networks, from the first weights of `seed` if one is given, and returns the lesson."""
    from bloom_core.lessons.songs_telling import alone_act, hidden_act

    alone, steps = None, STEPS_ALONE
    while alone is None or alone.losses[-1] > STUCK_BELOW:  # some first weights take longer to shrink
        alone, steps = train_network(alone_model(SEED_ALONE if seed is None else seed), RATE_ALONE, steps, words.ALONE), 2 * steps
    alone = alone.only([1, *faster(2, int(alone.steps[-1]), 40)])
    hidden = train_network(hidden_model(SEED_HIDDEN if seed is None else seed), RATE_HIDDEN, STEPS_HIDDEN, words.TOGETHER)
    hidden = hidden.only([1, *faster(2, STEPS_HIDDEN, 28), *eventful(hidden.losses, 28), *hidden.milestones()])
    return Lesson("songs", words.TITLE, (alone_act(alone), hidden_act(hidden, share_that_learns())), (alone.run, hidden.run))


def alone_model(seed: int) -> Any:
    """Returns one neuron for three inputs, without a bias of its own: the piano is it."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    model = nn.Sequential(OrderedDict(answer=nn.Linear(3, 1, bias=False, dtype=torch.float64), sigmoid=nn.Sigmoid()))
    nn.init.normal_(model.answer.weight, std=SPREAD)
    return model


def hidden_model(seed: int) -> Any:
    """Returns two hidden neurons and one that hears them."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    hidden, answer = nn.Linear(3, HIDDEN, bias=False, dtype=torch.float64), nn.Linear(HIDDEN, 1, dtype=torch.float64)
    return nn.Sequential(OrderedDict(hidden=hidden, bend=nn.Sigmoid(), answer=answer, sigmoid=nn.Sigmoid()))


def train_network(model: Any, rate: float, steps: int, title: str) -> Training:
    """Trains a network on all four songs at once."""
    import torch

    given, wanted = torch.from_numpy(SONGS), torch.from_numpy(LIKED)

    def measure() -> tuple[Any, Any]:
        outputs = model(given)[:, 0]
        return torch.nn.functional.mse_loss(outputs, wanted), ((outputs >= 0.5) == (wanted == 1.0)).sum()

    about = {"title": f"{words.TITLE}: {title}", "batch": len(SONGS)}
    return train(model, torch.optim.SGD(model.parameters(), lr=rate), measure, steps, about)


def share_that_learns() -> int:
    """Returns how many of OTHER_SEEDS networks with a hidden layer, each from the first weights of its seed, have all songs right in the end."""
    import torch

    models = [hidden_model(seed) for seed in range(OTHER_SEEDS)]
    given, wanted = torch.from_numpy(SONGS), torch.from_numpy(LIKED)
    first, second, bias = (
        torch.stack([value.detach() for value in values]).requires_grad_() for values in zip(*(model.parameters() for model in models), strict=True)
    )
    optimizer = torch.optim.SGD([first, second, bias], lr=RATE_HIDDEN)

    def outputs() -> Any:
        hidden = torch.sigmoid(given @ first.transpose(1, 2))
        return torch.sigmoid(hidden @ second.transpose(1, 2) + bias[:, None])[:, :, 0]

    for _ in range(STEPS_HIDDEN):
        loss = ((outputs() - wanted) ** 2).mean(dim=1).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return int(((outputs() >= 0.5) == (wanted == 1.0)).all(dim=1).sum())


def alone_graph() -> Graph:
    """Returns the graph of the single neuron."""
    made = Graph()
    _inputs(made)
    _end(made, 2.0)
    for name, kind in (("modern", "weight"), ("sad", "weight"), ("piano", "bias")):
        made.edge(kind, name, "sum")
    return made


def hidden_graph() -> Graph:
    """Returns the graph of the network with a hidden layer."""
    made = Graph()
    _inputs(made)
    for unit in range(HIDDEN):
        height = 0.8 - 1.6 * unit
        made.node(f"sum_{unit + 1}", "sum", words.SUM, (2.0, height))
        made.node(f"hidden_{unit + 1}", "activation", words.HIDDEN[unit], (3.0, height))
    made.node("one", "input", words.ALWAYS_ONE, (3.0, -2.0))
    _end(made, 5.0)
    for unit in range(1, HIDDEN + 1):
        for name, kind in (("modern", "weight"), ("sad", "weight"), ("piano", "bias")):
            made.edge(kind, name, f"sum_{unit}")
        made.flow(f"sum_{unit}", f"hidden_{unit}")
        made.edge("weight", f"hidden_{unit}", "sum")
    made.edge("bias", "one", "sum")
    return made


def _inputs(made: Graph) -> None:
    for name, label, height in (("modern", words.MODERN, 1.0), ("sad", words.SAD, 0.0), ("piano", words.PIANO, -1.0)):
        made.node(name, "input", label, (0.0, height))


def _end(made: Graph, left: float) -> None:
    """Adds the neuron that answers, its target and its loss."""
    made.node("sum", "sum", words.SUM, (left, 0.0))
    made.node("sigmoid", "activation", words.SIGMOID, (left + 1.0, 0.0))
    made.node("answer", "output", words.ANSWER, (left + 2.0, 0.75))
    made.node("target", "target", words.TARGET, (left + 2.0, -1.0))
    made.node("loss", "loss", words.LOSS, (left + 3.0, 0.0))
    made.flow("sum", "sigmoid", "answer")
    made.flow("sigmoid", "loss")
    made.flow("target", "loss")


def flow_through(tensors: Mapping[str, Any], inputs: DoubleArray) -> dict[str, DoubleArray]:
    """Returns what PyTorch makes of inputs (P, 3), for all nodes that depend on them: name → (P,)."""
    import torch

    given = torch.from_numpy(inputs)
    flow: dict[str, Any] = {}
    if "hidden.weight" in tensors:
        sums = torch.nn.functional.linear(given, tensors["hidden.weight"])
        given = torch.sigmoid(sums)
        for unit in range(HIDDEN):
            flow |= {f"sum_{unit + 1}": sums[:, unit], f"hidden_{unit + 1}": given[:, unit]}
    flow["sum"] = torch.nn.functional.linear(given, tensors["answer.weight"], tensors.get("answer.bias"))[:, 0]
    flow["sigmoid"] = torch.sigmoid(flow["sum"])
    return {name: values.numpy() for name, values in flow.items()}


def pulls(tensors: Mapping[str, Any]) -> DoubleArray:
    """Returns how each song pulls at the single neuron's weights, (4, 3): minus the gradient of its own loss."""
    import torch

    weight = tensors["answer.weight"].clone().requires_grad_()
    outputs = torch.sigmoid(torch.nn.functional.linear(torch.from_numpy(SONGS), weight))[:, 0]
    losses = (outputs - torch.from_numpy(LIKED)) ** 2
    gradients: DoubleArray = np.stack([torch.autograd.grad(loss, weight, retain_graph=True)[0][0].numpy() for loss in losses])
    return -gradients
