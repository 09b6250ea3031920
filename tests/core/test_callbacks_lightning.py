"""The Lightning callback in real trainings, against what the module itself saw."""

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
pl = pytest.importorskip("pytorch_lightning", reason="pytorch_lightning is not installed")
from bloom_core.recorder.lightning import BloomCallback  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec", "ignore:.*does not have many workers", "ignore:You defined a `validation_step`")


class Classifier(pl.LightningModule):
    """Learns which of three classes words belong to, and keeps a snapshot of its parameters around every step."""

    def __init__(self, rate: float = 0.3, *, batches_before_error: int = -1, error: type[BaseException] = RuntimeError, title: str = "words") -> None:
        super().__init__()
        self.save_hyperparameters()
        self.words = torch.nn.Embedding(7, 4)
        self.out = torch.nn.Linear(4, 3)
        self.rate, self.left, self.error = rate, batches_before_error, error
        self.seen: list[dict[str, Any]] = []
        self.losses: list[float] = []

    def training_step(self, batch: Any, index: int) -> Any:
        self.left -= 1
        if self.left == -1:
            raise self.error("enough")
        loss = torch.nn.functional.cross_entropy(self.out(self.words(batch[0])), batch[1])
        self.losses.append(loss.item())
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        torch.nn.functional.cross_entropy(self.out(self.words(batch[0])), batch[1])

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=self.rate, momentum=0.9)
        return [optimizer], [{"scheduler": torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5), "interval": "epoch"}]

    def flat(self) -> list[Any]:
        return [parameter.detach().double().clone() for parameter in self.parameters()]

    def on_before_optimizer_step(self, optimizer: Any) -> None:
        norm = torch.sqrt(sum((parameter.grad.double() ** 2).sum() for parameter in self.parameters())).item()
        self.seen.append({"before": self.flat(), "raw": norm, "rate": optimizer.param_groups[0]["lr"]})

    def on_before_zero_grad(self, optimizer: Any) -> None:
        self.finish()

    def on_train_epoch_end(self) -> None:
        self.finish()

    def finish(self) -> None:
        """The last step is over: no more steps are made before the next batch."""
        if self.seen and "after" not in self.seen[-1]:
            self.seen[-1]["after"] = self.flat()


def loader(batches: int = 8) -> Any:
    torch.manual_seed(3)
    words = torch.randint(0, 7, (4 * batches,))
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(words, words % 3), batch_size=4)


def trainer(callback: Any, tmp_path: Path, **settings: Any) -> Any:
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False, "logger": False, "accelerator": "cpu"}
    return pl.Trainer(callbacks=[callback], default_root_dir=tmp_path, **(quiet | {"max_epochs": 2} | settings))


def fit(tmp_path: Path, model: Any = None, **settings: Any) -> tuple[Any, Trajectory]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = model or Classifier()
    trainer(BloomCallback(tmp_path / "run.bloom"), tmp_path, **settings).fit(model, loader(), loader(2))
    return model, read_run(tmp_path / "run.bloom")


