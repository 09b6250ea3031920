"""PyTorch checkpoints: what the restricted reader makes of files that torch.save and Lightning wrote, and of hostile and damaged ones."""

from __future__ import annotations

import argparse
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core.importers import import_run
from bloom_core.importers.snapshots import Options
from bloom_core.importers.torch_files import checkpoint, import_torch
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.sketch import sketch

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
torch.set_num_threads(1)


class Net(torch.nn.Module):  # type: ignore[misc, name-defined]
    """An embedding, a norm with running statistics, and a tied output."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = torch.nn.Embedding(30, 6)
        self.norm = torch.nn.BatchNorm1d(6)
        self.body = torch.nn.Linear(6, 6)
        self.out = torch.nn.Linear(6, 30, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, tokens: Any) -> Any:
        return self.out(torch.tanh(self.body(self.norm(self.embed(tokens)))))


def train(steps: int, each: Callable[[int, Any, Any], None], seed: int = 1) -> None:
    """Trains for real, and calls `each(step, model, optimizer)` at the start and after every step."""
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    each(0, model, optimizer)
    for step in range(1, steps + 1):
        tokens = torch.randint(0, 30, (16,))
        torch.nn.functional.cross_entropy(model(tokens), (tokens + 1) % 30).backward()
        optimizer.step()
        optimizer.zero_grad()
        each(step, model, optimizer)


def flat(model: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.concatenate([parameter.detach().numpy().reshape(-1) for parameter in model.parameters()]).astype(np.float64)


def values(path: Path) -> dict[str, Any]:
    """Returns all parameters of a file, as the importer reads them."""
    found = checkpoint(path)
    with found.open() as read:
        return {name: read(name).reshape(shape) for name, shape in found.shapes.items()}


def test_a_real_training_gives_its_own_numbers(tmp_path: Path) -> None:
    states, updates = [], []

    def each(step: int, model: Any, optimizer: Any) -> None:
        states.append(flat(model))
        if step:
            updates.append(sketch((states[-1] - states[-2]).astype(np.float32)[None])[0])
        if step % 5 == 0:
            saved = {"model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
            # The names count backwards: the step inside wins.
            torch.save(saved | {"step": step, "epoch": np.float64(step / 10)}, tmp_path / f"{100 - step}.pt")

    train(20, each)
    run, warnings = import_run(tmp_path)
    assert run.steps.tolist() == [5, 10, 15, 20] and run.epoch.tolist() == [0.5, 1.0, 1.5, 2.0]
    assert [layer.name for layer in run.layers] == ["embed.weight", "norm.weight", "norm.bias", "body.weight", "body.bias"]
    assert run.layers[0].shape == (30, 6) and run.parts == ("embed", "norm", "body")
    apart = [states[step] - states[step - 5] for step in run.steps]
    np.testing.assert_allclose(run.update_size(), [np.linalg.norm(update) for update in apart], rtol=1e-6)
    np.testing.assert_allclose(run.parameter_norm[-1, 0], np.linalg.norm(states[-1][:180]), rtol=1e-6)
    assert run.sketch is not None
    recorded = np.stack([np.sum(updates[step - 5 : step], axis=0) for step in run.steps])
    np.testing.assert_allclose(run.sketch.sum(axis=1), recorded, atol=1e-5)
    assert run.reduction is not None and len(run.part_reductions) == 3 and not run.nonfinite.any()
    assert run.embeddings is not None and run.embeddings.values.shape == (5, 30, 6) and run.embeddings.words[3] == "row 3"
    np.testing.assert_array_equal(run.embeddings.values[2], states[10][:180].reshape(30, 6).astype(np.float32))
    told = "\n".join(warnings)
    for word in ("running_mean", "num_batches_tracked", "out.weight", "5 training steps apart", "flutter", "loss", "no vocabulary"):
        assert word in told


def test_a_recording_of_the_same_training_agrees(tmp_path: Path) -> None:
    from bloom_core import recorder
    from bloom_core.trajectories.trajectory import read_run

    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    (tmp_path / "saved").mkdir()
    with recorder.record(model, optimizer, tmp_path / "run.bloom") as run:
        torch.save(model.state_dict(), tmp_path / "saved" / "step_0.pt")
        for step in range(1, 31):
            inputs = torch.randn(12, 8)
            torch.nn.functional.cross_entropy(model(inputs), inputs[:, :3].argmax(1)).backward()
            optimizer.step()
            optimizer.zero_grad()
            run.log(epoch=0.0)
            if step % 10 == 0:
                torch.save(model.state_dict(), tmp_path / "saved" / f"step_{step}.pt")
    recorded, (imported, _) = read_run(tmp_path / "run.bloom", sketches=True), import_run(tmp_path / "saved")
    assert recorded.sketch is not None and imported.sketch is not None
    assert [layer.name for layer in imported.layers] == [layer.name for layer in recorded.layers] and imported.parts == recorded.parts
    np.testing.assert_allclose(imported.sketch, recorded.sketch.reshape(3, 10, *recorded.sketch.shape[1:]).sum(axis=1), atol=1e-5)
    np.testing.assert_allclose(imported.parameter_norm, recorded.parameter_norm[9::10], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_every_kind_of_float_and_view(tmp_path: Path, dtype: str) -> None:
    base = torch.randn(7, 10).to(getattr(torch, dtype))
    tensors = {"whole": base, "transposed": base.t(), "rows": base[2:5], "strided": base[1::2, 3:9:2]}
    tensors |= {"deep": torch.randn(2, 3, 4).to(base.dtype).permute(2, 0, 1), "parameter": torch.nn.Parameter(base[0].clone())}
    tensors |= {"scalar": base[3, 3].clone(), "module.alone": base[:, 4].clone()}
    torch.save({"step": 3, "model": tensors, "ints": torch.arange(9), "size": base.shape}, tmp_path / "a.pt")
    found = values(tmp_path / "a.pt")
    assert set(found) == set(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == (np.float64 if dtype == "float64" else np.float32)
        np.testing.assert_array_equal(found[name], tensor.detach().to(torch.float64).numpy())


class Hyper:
    """A class of the user's own, as people leave in checkpoints."""

    def __init__(self) -> None:
        self.rate = 0.1


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_shapes_that_checkpoints_have(tmp_path: Path, protocol: int) -> None:
    model = Net()
    expected = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    state = model.state_dict()
    prefixed = {f"module.{name}": tensor for name, tensor in state.items()}
    compiled = {f"_orig_mod.{name}": tensor for name, tensor in state.items()}
    optimizer = torch.optim.Adam(model.parameters()).state_dict()
    around = {"args": argparse.Namespace(lr=1, own=Hyper()), "iter_num": np.int64(12), "best_val_loss": torch.tensor(0.25), "optim": optimizer}
    for saved in (state, prefixed, compiled, {"state_dict": state}, {"net": prefixed} | around, {"model": model} | around, model):
        torch.save(saved, tmp_path / "a.pt", pickle_protocol=protocol)
        found = values(tmp_path / "a.pt")
        assert list(found) == list(expected)
        for name, value in expected.items():
            np.testing.assert_array_equal(found[name], value)
        step = checkpoint(tmp_path / "a.pt").step
        assert step == (12 if isinstance(saved, dict) and "iter_num" in saved else None)
    torch.save({"generator": state, "discriminator": {"w": torch.ones(3)}, "generator_ema": state, "optimizer_g": optimizer}, tmp_path / "a.pt")
    assert list(values(tmp_path / "a.pt")) == [f"generator.{name}" for name in expected] + ["discriminator.w"]


