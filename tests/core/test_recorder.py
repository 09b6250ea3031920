"""The recorder, on real PyTorch: what it stores is what the optimizer did, computed here another way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core import recorder
from bloom_core.sketch import DIMENSIONS, buckets_and_signs, sketch
from bloom_core.trajectory import RunError, Trajectory, read_run

torch = pytest.importorskip("torch", reason="PyTorch is not installed; the recorder is part of the extra `train`")


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
    found = read_run(tmp_path / "run.bloom")
    np.testing.assert_array_equal(found.steps, np.arange(1, 51))
    np.testing.assert_array_equal(found.batch_id, np.arange(50) % 7)
    np.testing.assert_allclose(found.epoch, np.arange(50) / 10, rtol=1e-6)
    np.testing.assert_allclose(found.lr, 0.1, rtol=1e-6)
    np.testing.assert_allclose(found.loss, [entry[3] for entry in seen], rtol=1e-6)
    np.testing.assert_allclose(found.update_norm, [[np.linalg.norm(u) for u in entry[0]] for entry in seen], rtol=1e-4)
    np.testing.assert_allclose(found.parameter_norm, [[np.linalg.norm(p) for p in entry[1]] for entry in seen], rtol=1e-5)
    assert found.gradient_norm is not None
    np.testing.assert_allclose(found.gradient_norm, [entry[2] for entry in seen], rtol=1e-5)
    whole = sketch(np.array([np.concatenate(entry[0]) for entry in seen]))
    np.testing.assert_allclose(found.sketch.sum(axis=1), whole, atol=1e-6)
    assert not found.nonfinite.any()
    assert [layer.name for layer in found.layers] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert found.layers[0].shape == (5, 6) and found.layers[0].group == "0"
    assert found.meta["optimizer"] == "SGD" and found.meta["closed"] and found.meta["title"] == "test" and found.meta["ended"] == "complete"
    assert found.reduction is not None
    assert len(list((tmp_path / "run.bloom").glob("steps-*.npz"))) == 4


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


def killed(tmp_path: Path) -> Trajectory:
    model, optimizer = make()
    run = recorder.record(model, optimizer, tmp_path / "killed", flush=8)
    train(model, optimizer, run, 21)  # and never closed
    return read_run(tmp_path / "killed")


def test_a_killed_recording_keeps_its_shards(tmp_path: Path) -> None:
    found = killed(tmp_path)
    assert len(found.steps) == 16 and found.meta["closed"] is False
    assert np.isfinite(found.loss).all()


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
    assert np.isfinite(found.positions()).all()


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


def test_half_precision_parameters(tmp_path: Path) -> None:
    model, _ = make()
    model = model.bfloat16()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with recorder.record(model, optimizer, tmp_path / "run") as run:
        (model(torch.ones(1, 6, dtype=torch.bfloat16)) ** 2).mean().backward()
        optimizer.step()
        run.log(loss=1.0)
    found = read_run(tmp_path / "run")
    assert found.loss[0] == 1.0 and np.isfinite(found.update_norm).all() and found.update_norm.max() > 0.0


def test_sketches_of_shards_add_up() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(3, 1000))
    parts = sketch(vectors[:, :300]) + sketch(vectors[:, 300:], start=300)
    np.testing.assert_allclose(parts, sketch(vectors), atol=1e-5)


def test_sketch_keeps_lengths_in_the_mean() -> None:
    vectors = np.random.default_rng(0).normal(size=(400, 2000))
    ratio = np.linalg.norm(sketch(vectors), axis=1) ** 2 / np.linalg.norm(vectors, axis=1) ** 2
    assert abs(ratio.mean() - 1.0) < 0.05 and ratio.std() < 0.3


def test_hash_is_even_and_never_changes() -> None:
    buckets, signs = buckets_and_signs(0, 64_000)
    counts = np.bincount(buckets, minlength=DIMENSIONS)
    assert counts.min() > 850 and counts.max() < 1150 and abs(signs.mean()) < 0.02
    # Format version 1 depends on these very values.
    np.testing.assert_array_equal(buckets[:8], [55, 12, 21, 40, 21, 58, 62, 2])
    np.testing.assert_array_equal(signs[:8], [1, -1, 1, -1, 1, 1, -1, 1])