def check_norms(model: Any, run: Trajectory) -> None:
    updates = [[torch.linalg.norm(new - old).item() for new, old in zip(step["after"], step["before"], strict=True)] for step in model.seen]
    sizes = [[torch.linalg.norm(new).item() for new in step["after"]] for step in model.seen]
    assert run.steps.tolist() == list(range(1, len(model.seen) + 1))
    np.testing.assert_allclose(run.update_norm, updates, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(run.parameter_norm, sizes, rtol=1e-5)
    np.testing.assert_allclose(run.raw_gradient_norm, [step["raw"] for step in model.seen], rtol=1e-5)
    np.testing.assert_allclose(run.lr[:, 0], [step["rate"] for step in model.seen], rtol=1e-6)


def test_every_step_is_recorded_as_it_was(tmp_path: Path) -> None:
    model, run = fit(tmp_path)
    assert len(model.seen) == 16
    check_norms(model, run)
    np.testing.assert_allclose(run.loss, model.losses, rtol=1e-6)
    assert run.batch_id.tolist() == list(range(8)) * 2
    np.testing.assert_allclose(run.epoch, np.arange(1, 17) / 8, rtol=1e-6)
    assert run.meta["closed"] and run.meta["ended"] == "complete" and run.meta["trainer"] == "pytorch_lightning"
    assert run.meta["hyperparameters"] == {"rate": 0.3, "batches_before_error": -1, "title": "words"}
    assert [layer.name for layer in run.layers] == ["words.weight", "out.weight", "out.bias"]


def test_clipping_leaves_both_norms(tmp_path: Path) -> None:
    model, run = fit(tmp_path, gradient_clip_val=0.05)
    check_norms(model, run)
    assert run.gradient_norm is not None and (run.raw_gradient_norm > 0.1).all()
    np.testing.assert_allclose(np.linalg.norm(run.gradient_norm, axis=1), 0.05, rtol=1e-3)


def test_accumulated_batches_make_one_row(tmp_path: Path) -> None:
    model, run = fit(tmp_path, accumulate_grad_batches=4)
    assert len(run.steps) == 4
    check_norms(model, run)
    np.testing.assert_allclose(run.loss, np.reshape(model.losses, (4, 4)).mean(axis=1), rtol=1e-6)
    assert run.batch_id.tolist() == [3, 7, 3, 7] and run.meta["accumulated_batches"] == 4


def test_half_precision(tmp_path: Path) -> None:
    model, run = fit(tmp_path, precision="bf16-mixed")
    check_norms(model, run)
    np.testing.assert_allclose(run.loss, model.losses, rtol=1e-6)


def test_skipped_steps_of_a_gradient_scaler(tmp_path: Path) -> None:
    class Overflowing(Classifier):
        def training_step(self, batch: Any, index: int) -> Any:
            loss = super().training_step(batch, index)
            return loss * (torch.inf if index == 2 else 1.0)

    plugin = pl.plugins.precision.MixedPrecision("16-mixed", "cpu", scaler=torch.amp.GradScaler("cpu", init_scale=1024.0))
    plugin.forward_context = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    model, run = fit(tmp_path, Overflowing(), plugins=[plugin])
    assert run.batch_id.tolist() == [0, 1, 3, 4, 5, 6, 7] * 2
    assert [(event.kind, event.step) for event in run.events] == [("skipped", 2), ("skipped", 9)]
    losses = [loss for place, loss in enumerate(model.losses) if place % 8 != 2]
    np.testing.assert_allclose(run.loss, losses, rtol=1e-6)
    assert not run.nonfinite.any() and (run.raw_gradient_norm < 10).all()  # of unscaled gradients


def test_two_optimizers_by_hand(tmp_path: Path) -> None:
    class Pair(Classifier):
        automatic_optimization = False

        def training_step(self, batch: Any, index: int) -> Any:
            first, second = self.optimizers()
            for number, optimizer in enumerate((first, second)):
                loss = super().training_step(batch, index)
                optimizer.zero_grad()
                # The second loss does not go through Lightning, which then knows only what is returned.
                self.manual_backward(loss) if number == 0 else loss.backward()
                optimizer.step()
            return {"loss": loss}

        def configure_optimizers(self) -> Any:
            return [torch.optim.SGD(self.words.parameters(), lr=0.5), torch.optim.Adam(self.out.parameters(), lr=0.01)]

    model, run = fit(tmp_path, Pair(), max_epochs=1)
    assert len(run.steps) == 16 and run.batch_id.tolist() == [batch for batch in range(8) for _ in range(2)]
    np.testing.assert_allclose(run.loss, model.losses, rtol=1e-6)
    assert (run.update_norm[0::2, 0] > 0).all() and (run.update_norm[0::2, 1:] == 0).all() and (run.update_norm[1::2, 0] == 0).all()
    assert run.lr[0].tolist() == pytest.approx([0.5, 0.01])


def test_closures_that_are_evaluated_again(tmp_path: Path) -> None:
    class Searching(Classifier):
        def configure_optimizers(self) -> Any:
            return torch.optim.LBFGS(self.parameters(), lr=0.1, max_iter=3)

        def on_before_optimizer_step(self, optimizer: Any) -> None:
            self.seen.append({})

        def finish(self) -> None: ...

    model, run = fit(tmp_path, Searching(), max_epochs=1)
    closures = len(model.losses) // 8
    assert closures > 1 and len(run.steps) == 8 and len(model.losses) == 8 * closures
    np.testing.assert_allclose(run.loss, model.losses[::closures], rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(run.gradient_norm, axis=1), run.raw_gradient_norm, rtol=1e-5)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_training_closes_its_run(tmp_path: Path, error: type[BaseException]) -> None:
    callback = BloomCallback(tmp_path / "run.bloom")
    with pytest.raises((RuntimeError, SystemExit)):
        trainer(callback, tmp_path, num_sanity_val_steps=0).fit(Classifier(batches_before_error=5, error=error), loader())
    run = read_run(tmp_path / "run.bloom")
    assert len(run.steps) == 5 and run.meta["closed"] and run.meta["ended"] == error.__name__


def test_fitting_twice_makes_two_runs(tmp_path: Path) -> None:
    callback = BloomCallback(tmp_path / "run.bloom")
    model, teacher = Classifier(), trainer(callback, tmp_path, max_epochs=1)
    teacher.fit(model, loader())
    teacher.fit_loop.max_epochs = 3
    teacher.fit(model, loader())
    assert callback.path == tmp_path / "run-2.bloom"
    first, second = read_run(tmp_path / "run.bloom"), read_run(tmp_path / "run-2.bloom")
    assert (len(first.steps), len(second.steps)) == (8, 16) and second.meta["resumed_from_step"] == 8
    assert first.meta["ended"] == second.meta["ended"] == "complete" and second.epoch[-1] == 3.0


def test_embeddings_and_parts(tmp_path: Path) -> None:
    model, words = Classifier(), [f"word {number}" for number in range(7)]
    start = model.words.weight.detach().clone().numpy()
    callback = BloomCallback(tmp_path / "run.bloom", parts={"in": "words.*", "out": "out.*"}, embeddings="words", vocabulary=words)
    trainer(callback, tmp_path).fit(model, loader())
    run = read_run(tmp_path / "run.bloom")
    assert run.embeddings is not None and run.parts == ("in", "out") and run.embeddings.words == tuple(words)
    assert run.embeddings.steps.tolist() == [0, 8, 16] and run.embeddings.epochs.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(run.embeddings.values[0], start)
    np.testing.assert_array_equal(run.embeddings.values[-1], model.words.weight.detach().numpy())
    for settings, problem in (({"embeddings": "nowhere"}, "no embeddings"), ({"embeddings": "words", "vocabulary": ["one"]}, "one word for each")):
        with pytest.raises(ValueError, match=problem):
            trainer(BloomCallback(tmp_path / "other.bloom", **settings), tmp_path).fit(Classifier(), loader())


def test_a_full_disk_never_stops_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    callback = BloomCallback(tmp_path / "run.bloom", embeddings="words")
    model, teacher = Classifier(), trainer(callback, tmp_path, limit_train_batches=8, max_epochs=40)
    original = Classifier.on_before_optimizer_step

    def fill(self: Any, optimizer: Any) -> None:
        if len(self.seen) == 20:
            monkeypatch.setattr(run_files.os, "fsync", full)
        original(self, optimizer)

    monkeypatch.setattr(Classifier, "on_before_optimizer_step", fill)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        teacher.fit(model, loader())
    assert len(model.seen) == 320
    assert len([one for one in told if "Bloom" in str(one.message)]) == 1


def test_the_package_that_was_imported_is_used_and_a_missing_one_is_named() -> None:
    code = (
        "import sys\nimport bloom_core.recorder\n"
        "assert not {'lightning', 'pytorch_lightning', 'transformers', 'keras'} & set(sys.modules)\n"
        "sys.modules['lightning'] = sys.modules['pytorch_lightning'] = None\n"
        "import importlib.util\nimportlib.util.find_spec = lambda name: None\n"
        "try:\n    import bloom_core.recorder.lightning\n"
        "except ImportError as error:\n    assert 'pip install lightning' in str(error)\nelse:\n    sys.exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
