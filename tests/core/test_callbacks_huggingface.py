"""The callback for the Hugging Face Trainer in real trainings of a tiny language model, against what the model itself went through."""

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
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("accelerate", reason="accelerate is not installed")
from bloom_core.recorder.huggingface import BloomCallback  # noqa: E402

WORDS = 11
EXAMPLES = 32


class Sentences(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return EXAMPLES

    def __getitem__(self, index: int) -> dict[str, Any]:
        words = (torch.arange(6) * (index % 3 + 1) + index) % WORDS
        return {"input_ids": words, "labels": words}


class Watcher(transformers.TrainerCallback):
    """Measures around each step, apart from the recorder; `error` is raised at the end of step `at`."""

    def __init__(self, at: int = -1, error: type[BaseException] = RuntimeError) -> None:
        self.at, self.error = at, error
        self.seen: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, optimizer: Any = None, **others: Any) -> None:
        gradients = [parameter.grad.norm().item() if parameter.grad is not None else 0.0 for parameter in trained(model)]
        self.seen.append({"before": flat(model), "gradients": gradients, "rate": optimizer.param_groups[0]["lr"]})

    def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **others: Any) -> None:
        self.seen[-1]["after"] = flat(model)

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        if state.global_step == self.at:
            raise self.error("enough")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **others: Any) -> None:
        self.logs.append(dict(logs) | {"step": state.global_step})


def trained(model: Any) -> list[Any]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def flat(model: Any) -> list[Any]:
    return [parameter.detach().double().clone() for parameter in trained(model)]


def make_model() -> Any:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=WORDS, n_positions=8, n_embd=16, n_layer=1, n_head=2))


def trainer(tmp_path: Path, callbacks: list[Any], model: Any = None, **settings: Any) -> Any:
    usual = {"per_device_train_batch_size": 4, "num_train_epochs": 2, "logging_steps": 1, "learning_rate": 1e-2, "save_strategy": "no", "seed": 1}
    quiet = {"report_to": "none", "disable_tqdm": True, "use_cpu": True}
    arguments = transformers.TrainingArguments(str(tmp_path / "checkpoints"), **(quiet | usual | settings))
    return transformers.Trainer(model or make_model(), arguments, train_dataset=Sentences(), callbacks=callbacks)


def train(tmp_path: Path, model: Any = None, **settings: Any) -> tuple[Watcher, Trajectory]:
    watcher = Watcher()
    trainer(tmp_path, [watcher, BloomCallback(tmp_path / "run.bloom")], model, **settings).train()
    return watcher, read_run(tmp_path / "run.bloom")


