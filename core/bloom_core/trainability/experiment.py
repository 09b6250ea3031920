"""What is trained at every place of a map, as a declared configuration: Sohl-Dickstein's experiment and its relatives.

One hidden layer without biases, of `width` = n neurons and as many inputs, learns random numbers:

    h = activation(√2 · x W₀ / √n)        ŷ = h W₁ / n        loss = mean (ŷ − y)²

with x, y, W₀, W₁ drawn from N(0, 1). For ReLU, activation(z) is √2 · max(z, 0). Source: the notebook of arXiv 2402.06184.
"""

from __future__ import annotations

from dataclasses import dataclass

ACTIVATIONS = ("tanh", "relu", "identity")
OPTIMIZERS = ("sgd", "momentum", "adam")
SCORES = ("sum", "final", "minimum", "threshold", "sensitivity")
SEEDS = ("shared", "pixel")

VALUES = ("input_rate", "output_rate", "init_scale", "offset", "momentum", "weight_decay")
"""Hyperparameters that may differ from network to network of one call of an engine, in the order in which engines take them."""

PARAMETERS = (*VALUES, "rate", "batch_size", "width")
"""What an axis may go along. `rate` is the learning rate of both layers; batch sizes and widths are rounded to whole numbers."""


class MapError(ValueError):
    """An experiment, a view or a map that cannot be as asked. The message says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Axis:
    """A side of the map: `parameter` from `low` to `high`, evenly in its logarithm where `logarithmic`."""

    parameter: str
    low: float
    high: float
    logarithmic: bool = True


@dataclass(frozen=True)
class Experiment:
    """What every place of a map trains, and along which axes places differ. A value that an axis goes along is ignored here.

    `points`: size of the data set, 0 for as many as there are weights, n² + n. `batch_size`: points of a minibatch, drawn with replacement, the same
    for every place; 0 for the whole set at every step. The loss is always that of the whole set. `offset` is added to W₀ whenever it is used.
    `init_scale` multiplies both layers' first weights. `momentum`: of the optimizer "momentum" (PyTorch's SGD), and Adam's beta₁; beta₂ is 0.999 and
    epsilon 1e-8. `weight_decay` is added to gradients as PyTorch's SGD and Adam do. `seeds` "pixel": every place draws its own data and weights.
    `threshold`: the share of the first loss that the score "threshold" waits for. `score`: what is coloured. `sensitivity`: whether the largest
    Lyapunov exponent of the training is measured (twice the work).
    """

    name: str = "reference"
    title: str = "tanh, whole batch"
    activation: str = "tanh"
    width: int = 16
    points: int = 0
    steps: int = 500
    optimizer: str = "sgd"
    batch_size: int = 0
    input_rate: float = 1.0
    output_rate: float = 1.0
    init_scale: float = 1.0
    offset: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 0.0
    seed: int = 0
    seeds: str = "shared"
    threshold: float = 0.1
    score: str = "sum"
    sensitivity: bool = False
    x: Axis = Axis("input_rate", 1e-3, 1e6)
    y: Axis = Axis("output_rate", 1e-3, 1e6)
    z: Axis | None = None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes: x and y, and z where there is one."""
        return (self.x, self.y) if self.z is None else (self.x, self.y, self.z)
