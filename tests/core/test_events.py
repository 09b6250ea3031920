"""Events of real trainings: nothing is found where nothing happened, and every injected fault is found at its step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core import events
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.trajectory import Event, Trajectory
from tests.core.event_trainings import (
    Rows,
    Training,
    broken,
    constant,
    digits,
    garbled,
    loud,
    mislabelled,
    perceptron,
    staircase,
    torch,
    warmup_cosine,
)

ALARMS = ("explosion", "loss_spike", "nonfinite", "skipped")


def of_kind(run: Trajectory, *kinds: str) -> list[Event]:
    return [event for event in events.find(run) if event.kind in kinds]


CLEAN = {
    "SGD, small batches": Training("SGD", 1200, 1, batch=4, schedule=warmup_cosine),
    "SGD": Training("SGD", 1500, 2),
    "SGD, staircase": Training("SGD", 1200, 3, schedule=staircase),
    "momentum": Training("momentum", 1500, 4, schedule=warmup_cosine),
    "momentum, small batches": Training("momentum", 1200, 5, batch=4),
    "momentum, recurrent": Training("momentum", 700, 6, model="recurrent"),
    "Adam": Training("Adam", 1500, 7),
    "Adam, clipped": Training("Adam", 900, 8, schedule=warmup_cosine, clip=1.0),
    "Adam, one sample a batch": Training("Adam", 1200, 9, batch=1),
    "AdamW": Training("AdamW", 1500, 10, schedule=warmup_cosine),
    "AdamW, large batches": Training("AdamW", 900, 11, batch=128, schedule=staircase),
    "AdamW, recurrent": Training("AdamW", 700, 12, model="recurrent", schedule=warmup_cosine),
}


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_training_raises_no_alarm(name: str) -> None:
    training = CLEAN[name]
    run = training.run()
    assert np.nanmean(run.loss[-50:]) < 0.5 * np.nanmean(run.loss[:10]), "the network does not even learn, so this proves nothing"
    assert [events.caption(event) for event in of_kind(run, *ALARMS)] == []
    steps = [event.step for event in of_kind(run, "lr_change")]
    assert steps == ([run.steps[training.steps // 3], run.steps[2 * training.steps // 3]] if training.schedule is staircase else [])


def test_the_usual_rule_would_raise_alarms_on_these_trainings() -> None:
    """The rule of many monitors (over 4 times the median, and 5 median absolute deviations above it) cries wolf where ours is silent."""
    run = CLEAN["momentum, small batches"].run()
    assert run.gradient_norm is not None
    gradient = np.sqrt(np.square(run.gradient_norm.astype(np.float64)).sum(axis=1))
    windows = np.lib.stride_tricks.sliding_window_view(gradient, 50)[:-1]
    middle = np.median(windows, axis=1)
    deviation = np.median(np.abs(windows - middle[:, None]), axis=1)
    assert np.count_nonzero((gradient[50:] > 4.0 * middle) & (gradient[50:] - middle > 5.0 * deviation)) > 50


def test_the_shipped_digits_raise_no_alarm() -> None:
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    assert of_kind(run, *ALARMS, "lr_change") == []
    ends = of_kind(run, "epoch")
    assert [event.value for event in ends] == list(range(1, int(np.floor(run.epoch[-1] + 0.01)) + 1))


def test_the_shipped_run_that_explodes_is_found_out() -> None:
    run = trajectory.read_run(trajectory.embedded_run("digits-exploding"))
    assert run.steps[np.argmax(run.update_size())] in [event.step for event in of_kind(run, "explosion")]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("optimizer", ["SGD", "momentum", "Adam", "AdamW"])
def test_bad_batches_are_found_at_their_step(optimizer: str, seed: int) -> None:
    """Twice wrong labels on large inputs, then garbled inputs. Momentum carries each over many steps: still one event each.

    (Right inputs that are only too large can go unfelt: a ReLU network that knows them names them rightly, with a loss and gradient of 0.)
    """
    faults = {160: mislabelled, 330: mislabelled, 500: garbled}
    run = Training(optimizer, 540, seed, schedule=(constant, warmup_cosine, staircase)[seed], faults=faults).run()
    found = of_kind(run, "explosion")
    assert [event.step for event in found] == list(faults)
    assert [event.batch for event in found] == [10_000 + step for step in faults]
    assert all(event.value is not None and event.value > 4.0 for event in found)
    assert all(event.layers for event in found)
    # Inputs that are too large are felt by what multiplies them: weights, not biases.
    assert all(event.layers[0].endswith("weight") for event in found)
    spikes = {event.step for event in of_kind(run, "loss_spike")}
    assert {160, 330} <= spikes, "wrong labels cost much loss"
    assert all(any(0 <= step - fault <= 5 for fault in faults) for step in spikes)


def test_the_first_layer_is_named_when_only_its_inputs_are_wrong() -> None:
    """A recurrent network keeps its state within ±1, so inputs a hundred times too large reach the gradient of their own weights alone."""
    run = Training("SGD", 400, 4, model="recurrent", faults={300: loud}).run()
    (event,) = of_kind(run, "explosion")
    assert event.step == 300 and event.layers[0] == "encoder.weight_ih_l0" and "head.weight" not in event.layers


def test_adam_damps_a_bad_batch_and_the_gradient_tells() -> None:
    """Adam's step is bounded: early, while its second moments are large, a gradient of a hundred times the usual moves little more than usual."""
    run = Training("Adam", 400, 0, faults={160: loud}).run()
    size = run.update_size()
    assert run.gradient_norm is not None
    gradient = np.linalg.norm(run.gradient_norm, axis=1)
    row = 159
    assert size[row] < 4.0 * np.median(size[row - 50 : row]) and gradient[row] > 20.0 * np.median(gradient[row - 50 : row])
    (event,) = of_kind(run, "explosion")
    assert (event.step, event.note) == (160, "gradient") and event.value is not None and event.value > 20.0
    assert "times the usual gradient" in events.caption(event)
    # Without gradients it cannot be seen at that step, and nothing is made up.
    blind = replace(run, gradient_norm=None)
    assert all(event.step >= 160 for event in of_kind(blind, "explosion"))


