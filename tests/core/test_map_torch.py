"""The PyTorch engine: against PyTorch's own autograd and optimizers, network by network, in double precision."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core.native import Cancelled
from bloom_core.trainability.experiment import ACTIVATIONS, OPTIMIZERS, Experiment, MapError
from bloom_core.trainability.outcomes import COLUMNS, Problem
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.problem import make_problem
from bloom_core.trainability.torch_engine import TorchEngine

torch = pytest.importorskip("torch")

@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Autograd of networks this small is faster on one thread, and other tests want the others."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


STEPS, WIDTH, COUNT = 40, 6, 3


def small(**changes: object) -> Experiment:
    return replace(PRESETS["preview"], width=WIDTH, steps=STEPS, **changes)  # type: ignore[arg-type]


def some_values(*, rate: float = 1.0, seed: int = 0) -> NDArray[np.float64]:
    """Hyperparameters of COUNT networks, all of them unlike their defaults."""
    random = np.random.default_rng(seed)
    values = np.zeros((COUNT, 6, 2))
    values[:, :2, 0] = rate * 10 ** random.uniform(-2, 1, (COUNT, 2))
    values[:, 2, 0] = 10 ** random.uniform(-0.5, 0.5, COUNT)
    values[:, 3, 0] = random.normal(size=COUNT) * 0.3
    values[:, 4, 0], values[:, 5, 0] = 0.8, random.uniform(0, 0.05, COUNT)
    return values


def train(problem: Problem, values: NDArray[np.float64], experiment: Experiment, **changes: object) -> NDArray[np.float64]:
    given = {
        "activation": experiment.activation,
        "optimizer": experiment.optimizer,
        "steps": experiment.steps,
        "threshold": experiment.threshold,
        "precision": "double",
        "sensitivity": False,
        "progress": None,
    }
    return TorchEngine(threads=1).train(problem, values, **(given | changes))  # type: ignore[arg-type]


def losses_by_autograd(problem: Problem, values: NDArray[np.float64], experiment: Experiment, own: int = 0) -> NDArray[np.float64]:
    """The losses of one network, as anyone would train it with PyTorch."""
    rate0, rate1, scale, offset, momentum, decay = values[:, 0]
    inputs, targets = torch.tensor(problem.inputs[own]), torch.tensor(problem.targets[own])
    first = (torch.tensor(problem.input_weights[own]) * scale).requires_grad_()
    second = (torch.tensor(problem.output_weights[own]) * scale).requires_grad_()
    groups = [{"params": [first], "lr": rate0}, {"params": [second], "lr": rate1}]
    if experiment.optimizer == "adam":
        optimizer = torch.optim.Adam(groups, betas=(momentum, 0.999), weight_decay=decay)
    else:
        optimizer = torch.optim.SGD(groups, momentum=momentum if experiment.optimizer == "momentum" else 0.0, weight_decay=decay)
    width = inputs.shape[1]
    activation = {"tanh": torch.tanh, "relu": lambda z: math.sqrt(2.0) * torch.relu(z), "identity": lambda z: z}[experiment.activation]

    def loss(chosen: object) -> object:
        hidden = activation(math.sqrt(2.0) * inputs[chosen] @ (first + offset) / math.sqrt(width))
        return ((hidden @ second / width - targets[chosen]) ** 2).mean()

    losses = []
    for step in range(experiment.steps):
        losses.append(loss(slice(None)).item())
        optimizer.zero_grad()
        loss(slice(None) if problem.batches is None else problem.batches[step]).backward()
        optimizer.step()
    return np.array(losses)


def outcome_of(losses: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """The columns of `outcomes.COLUMNS` by their definition."""
    share = losses / losses[0]
    share = np.where(np.isfinite(losses) & (share < 1e6), share, 1e6)
    reached, died = np.flatnonzero(share < threshold), np.flatnonzero(~np.isfinite(losses))
    firsts = [float(found[0]) if len(found) else -1.0 for found in (reached, died)]
    return np.array([share.sum(), (1 / share).sum(), share[-20:].mean(), share[-1], share.min(), *firsts, np.nan])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("batch_size", [0, 5])
@pytest.mark.parametrize("seeds", ["shared", "pixel"])
def test_trains_as_torch_does(activation: str, optimizer: str, batch_size: int, seeds: str) -> None:
    experiment = small(activation=activation, optimizer=optimizer, threshold=0.95, seeds=seeds)
    places = None if seeds == "shared" else [(number, 0) for number in range(COUNT)]
    problem = make_problem(experiment, WIDTH, batch_size, places)
    values = some_values(rate=0.01 if optimizer == "adam" else 1.0)
    found = train(problem, values, experiment)
    for number in range(COUNT):
        losses = losses_by_autograd(problem, values[number], experiment, 0 if places is None else number)
        np.testing.assert_allclose(found[number], outcome_of(losses, 0.95), rtol=1e-6)


def test_networks_that_die_end_as_if_trained_on() -> None:
    experiment = small(activation="identity")
    problem = make_problem(experiment, WIDTH, 0)
    values = some_values()
    values[::2, :2, 0] = 1e5  # those die, the others do not
    found = train(problem, values, experiment)
    for number in range(COUNT):
        np.testing.assert_allclose(found[number], outcome_of(losses_by_autograd(problem, values[number], experiment), 0.1), rtol=1e-6)
    died = found[:, COLUMNS.index("died")]
    assert (died[::2] >= 0).all() and (died[1::2] == -1).all()


def test_early_exit_saves_steps() -> None:
    experiment = small(activation="identity")
    engine, values = TorchEngine(threads=1), np.repeat(some_values()[:1], 40, axis=0)
    values[:, :2, 0] = 1e6
    engine.train(
        make_problem(experiment, WIDTH, 0), values, activation="identity", optimizer="sgd", steps=STEPS, threshold=0.1, precision="float",
        sensitivity=False, progress=None,
    )  # fmt: skip
    assert 0 < engine.steps_played <= 24 * 40


def test_chunks_do_not_change_what_comes_out() -> None:
    experiment = small()
    problem = make_problem(experiment, WIDTH, 0)
    values = np.concatenate([some_values(seed=seed) for seed in range(240)])
    together = train(problem, values, experiment)
    assert TorchEngine().chunk(problem, len(values), 8, False) < len(values)  # so the call above was cut in several
    alone = np.concatenate([train(problem, values[low : low + 30], experiment) for low in range(0, len(values), 30)])
    np.testing.assert_allclose(together, alone, rtol=1e-4)


def test_a_gpu_gets_large_chunks_that_fit_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """No GPU is needed to say how many networks one would take."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    engine, reference = TorchEngine("cuda"), make_problem(PRESETS["reference"], 16, 0)
    sizes = []
    for free in (8 << 30, 128 << 30):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda free=free: (free, 2 * free))
        sizes.append(engine.chunk(reference, engine.networks, 4, False))
        assert sizes[-1] * 272 * 16 * 4 * 3 < free  # activations, slopes and one more
    assert 10_000 < sizes[0] < engine.networks == sizes[1] and engine.chunk(reference, 10, 4, False) == 10
    assert engine.name == "PyTorch cuda"


def test_progress_cancels_and_denormals_stay_as_they_were() -> None:
    experiment = small()
    told: list[float] = []

    def progress(share: float) -> bool:
        told.append(share)
        return share < 0.5

    with pytest.raises(Cancelled):
        train(make_problem(experiment, WIDTH, 0), some_values(), experiment, progress=progress)
    assert told == sorted(told) and 0.5 <= told[-1] < 1.0
    assert (torch.tensor([1e-39]) * 0.5).item() > 0.0


def test_refuses_what_it_has_not() -> None:
    experiment = small()
    with pytest.raises(MapError, match="native engine"):
        train(make_problem(experiment, WIDTH, 0), some_values(), experiment, precision="double-double")
    with pytest.raises(MapError, match="cpu or cuda"):
        TorchEngine("abacus")
    if not torch.cuda.is_available():
        with pytest.raises(MapError, match="no CUDA GPU"):
            TorchEngine("cuda")