def test_files_without_checksums_and_packed_again(tmp_path: Path) -> None:
    model = Net()
    torch.serialization.set_crc32_options(False)
    torch.save(model.state_dict(), tmp_path / "plain.pt")
    torch.serialization.set_crc32_options(True)
    with zipfile.ZipFile(tmp_path / "again.pt", "w") as to:
        torch.save(model.state_dict(), tmp_path / "source.pt")
        with zipfile.ZipFile(tmp_path / "source.pt") as source:
            for info in source.infolist():
                to.writestr(info.filename, source.read(info))
    for name in ("plain.pt", "again.pt"):
        np.testing.assert_array_equal(values(tmp_path / name)["body.weight"], model.body.weight.detach().numpy())


def test_lightning_with_a_namespace_of_hyperparameters(tmp_path: Path) -> None:
    lightning = pytest.importorskip("pytorch_lightning", reason="Lightning is not installed")

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self, options: argparse.Namespace) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch: Any, _: int) -> Any:
            return torch.nn.functional.mse_loss(self.layer(batch), batch.sum(1, keepdim=True))

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.05)

    saving = lightning.callbacks.ModelCheckpoint(tmp_path, every_n_train_steps=2, save_top_k=-1, save_last=True)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    trainer = lightning.Trainer(max_epochs=3, callbacks=[saving], **quiet)
    trainer.fit(Module(argparse.Namespace(rate=0.1)), torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=2))
    files = sorted(tmp_path.glob("epoch*.ckpt"))
    with pytest.raises(pickle.UnpicklingError):
        torch.load(files[0], weights_only=True)
    assert checkpoint(files[0]).epoch is not None
    for path in files:
        theirs = torch.load(path, weights_only=False)
        np.testing.assert_array_equal(values(path)["layer.weight"], theirs["state_dict"]["layer.weight"].numpy())
        assert checkpoint(path).step == theirs["global_step"]
    run, warnings = import_run(tmp_path)
    assert run.steps.tolist() == [4, 6, 8, 10, 12]
    assert any("last.ckpt" in warning and "left out" in warning for warning in warnings)