def check_norms(seen: list[dict[str, Any]], run: Trajectory) -> None:
    updates = [[torch.linalg.norm(new - old).item() for new, old in zip(step["after"], step["before"], strict=True)] for step in seen]
    assert run.steps.tolist() == list(range(1, len(seen) + 1)) and run.gradient_norm is not None
    np.testing.assert_allclose(run.update_norm, updates, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(run.gradient_norm, [step["gradients"] for step in seen], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(run.parameter_norm, [[torch.linalg.norm(new).item() for new in step["after"]] for step in seen], rtol=1e-5)
    np.testing.assert_allclose(run.lr[:, 0], [step["rate"] for step in seen], rtol=1e-6)


def test_every_step_is_recorded_as_it_was(tmp_path: Path) -> None:
    watcher, run = train(tmp_path, max_grad_norm=0.1)
    assert len(watcher.seen) == 16
    check_norms(watcher.seen, run)
    logs = [entry for entry in watcher.logs if "loss" in entry]
    np.testing.assert_allclose(run.loss, [entry["loss"] for entry in logs], rtol=1e-6)
    np.testing.assert_allclose(run.raw_gradient_norm, [entry["grad_norm"] for entry in logs], rtol=1e-5)
    assert (run.raw_gradient_norm > 0.2).all()
    assert run.gradient_norm is not None
    np.testing.assert_allclose(np.linalg.norm(run.gradient_norm, axis=1), 0.1, rtol=1e-3)
    assert run.batch_id.tolist() == list(range(1, 17))
    np.testing.assert_allclose(run.epoch, np.arange(1, 17) / 8, rtol=1e-6)
    assert run.meta["closed"] and run.meta["ended"] == "complete" and run.meta["optimizer"]["name"] == "AdamW" and not run.events
    assert run.meta["hyperparameters"]["max_grad_norm"] == 0.1 and run.meta["loss"] == "mean of the steps since the last one logged, every 1 steps"


def test_accumulation_and_rare_logs(tmp_path: Path) -> None:
    watcher, run = train(tmp_path, gradient_accumulation_steps=2, logging_steps=4)
    assert len(watcher.seen) == 8
    check_norms(watcher.seen, run)
    assert np.flatnonzero(np.isfinite(run.loss)).tolist() == np.flatnonzero(np.isfinite(run.raw_gradient_norm)).tolist() == [3, 7]
    assert not run.nonfinite.any() and "every 4 steps" in run.meta["loss"]


def test_half_precision(tmp_path: Path) -> None:
    watcher, run = train(tmp_path, bf16=True, num_train_epochs=1)
    check_norms(watcher.seen, run)
    assert np.isfinite(run.loss).all()


def test_skipped_steps_of_a_gradient_scaler(tmp_path: Path) -> None:
    class Overflowing(transformers.GPT2LMHeadModel):
        calls = 0

        def forward(self, **inputs: Any) -> Any:
            found = super().forward(**inputs)
            self.calls += 1
            found.loss = found.loss * (torch.inf if self.calls == 3 else 1.0)
            return found

    model, callbacks = Overflowing(make_model().config), [watcher := Watcher(), BloomCallback(tmp_path / "run.bloom")]
    teacher = trainer(tmp_path, callbacks, model, num_train_epochs=1, remove_unused_columns=False)
    teacher.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=8.0)  # as Accelerate does for fp16 on a GPU
    teacher.train()
    run = read_run(tmp_path / "run.bloom")
    assert run.batch_id.tolist() == [1, 2, 4, 5, 6, 7, 8] and [(event.kind, event.step) for event in run.events] == [("skipped", 2)]
    del watcher.seen[2]
    np.testing.assert_allclose(run.lr[:, 0], [step["rate"] for step in watcher.seen], rtol=1e-6)
    np.testing.assert_allclose(run.loss[:2], [entry["loss"] for entry in watcher.logs[:2]], rtol=1e-6)


def test_only_an_adapter_trains(tmp_path: Path) -> None:
    peft = pytest.importorskip("peft", reason="peft is not installed")
    model = peft.get_peft_model(make_model(), peft.LoraConfig(r=2, target_modules=["c_attn"], fan_in_fan_out=True))
    watcher, run = train(tmp_path, model, num_train_epochs=1)
    check_norms(watcher.seen, run)
    assert len(run.layers) == 2 and all("lora" in layer.name for layer in run.layers)


def test_frozen_parameters_are_left_out(tmp_path: Path) -> None:
    model = make_model()
    model.transformer.wte.weight.requires_grad_(False)
    watcher, run = train(tmp_path, model, num_train_epochs=1)
    check_norms(watcher.seen, run)
    assert "transformer.wte.weight" not in [layer.name for layer in run.layers]


def test_resuming_makes_a_run_of_its_own(tmp_path: Path) -> None:
    first = trainer(tmp_path, [Watcher(at=6), BloomCallback(tmp_path / "run.bloom")], save_strategy="steps", save_steps=5)
    with pytest.raises(RuntimeError, match="enough"):
        first.train()
    watcher, callback = Watcher(), BloomCallback(tmp_path / "run.bloom")
    trainer(tmp_path, [watcher, callback]).train(resume_from_checkpoint=str(tmp_path / "checkpoints" / "checkpoint-5"))
    assert callback.path == tmp_path / "run-2.bloom"
    run = read_run(tmp_path / "run-2.bloom")
    check_norms(watcher.seen, run)
    assert run.meta["resumed_from_step"] == 5 and run.batch_id.tolist() == list(range(6, 17))


def test_exceptions_close_the_run_in_the_end(tmp_path: Path) -> None:
    callback = BloomCallback(tmp_path / "run.bloom")
    with pytest.raises(RuntimeError, match="enough"):
        trainer(tmp_path, [callback, Watcher(at=5)]).train()
    callback.close()
    run = read_run(tmp_path / "run.bloom")
    assert len(run.steps) == 5 and run.meta["closed"] and run.meta["ended"] == "interrupted"

    teacher = trainer(tmp_path, [BloomCallback(tmp_path / "again.bloom"), watcher := Watcher(at=3)])
    with pytest.raises(RuntimeError, match="enough"):
        teacher.train()
    watcher.at = -1
    teacher.train()
    assert read_run(tmp_path / "again.bloom").meta["ended"] == "interrupted" and len(read_run(tmp_path / "again.bloom").steps) == 3
    assert read_run(tmp_path / "again-2.bloom").meta["ended"] == "complete"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_leaving_the_interpreter_closes_the_run(tmp_path: Path) -> None:
    code = f"""
from tests.core.test_callbacks_huggingface import *
place = Path({str(tmp_path)!r})
try:
    trainer(place, [callback := BloomCallback(place / "run.bloom"), Watcher(4, KeyboardInterrupt)]).train()
finally:
    if os.fork() == 0:
        sys.exit()  # a forked worker is not the one that records
    os.wait()
    assert '"closed": false' in (place / "run.bloom" / "run.json").read_text()
"""
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode != 0 and "KeyboardInterrupt" in done.stderr and "Bloom" not in done.stderr
    run = read_run(tmp_path / "run.bloom")
    assert len(run.steps) == 4 and run.meta["closed"] and run.meta["ended"] == "interrupted" and run.reduction is not None


def test_embeddings(tmp_path: Path) -> None:
    words = [f"word {number}" for number in range(WORDS)]
    model, callback = make_model(), BloomCallback(tmp_path / "run.bloom", embeddings="transformer.wte", vocabulary=words)
    trainer(tmp_path, [callback], model).train()
    found = read_run(tmp_path / "run.bloom").embeddings
    assert found is not None and found.steps.tolist() == [0, 8, 16] and found.epochs.tolist() == [0, 1, 2] and found.words == tuple(words)
    np.testing.assert_array_equal(found.values[-1], model.transformer.wte.weight.detach().numpy())
    with pytest.raises(ValueError, match="no embeddings 'wte'"):
        trainer(tmp_path, [BloomCallback(tmp_path / "other.bloom", embeddings="wte")]).train()


def test_a_full_disk_never_stops_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    class Filler(transformers.TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            if state.global_step == 10:
                monkeypatch.setattr(run_files.os, "fsync", full)

    watcher = Watcher()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        trainer(tmp_path, [watcher, Filler(), BloomCallback(tmp_path / "run.bloom", embeddings="transformer.wte")], num_train_epochs=3).train()
    assert len(watcher.seen) == 24 and len([one for one in told if "Bloom" in str(one.message)]) == 1


def test_a_place_that_cannot_be_written_never_stops_the_training(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    watcher = Watcher()
    with pytest.warns(RuntimeWarning, match="Bloom has stopped recording") as told:
        trainer(tmp_path, [watcher, BloomCallback(tmp_path / "file" / "run.bloom", embeddings="transformer.wte")]).train()
    assert len(watcher.seen) == 16 and len([one for one in told if "Bloom" in str(one.message)]) == 1


def test_a_missing_library_is_named() -> None:
    code = (
        "import sys\nsys.modules['transformers'] = None\n"
        "try:\n    import bloom_core.recorder.huggingface\n"
        "except ImportError as error:\n    assert 'pip install transformers accelerate' in str(error)\nelse:\n    sys.exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
