"""The recorder, on real PyTorch: what it stores is what the optimizer did, computed here another way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core import recorder
from bloom_core.trajectories.run_columns import cosines
from bloom_core.trajectories.sketch import sketch
from bloom_core.trajectories.trajectory import RunError, read_run

torch = pytest.importorskip("torch", reason="PyTorch is not installed; the recorder is part of the extra `train`")
torch.set_num_threads(1)


def make(seed: int = 0, rate: float = 0.1) -> tuple[Any, Any]:
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3))
    return model, torch.optim.SGD(model.parameters(), lr=rate, momentum=0.5)


def flat(model: Any) -> list[np.ndarray[Any, Any]]:
    return [parameter.detach().double().numpy().ravel().copy() for parameter in model.parameters()]


def train(model: Any, optimizer: Any, run: Any, steps: int) -> list[Any]:
    """Makes `steps` steps on random data and returns what happened, measured apart from the recorder."""
    seen = []
    for step in range(steps):
        loss = (model(torch.randn(4, 6)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        gradients = [parameter.grad.norm().item() for parameter in model.parameters()]
        before = flat(model)
        optimizer.step()
        run.log(loss=loss, batch_id=step % 7, epoch=step / 10)
        after = flat(model)
        seen.append(([new - old for new, old in zip(after, before, strict=True)], after, gradients, loss.item()))
    return seen


def test_records_exactly_what_the_optimizer_did(tmp_path: Path) -> None:
    model, optimizer = make()
    with recorder.record(model, optimizer, tmp_path / "run.bloom", flush=16, meta={"title": "test"}) as run:
        seen = train(model, optimizer, run, 50)
    found = read_run(tmp_path / "run.bloom", sketches=True)
    np.testing.assert_array_equal(found.steps, np.arange(1, 51))
    np.testing.assert_array_equal(found.batch_id, np.arange(50) % 7)
    np.testing.assert_allclose(found.epoch, np.arange(50) / 10, rtol=1e-6)
    np.testing.assert_allclose(found.lr, 0.1, rtol=1e-6)
    np.testing.assert_allclose(found.loss, [entry[3] for entry in seen], rtol=1e-6)
    np.testing.assert_allclose(found.update_norm, [[np.linalg.norm(u) for u in entry[0]] for entry in seen], rtol=1e-6)
    np.testing.assert_allclose(found.parameter_norm, [[np.linalg.norm(p) for p in entry[1]] for entry in seen], rtol=1e-5)
    assert found.gradient_norm is not None
    np.testing.assert_allclose(found.gradient_norm, [entry[2] for entry in seen], rtol=1e-5)
    whole = sketch(np.array([np.concatenate(entry[0]) for entry in seen]))
    assert found.sketch is not None
    np.testing.assert_allclose(found.sketch.sum(axis=1), whole, atol=1e-6)
    np.testing.assert_allclose(found.cosine, cosines(whole, np.zeros((2, 64))), atol=1e-5)
    assert np.isfinite(found.cosine[2:]).all() and np.isnan(found.raw_gradient_norm).all() and (np.diff(found.wall) > 0.0).all()
    assert not found.nonfinite.any()
    assert [layer.name for layer in found.layers] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert found.layers[0].shape == (5, 6) and found.layers[0].group == "0"
    assert found.meta["optimizer"]["name"] == "SGD" and found.meta["optimizer"]["momentum"] == 0.5
    assert found.meta["closed"] and found.meta["title"] == "test" and found.meta["ended"] == "complete"


def test_recording_does_not_change_the_training(tmp_path: Path) -> None:
    plain, optimizer = make()
    watched, watched_optimizer = make()
    with recorder.record(watched, watched_optimizer, tmp_path / "run") as run:
        torch.manual_seed(5)
        train(watched, watched_optimizer, run, 20)
    torch.manual_seed(5)
    train(plain, optimizer, run, 20)  # the closed recorder hears nothing of this
    for one, other in zip(flat(plain), flat(watched), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(read_run(tmp_path / "run").steps) == 20


def test_an_exception_closes_the_run_and_goes_on(tmp_path: Path) -> None:
    model, optimizer = make()
    with pytest.raises(KeyboardInterrupt), recorder.record(model, optimizer, tmp_path / "run") as run:
        train(model, optimizer, run, 3)
        raise KeyboardInterrupt
    found = read_run(tmp_path / "run")
    assert len(found.steps) == 3 and found.meta["ended"] == "KeyboardInterrupt"


def test_an_explosion_is_marked_and_readable(tmp_path: Path) -> None:
    model, optimizer = make(rate=1e6)
    with recorder.record(model, optimizer, tmp_path / "run") as run:
        train(model, optimizer, run, 30)
    found = read_run(tmp_path / "run")
    assert found.nonfinite[-1] == 1 and found.nonfinite[0] == 0
    first = int(np.argmax(found.nonfinite)) + 1
    assert [(event.step, event.kind) for event in found.events] == [(first, "nonfinite")]
    unsound = ~np.isfinite(np.stack([found.update_norm, found.parameter_norm, found.gradient_norm])[:, first - 1]).all(axis=0)
    assert found.events[0].batch == (first - 1) % 7
    assert found.events[0].layers == tuple(layer.name for layer, bad in zip(found.layers, unsound, strict=True) if bad) != ()
    assert np.isfinite(found.cosine[: first - 1][2:]).all() and found.reduction is not None


def test_embeddings_frozen_layers_and_description(tmp_path: Path) -> None:
    model, optimizer = make()
    model[0].bias.requires_grad_(False)
    with recorder.record(model, optimizer, tmp_path / "run") as run:
        run.embeddings(model[2].weight, ["a", "b", "c"], epoch=0)
        for step in range(5):
            (model(torch.ones(1, 6)) ** 2).mean().backward()
            optimizer.step()
            assert run.step == step + 1
        run.embeddings(model[2].weight, ["a", "b", "c"], epoch=1)
        run.describe(accuracy=[0.5])
        with pytest.raises(RunError, match="one word for each row"):
            run.embeddings(model[2].weight, ["a"])
    found = read_run(tmp_path / "run")
    assert [layer.name for layer in found.layers] == ["0.weight", "2.weight", "2.bias"]
    assert found.embeddings is not None and found.embeddings.words == ("a", "b", "c")
    np.testing.assert_array_equal(found.embeddings.steps, [0, 5])
    np.testing.assert_array_equal(found.embeddings.values[-1], model[2].weight.detach().numpy())
    assert found.meta["accuracy"] == [0.5]
    assert np.isnan(found.loss).all() and (found.batch_id == -1).all()


def test_parameter_groups_and_schedules(tmp_path: Path) -> None:
    model, _ = make()
    optimizer = torch.optim.AdamW([{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters(), "lr": 0.01}])
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    with recorder.record(model, optimizer, tmp_path / "run") as run:
        for _ in range(3):
            train(model, optimizer, run, 1)
            schedule.step()
    np.testing.assert_allclose(read_run(tmp_path / "run").lr, [[0.1, 0.01], [0.05, 0.005], [0.025, 0.0025]], rtol=1e-6)


def test_refuses_a_taken_place_and_an_untrainable_model(tmp_path: Path) -> None:
    model, optimizer = make()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "something").write_text("")
    with pytest.raises(RunError, match="already there"):
        recorder.record(model, optimizer, tmp_path / "run")
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="no trainable parameters"):
        recorder.record(model, optimizer, tmp_path / "other")


@pytest.mark.parametrize("kind", ["bfloat16", "float16", "float64"])
def test_other_precisions(tmp_path: Path, kind: str) -> None:
    model, _ = make()
    model = model.to(getattr(torch, kind))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = np.concatenate(flat(model))
    with recorder.record(model, optimizer, tmp_path / "run") as run:
        (model(torch.ones(1, 6, dtype=getattr(torch, kind))) ** 2).mean().backward()
        optimizer.step()
        run.log(loss=1.0)
    update = np.concatenate(flat(model)) - before
    found = read_run(tmp_path / "run", sketches=True)
    np.testing.assert_allclose(np.linalg.norm(found.update_norm[0]), np.linalg.norm(update), rtol=1e-6)
    np.testing.assert_allclose(found.sketch.sum(axis=1), sketch(update[None]), atol=1e-6)
    gradients = [float(parameter.grad.double().norm()) for parameter in model.parameters()]
    np.testing.assert_allclose(found.gradient_norm[0], gradients, rtol=1e-5)
    assert found.loss[0] == 1.0


def test_tiny_updates_of_doubles_are_not_lost(tmp_path: Path) -> None:
    model = torch.nn.Linear(100, 3).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-12)
    with recorder.record(model, optimizer, tmp_path / "run"):
        model(torch.ones(1, 100).double()).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(read_run(tmp_path / "run").update_norm[0], [1e-12 * 300**0.5, 1e-12 * 3**0.5], rtol=1e-3)


def test_parts_are_chosen_or_found(tmp_path: Path) -> None:
    model, optimizer = make()
    with recorder.record(model, optimizer, tmp_path / "run", parts={"front": "0.*"}) as run:
        train(model, optimizer, run, 3)
    found = read_run(tmp_path / "run")
    assert found.parts == ("front", "rest") and [layer.part for layer in found.layers] == ["front", "front", "rest", "rest"]
    with pytest.raises(ValueError, match="no parameter"):
        recorder.record(model, optimizer, tmp_path / "other", parts={"front": "encoder.*"})
    assert not (tmp_path / "other").exists()


def test_what_is_said_of_a_step(tmp_path: Path) -> None:
    """Said once and after the step; an epoch holds; numbers of every kind are taken, others refused."""
    model, optimizer = make()
    with recorder.record(model, optimizer, tmp_path / "run") as run:
        run.log(loss=9.0, epoch=0.5)  # no step yet
        for step in range(3):
            (model(torch.ones(1, 6)) ** 2).mean().backward()
            optimizer.step()
            run.log(loss=torch.tensor([float(step)]), gradient_norm=np.float32(step + 0.5))
            run.log(loss=100.0, batch_id=step)
        run.event("here", torch.tensor(2.0))
        run.event("there", float("nan"))
        with pytest.raises(ValueError, match="one number"):
            run.log(loss=torch.ones(2))
        with pytest.raises(ValueError, match="finite"):
            run.log(epoch=float("nan"))
        with pytest.raises(TypeError):
            run.describe(model=model)
    found = read_run(tmp_path / "run")
    np.testing.assert_array_equal(found.loss, [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(found.batch_id, [0, 1, 2])
    np.testing.assert_array_equal(found.raw_gradient_norm, [0.5, 1.5, 2.5])
    np.testing.assert_array_equal(found.epoch, 0.5)
    assert [(event.step, event.kind, event.value) for event in found.events] == [(3, "here", 2.0), (3, "there", None)]


def test_steps_that_are_not_an_optimizers_are_marked(tmp_path: Path) -> None:
    model, _ = make()
    with recorder.record(model, None, tmp_path / "run") as run:
        for step in range(4):
            with torch.no_grad():
                model[0].weight += 1.0
            run.mark_step([0.1 * step], gradient_norm=3.0)
            run.log(loss=step)
    found = read_run(tmp_path / "run")
    np.testing.assert_allclose(found.update_norm, [[30**0.5, 0, 0, 0]] * 4, rtol=1e-6)
    np.testing.assert_allclose(found.lr[:, 0], [0.0, 0.1, 0.2, 0.3], rtol=1e-6)
    np.testing.assert_array_equal(found.raw_gradient_norm, 3.0)


def test_importing_bloom_does_not_import_torch() -> None:
    code = "import sys, bloom_core; bloom_core.record; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