@pytest.mark.parametrize("optimizer", ["SGD", "momentum", "Adam"])
def test_clipping_hides_a_bad_batch_and_the_norm_before_it_tells(optimizer: str) -> None:
    run = Training(optimizer, 500, 3, clip=1.0, faults={200: mislabelled, 400: mislabelled}).run()
    assert run.gradient_norm is not None and np.linalg.norm(run.gradient_norm, axis=1).max() < 1.001
    found = of_kind(run, "explosion")
    assert [(event.step, event.note) for event in found] == [(200, "gradient"), (400, "gradient")]
    assert all(event.layers for event in found)
    hidden = replace(run, raw_gradient_norm=np.full(len(run.steps), np.nan, dtype=np.float32))
    assert of_kind(hidden, "explosion") == []


def test_two_bad_batches_soon_after_each_other_are_two_events() -> None:
    for optimizer in ("SGD", "momentum", "Adam"):
        run = Training(optimizer, 300, 6, faults={200: mislabelled, 225: mislabelled, 226: mislabelled}).run()
        assert [event.step for event in of_kind(run, "explosion")] == [200, 225], optimizer


@pytest.mark.parametrize("optimizer", ["SGD", "momentum", "Adam", "AdamW"])
def test_a_jump_of_the_learning_rate_is_no_explosion(optimizer: str) -> None:
    for jump, rate in ((10.0, 0.2), (0.1, 1.0)):
        run = Training(optimizer, 500, 5, rate=rate, rates={300: jump}).run()
        (event,) = of_kind(run, "lr_change")
        assert event.step == 300 and event.batch == 10_300 and event.value == pytest.approx(jump, rel=1e-4)
        # What a higher rate breaks later on is an event of its own; the jump itself is none.
        assert 300 not in [found.step for found in of_kind(run, "explosion")]


@pytest.mark.parametrize("optimizer", ["SGD", "momentum", "Adam"])
def test_a_number_that_is_none_is_found_at_its_step(optimizer: str) -> None:
    run = Training(optimizer, 300, 1, faults={200: broken}).run()
    (event,) = of_kind(run, "nonfinite")
    assert (event.step, event.batch, event.value) == (200, 10_200, 101.0)
    assert event.layers == tuple(layer.name for layer in run.layers)
    assert of_kind(run, "explosion", "loss_spike") == []


def test_faults_are_found_in_what_is_left_when_the_learning_rate_is_unknown() -> None:
    run = Training("momentum", 600, 1, faults={300: mislabelled}).run()
    unknown = replace(run, lr=np.full_like(run.lr, np.nan), batch_id=np.full_like(run.batch_id, -1))
    (event,) = of_kind(unknown, "explosion")
    assert (event.step, event.batch) == (300, None)


