"""The Keras callback in real trainings, against what another callback measures. The whole file runs on PyTorch, and once more on JAX."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core.trajectories import run_files
from bloom_core.trajectories.trajectory import Trajectory, read_run

torch = pytest.importorskip("torch", reason="PyTorch is not installed; the recorder is part of the extra `train`")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras", minversion="3", reason="Keras 3 is not installed")
from bloom_core.recorder.keras import BloomCallback  # noqa: E402

ON_TORCH = keras.backend.backend() == "torch"
only_torch = pytest.mark.skipif(not ON_TORCH, reason="gradients can be seen on the backend torch alone")
pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers")

random = np.random.default_rng(0)
X = random.integers(0, 9, size=(40, 3))
Y = (X.sum(axis=1) % 3).astype("int64")


class Watcher(keras.callbacks.Callback):
    """Measures around each batch; `error` is raised after batch number `at`."""

    def __init__(self, at: int = -1, error: type[BaseException] = RuntimeError) -> None:
        super().__init__()
        self.at, self.error = at, error
        self.seen: list[dict[str, Any]] = []

    def values(self) -> list[Any]:
        return [np.array(keras.ops.convert_to_numpy(variable), dtype=np.float64) for variable in self.model.trainable_variables]

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        model = self.model
        x, y = X[8 * batch : 8 * batch + 8], Y[8 * batch : 8 * batch + 8]
        loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, model(x, training=True), from_logits=True))
        raw = np.nan
        if ON_TORCH:
            found = torch.autograd.grad(loss, [variable.value for variable in model.trainable_variables])
            raw = torch.sqrt(sum((one.double() ** 2).sum() for one in found)).item()
        loss = float(keras.ops.convert_to_numpy(loss))
        rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        self.seen.append({"before": self.values(), "loss": loss, "raw": raw, "rate": rate, "batch": batch})

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen[-1]["after"] = self.values()
        if len(self.seen) == self.at:
            raise self.error("enough")


def make(optimizer: Any = None, **settings: Any) -> Any:
    torch.set_num_threads(1)
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Embedding(9, 4, name="words"), keras.layers.Flatten(), keras.layers.Dense(5, "tanh"), keras.layers.Dense(3, name="out")]
    model = keras.Sequential([keras.Input((3,), dtype="int32"), *layers])
    optimizer = optimizer or keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.9))
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), **settings)
    return model


def fit(model: Any, callbacks: list[Any], **settings: Any) -> None:
    model.fit(X, Y, batch_size=8, verbose=0, shuffle=False, callbacks=callbacks, **({"epochs": 2} | settings))


def record(tmp_path: Path, model: Any, **settings: Any) -> tuple[list[dict[str, Any]], Trajectory]:
    watcher = Watcher()
    fit(model, [watcher, BloomCallback(tmp_path / "run.bloom")], **settings)
    return watcher.seen, read_run(tmp_path / "run.bloom", sketches=True)


def updates(seen: list[dict[str, Any]]) -> Any:
    return np.array([[np.linalg.norm(new - old) for new, old in zip(step["after"], step["before"], strict=True)] for step in seen])


def test_every_step_is_recorded_as_it_was(tmp_path: Path) -> None:
    seen, run = record(tmp_path, make(), validation_data=(X, Y))
    assert run.steps.tolist() == list(range(1, 11))
    np.testing.assert_allclose(run.update_norm, updates(seen), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(run.parameter_norm, [[np.linalg.norm(new) for new in step["after"]] for step in seen], rtol=1e-5)
    np.testing.assert_allclose(run.loss, [step["loss"] for step in seen], rtol=1e-5)
    np.testing.assert_allclose(run.lr[:, 0], [step["rate"] for step in seen], rtol=1e-6)
    assert np.ptp(run.lr) > 0.2
    assert run.batch_id.tolist() == [0, 1, 2, 3, 4] * 2
    np.testing.assert_allclose(run.epoch, np.arange(1, 11) / 5, rtol=1e-6)
    assert run.meta["closed"] and run.meta["ended"] == "complete" and run.meta["optimizer"]["name"] == "SGD" and not run.events
    assert run.layers[0].name == "words.embeddings" and run.layers[-1].name == "out.bias"
    assert np.isfinite(run.cosine[2:]).all() and run.reduction is not None
    ratio = np.linalg.norm(run.sketch.sum(axis=1), axis=1) / run.update_size()
    assert (ratio > 0.5).all() and (ratio < 1.5).all()


@only_torch
@pytest.mark.parametrize("clipping", [{}, {"global_clipnorm": 0.05}, {"clipnorm": 0.03}, {"clipvalue": 0.01}])
def test_gradients_before_and_after_clipping(tmp_path: Path, clipping: dict[str, float]) -> None:
    model = make(keras.optimizers.SGD(0.5, **clipping))
    seen, run = record(tmp_path, model)
    np.testing.assert_allclose(run.raw_gradient_norm, [step["raw"] for step in seen], rtol=1e-4)
    np.testing.assert_allclose(run.gradient_norm, updates(seen) / 0.5, rtol=2e-3, atol=1e-5)  # what plain SGD has used shows in what it did
    assert run.gradient_norm is not None
    clipped = np.linalg.norm(run.gradient_norm, axis=1)
    assert (clipped < 0.9 * run.raw_gradient_norm).all() if clipping else np.allclose(clipped, run.raw_gradient_norm, rtol=1e-5)


def test_accumulated_batches_make_one_row(tmp_path: Path) -> None:
    seen, run = record(tmp_path, make(keras.optimizers.SGD(0.5, gradient_accumulation_steps=5)))
    assert len(run.steps) == 2 and run.batch_id.tolist() == [4, 4]
    np.testing.assert_allclose(run.update_norm, updates(seen)[4::5], rtol=1e-4, atol=1e-7)
    if ON_TORCH:
        np.testing.assert_allclose(run.gradient_norm, updates(seen)[4::5] / 0.5, rtol=1e-3)


@only_torch
def test_loss_scaling(tmp_path: Path) -> None:
    seen, run = record(tmp_path, make(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5, global_clipnorm=0.1), initial_scale=64.0)))
    np.testing.assert_allclose(run.raw_gradient_norm, [step["raw"] for step in seen], rtol=1e-4)
    np.testing.assert_allclose(run.gradient_norm, updates(seen) / 0.5, rtol=1e-3, atol=1e-6)
    assert run.meta["optimizer"]["name"] == "SGD"


def test_adam_and_embeddings(tmp_path: Path) -> None:
    words, model = [f"word {number}" for number in range(9)], make(keras.optimizers.Adam(0.01))
    start = np.array(keras.ops.convert_to_numpy(model.layers[0].embeddings))
    fit(model, [BloomCallback(tmp_path / "run.bloom", parts={"in": "words.*"}, embeddings="words", vocabulary=words)])
    run = read_run(tmp_path / "run.bloom")
    assert run.embeddings is not None and run.embeddings.words == tuple(words) and run.parts == ("in", "rest")
    assert run.embeddings.steps.tolist() == [0, 5, 10] and run.embeddings.epochs.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(run.embeddings.values[0], start)
    np.testing.assert_array_equal(run.embeddings.values[-1], keras.ops.convert_to_numpy(model.layers[0].embeddings))
    assert run.meta["optimizer"]["betas"] == [0.9, 0.999]
    with pytest.raises(ValueError, match="no embeddings 'nowhere'"):
        fit(model, [BloomCallback(tmp_path / "other.bloom", embeddings="nowhere")])


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_training_closes_its_run(tmp_path: Path, error: type[BaseException]) -> None:
    callback, model = BloomCallback(tmp_path / "run.bloom"), make()
    with pytest.raises(error):
        fit(model, [callback, Watcher(at=7, error=error)])
    fit(model, [callback])
    first, second = read_run(tmp_path / "run.bloom"), read_run(tmp_path / "run-2.bloom")
    assert len(first.steps) == 7 and first.meta["closed"] and first.meta["ended"] == "interrupted"
    assert len(second.steps) == 10 and second.meta["ended"] == "complete"
    with pytest.raises(error):
        fit(model, [callback, Watcher(at=3, error=error)])
    callback.close()
    assert len(read_run(tmp_path / "run-3.bloom").steps) == 3


def test_an_explosion_is_marked(tmp_path: Path) -> None:
    x = X.astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e6), "mse")
    model.fit(x, Y, batch_size=8, verbose=0, epochs=2, callbacks=[BloomCallback(tmp_path / "run.bloom")])
    run = read_run(tmp_path / "run.bloom")
    assert len(run.steps) == 10 and not run.nonfinite[0] and run.nonfinite[-1]


def test_a_model_of_its_own_kind(tmp_path: Path) -> None:
    class Late(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.out = keras.layers.Embedding(9, 4), keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.out(keras.ops.mean(self.words(x), axis=1))

    model = Late()
    model.compile(keras.optimizers.SGD(0.5), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    watcher = Watcher()
    fit(model, [watcher, BloomCallback(tmp_path / "run.bloom")])
    run = read_run(tmp_path / "run.bloom")
    np.testing.assert_allclose(run.update_norm, updates(watcher.seen), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(run.loss, [step["loss"] for step in watcher.seen], rtol=1e-5)


def test_a_full_disk_never_stops_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    watcher, model = Watcher(), make()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        filler = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch == 1 and monkeypatch.setattr(run_files.os, "fsync", full))
        fit(model, [watcher, filler, BloomCallback(tmp_path / "run.bloom", embeddings="words")], epochs=4)
    assert len(watcher.seen) == 20 and len([one for one in told if "Bloom" in str(one.message)]) == 1


@only_torch
def test_all_of_this_on_jax() -> None:
    pytest.importorskip("jax", reason="jax is not installed")
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(command, env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "9 passed" in done.stdout, done.stdout[-400:]


def test_a_missing_library_is_named() -> None:
    code = (
        "import sys\nsys.modules['keras'] = None\n"
        "try:\n    import bloom_core.recorder.keras\nexcept ImportError as error:\n    assert \"pip install 'keras>=3' torch\" in str(error)\n"
        "else:\n    sys.exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