def test_order_of_the_names_and_what_is_left_out(tmp_path: Path) -> None:
    def put(name: str, value: float, **more: Any) -> None:
        torch.save({"a": torch.full((2, 3), value), **more}, tmp_path / name)

    put("model_v2_9.pt", 1.0, gone=torch.ones(2), grows=torch.ones(2))
    put("model_v2_10.pt", 3.0, grows=torch.ones(3))
    put("model_v2_100.pt", float("nan"), grows=torch.ones(3))
    put("model_v2_200.pt", 4.0, grows=torch.ones(3))
    put("model_v2_300.pt", 4.0, grows=torch.ones(3))
    put("best.pt", 4.0)
    (tmp_path / "optimizer.pt").write_bytes(b"not looked at")
    (tmp_path / "words.bin").write_bytes(b"no checkpoint")
    torch.save({"words": ["a", "b"]}, tmp_path / "vocab.pt")
    run, warnings = import_torch(tmp_path)
    assert run.steps.tolist() == [10, 100, 200, 300] and run.nonfinite.tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(run.update_norm[:, 0], [2 * 6**0.5, np.nan, np.nan, 0.0])
    assert run.sketch is not None and not run.sketch[1:].any() and run.sketch[0].any()
    told = "\n".join(warnings)
    for text in ("best.pt", "words.bin: not a file", "vocab.pt: holds no tensors", "not in every checkpoint: gone", "shape changes: grows"):
        assert text in told
    assert "names are taken as training steps" in told


def test_word_vectors_of_a_large_table(tmp_path: Path) -> None:
    table = torch.randn(2000, 8)
    for step in range(3):
        moved = table + step * (torch.arange(2000) % 4 == 1)[:, None]
        torch.save({"encoder.embed.weight": moved, "pos_embed": torch.zeros(9000, 8)}, tmp_path / f"{step}.pt")
    words = tmp_path / "vocab.txt"
    words.write_text("".join(f"word{row}\n" for row in range(2000)))
    run, warnings = import_torch(tmp_path, Options(vocab=words, parts={"words": "encoder.*"}))
    assert run.embeddings is not None and run.embeddings.values.shape == (3, 512, 8) and run.parts == ("words", "rest")
    assert set(range(1, 2000, 4)) <= set(run.embeddings.ids.tolist())
    assert all(word == f"word{row}" for row, word in zip(run.embeddings.ids, run.embeddings.words, strict=True))
    assert any("512 that moved farthest" in warning for warning in warnings)
    with pytest.raises(RunError, match=r"0 matrices are called 'nothing'.*encoder\.embed\.weight"):
        import_torch(tmp_path, Options(embeddings="nothing"))
    with pytest.raises(RunError, match="belongs to the part 'tail'"):
        import_torch(tmp_path, Options(parts={"tail": "decoder.*"}))