def test_optimizers_that_take_turns_are_judged_apart() -> None:
    """Two networks in turns, as in a GAN, one moving a hundred times as far as the other, eleven steps to one: a fault in either is found."""

    def train(faults: tuple[int, ...]) -> Trajectory:
        torch.manual_seed(3)
        torch.set_num_threads(1)
        inputs, labels = digits()
        pair = {"critic": perceptron(64, 32, 10), "maker": perceptron(64, 16, 10)}
        optimizers = {"critic": torch.optim.SGD(pair["critic"].parameters(), lr=0.003), "maker": torch.optim.SGD(pair["maker"].parameters(), lr=0.3)}
        parameters = {f"{part}.{name}": value for part, model in pair.items() for name, value in model.named_parameters()}
        rows = Rows(tuple(parameters), [tuple(value.shape) for value in parameters.values()])
        before = [value.detach().clone() for value in parameters.values()]
        for step in range(1, 801):
            part = "maker" if step % 12 == 0 else "critic"
            chosen = torch.randint(len(inputs), (32,))
            x, y = inputs[chosen], labels[chosen]
            if step in faults:
                x, y = mislabelled(x, y)
            loss = torch.nn.functional.cross_entropy(pair[part](x), y)
            for optimizer in optimizers.values():
                optimizer.zero_grad(set_to_none=False)
            loss.backward()
            optimizers[part].step()
            after = [value.detach().clone() for value in parameters.values()]
            rows.add(step, step / 50, loss.item(), 0.03, float("nan"), before, after, [value.grad for value in parameters.values()])
            before = after
        return rows.trajectory({"optimizer": "SGD"})

    assert of_kind(train(()), "explosion", "nonfinite") == []
    found = of_kind(train((401, 600)), "explosion")
    assert [event.step for event in found] == [401, 600]
    assert all(name.startswith("critic") for name in found[0].layers) and all(name.startswith("maker") for name in found[1].layers)


def test_a_rate_that_is_too_high_jitters_and_a_lower_one_does_not() -> None:
    """Full batches, so that nothing but the rate makes updates undo each other: in a valley of curvature c, those above 2 / c bounce."""
    torch.manual_seed(0)
    def descend(rate: float, momentum: float) -> Trajectory:
        curvature = torch.tensor([0.01, 0.03, 0.1, 1.0])
        place = torch.nn.Parameter(torch.ones(4))
        optimizer = torch.optim.SGD([place], lr=rate, momentum=momentum)
        rows = Rows(("place",), [(4,)])
        for step in range(1, 301):
            before = place.detach().clone()
            loss = 0.5 * (curvature * place.square()).sum() + 0.02 * (torch.randn(4) * place).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rows.add(step, 0.0, loss.item(), rate, float("nan"), [before], [place.detach().clone()], [place.grad])
        return rows.trajectory({"optimizer": {"name": "SGD", "momentum": momentum}})

    assert of_kind(descend(0.2, 0.0), "jitter") == []
    (event,) = of_kind(descend(1.95, 0.0), "jitter")
    assert event.step < 40 and event.value is not None and event.value < -0.5 and event.note == "period 2"
    # Momentum alone makes a cosine of about its own size: what is steady without it is a sign of bouncing with it.
    assert of_kind(descend(0.02, 0.9), "jitter") == []
    assert of_kind(descend(3.6, 0.9), "jitter") != []


def test_settling_says_whether_the_schedule_alone_explains_it() -> None:
    large = Training("SGD", 800, 1, batch=64, schedule=warmup_cosine).run()
    (event,) = of_kind(large, "settled")
    assert event.note == "schedule" and 450 < event.step < 760 and event.value is not None and event.value < 0.1
    (event,) = of_kind(replace(large, lr=np.full_like(large.lr, np.nan)), "settled")
    assert event.note == "unknown"
    # A rate that stays: whatever settles has converged.
    few = Training("momentum", 1000, 2, batch=64, rate=3.0).run()
    (event,) = of_kind(few, "settled")
    assert event.note == "convergence"


def test_faults_are_found_in_a_run_that_was_recorded(tmp_path: Path) -> None:
    """The whole way: recorded, packed, read, found."""
    pytest.importorskip("sklearn", reason="closing a run fits its reductions")
    from bloom_core.recorder import record

    torch.manual_seed(0)
    torch.set_num_threads(1)
    inputs, labels = digits()
    model = perceptron(64, 32, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    with record(model, optimizer, tmp_path / "run.bloom") as run:
        for step in range(1, 301):
            chosen = torch.randint(len(inputs), (32,))
            x, y = inputs[chosen], labels[chosen]
            if step in (120, 240):
                x, y = (mislabelled if step == 120 else broken)(x, y)
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss, batch_id=7000 + step, epoch=step / 100)
    trajectory.pack_run(tmp_path / "run.bloom", tmp_path / "packed.bloom")
    found = of_kind(trajectory.read_run(tmp_path / "packed.bloom"), *ALARMS, "lr_change")
    expected = [(120, "explosion", 7120), (120, "loss_spike", 7120), (240, "nonfinite", 7240)]
    assert [(event.step, event.kind, event.batch) for event in found] == expected
