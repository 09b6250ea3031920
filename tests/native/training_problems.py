"""Small problems to train on, and the same trainings by others: PyTorch's autograd and optimizers, and Python's decimal numbers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import VALUES
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.outcomes import CEILING, TAIL, Problem

Doubles = NDArray[np.float64]


def problem(width: int, points: int, *, sets: int = 1, steps: int = 0, batch: int = 0, seed: int = 0) -> Problem:
    """Draws data and first weights, and minibatches for `steps` where `batch` is not 0."""
    random = np.random.default_rng(seed)
    inputs, targets = random.standard_normal((sets, points, width)), random.standard_normal((sets, points))
    weights = random.standard_normal((sets, width, width)), random.standard_normal((sets, width))
    return Problem(inputs, targets, *weights, random.integers(0, points, (steps, batch)).astype(np.int32) if batch else None)


def values(count: int, **given: float | Doubles) -> Doubles:
    """Returns hyperparameters (count, 6, 2): rates and scale 1, all else 0, but for those that are given, each one or `count` of them."""
    out = np.zeros((count, len(VALUES), 2))
    for name in ("input_rate", "output_rate", "init_scale"):
        out[:, VALUES.index(name), 0] = 1.0
    for name, value in given.items():
        out[:, VALUES.index(name), 0] = value
    return out


def train(made: Problem, given: Doubles, steps: int, *, threads: int = 1, **settings: Any) -> Doubles:
    """Trains with the native engine: tanh by SGD in double, where nothing else is said."""
    ours: dict[str, Any] = {"activation": "tanh", "optimizer": "sgd", "threshold": 0.1, "precision": "double", "sensitivity": False, "progress": None}
    return NativeEngine(threads).train(made, given, steps=steps, **ours | settings)


def score(losses: Doubles, threshold: float) -> Doubles:
    """Returns outcomes (N, 7), all but the sensitivity, of losses (N, steps), as `outcomes.COLUMNS` defines them."""
    with np.errstate(all="ignore"):
        v = losses / losses[:, :1]
        v = np.where(v <= CEILING, v, CEILING)
        columns = [v.sum(1), (1 / v).sum(1), v[:, -TAIL:].mean(1), v[:, -1], v.min(1)]
    columns += [np.where(found.any(1), found.argmax(1), -1) for found in (v < threshold, ~np.isfinite(losses))]
    return np.stack(columns, axis=1)


def losses_by_torch(made: Problem, given: Doubles, steps: int, activation: str, optimizer: str) -> Doubles:
    """Returns the losses (N, steps) before each step, of networks trained one by one in float64 by autograd and torch.optim."""
    import torch

    torch.set_num_threads(1)
    root = 2.0**0.5
    shapes: dict[str, Callable[[Any], Any]] = {"tanh": torch.tanh, "relu": lambda z: root * torch.relu(z), "identity": lambda z: z}
    activate, out = shapes[activation], np.empty((len(given), steps))
    for index, row in enumerate(given[:, :, 0]):
        input_rate, output_rate, scale, offset, momentum, decay = map(float, row)
        arrays = (made.inputs, made.targets, made.input_weights, made.output_weights)
        x, y, first, last = (torch.tensor(array[index % len(array)]) for array in arrays)
        first, last = (first * scale).requires_grad_(), (last * scale).requires_grad_()
        groups: list[dict[str, Any]] = [{"params": [first], "lr": input_rate}, {"params": [last], "lr": output_rate}]
        taking: dict[str, Any] = {
            "sgd": lambda groups=groups, decay=decay: torch.optim.SGD(groups, weight_decay=decay),
            "momentum": lambda groups=groups, decay=decay, momentum=momentum: torch.optim.SGD(groups, momentum=momentum, weight_decay=decay),
            "adam": lambda groups=groups, decay=decay, momentum=momentum: torch.optim.Adam(groups, betas=(momentum, 0.999), weight_decay=decay),
        }
        taken, width = taking[optimizer](), x.shape[1]

        def loss(points: Any, x: Any = x, y: Any = y, first: Any = first, last: Any = last, offset: float = offset, width: int = width) -> Any:
            hidden = activate(root * (x[points] @ (first + offset)) / width**0.5)
            return ((hidden @ last / width - y[points]) ** 2).mean()

        for step in range(steps):
            taken.zero_grad()
            out[index, step] = loss(slice(None)).item()
            loss(slice(None) if made.batches is None else torch.tensor(made.batches[step].astype(np.int64))).backward()
            taken.step()
    return out


_each = np.vectorize(Decimal, otypes=[object])


def _tanh(x: Decimal) -> Decimal:
    power = (2 * x).exp()
    return (power - 1) / (power + 1)


def outputs_in_decimal(made: Problem, row: Doubles, steps: int, activation: str, optimizer: str) -> list[list[Decimal]]:
    """Returns the outputs of a network (hyperparameters `row` (6, 2)) at all points before each step, in the decimal context's precision."""
    x, y, first, last = (_each(array[0]) for array in (made.inputs, made.targets, made.input_weights, made.output_weights))
    input_rate, output_rate, scale, offset, momentum, decay = (Decimal(float(high)) + Decimal(float(low)) for high, low in row)
    width, points, root, beta2 = Decimal(x.shape[1]), Decimal(len(y)), Decimal(2).sqrt(), Decimal("0.999")
    factor, weights, out = root / width.sqrt(), [first * scale, last * scale], []
    means, squares = [weight * 0 for weight in weights], [weight * 0 for weight in weights]
    for step in range(1, steps + 1):
        z = (x @ (weights[0] + offset)) * factor
        if activation == "tanh":
            hidden = np.vectorize(_tanh, otypes=[object])(z)
            slope = 1 - hidden * hidden
        elif activation == "relu":
            hidden, slope = np.where(z > 0, z * root, z * 0), np.where(z > 0, z * 0 + root, z * 0)
        else:
            hidden, slope = z, z * 0 + 1
        answer = hidden @ weights[1] / width
        out.append(list(answer))
        error = 2 * (answer - y) / (points * width)
        gradients = (x.T @ (error[:, None] * weights[1] * slope) * factor, hidden.T @ error)
        for layer, (gradient, rate) in enumerate(zip(gradients, (input_rate, output_rate), strict=True)):
            move = gradient + decay * weights[layer]
            if optimizer == "momentum":
                move = means[layer] = momentum * means[layer] + move
            if optimizer == "adam":
                means[layer] = means[layer] + (1 - momentum) * (move - means[layer])
                squares[layer] = beta2 * squares[layer] + (1 - beta2) * move * move
                corrected = np.vectorize(lambda v, step=step: (v / (1 - beta2**step)).sqrt(), otypes=[object])(squares[layer])
                move = means[layer] / (1 - momentum**step) / (corrected + Decimal("1e-8"))
            weights[layer] = weights[layer] - rate * move
    return out
