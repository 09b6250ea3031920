"""TensorBoard's event files: written by PyTorch, read beside TensorBoard's own reader; restarts, damage, hostile bytes."""

from __future__ import annotations

import math
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloom_core import events
from bloom_core.importers import scalar_tags, tensorboard, tfrecord, wire_format
from bloom_core.importers.tensorboard import import_tensorboard, looks_like
from bloom_core.trajectories.run_model import Trajectory
from bloom_core.trajectories.trajectory import RunError, pack_run, read_run, write_run

pytest.importorskip("tensorboard", reason="tensorboard is not installed")
SummaryWriter = pytest.importorskip("torch.utils.tensorboard", reason="torch is not installed").SummaryWriter


def losses(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 2.0 * np.exp(-np.arange(count) / (count / 5)) + 0.2 + 0.01 * rng.normal(size=count)


def write_losses(folder: Path, values: np.ndarray, tag: str = "train/loss", start: int = 0, **options: object) -> Path:
    before = set(folder.glob("*")) if folder.exists() else set()
    with SummaryWriter(str(folder), **options) as writer:
        for step, value in enumerate(values, start=start):
            writer.add_scalar(tag, value, step)
    return next(iter(set(folder.glob("*tfevents*")) - before))


def reference(folder: Path, tag: str) -> tuple[list[int], list[float]]:
    """Returns steps and values as TensorBoard's own reader has them, all of them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    if tag in accumulator.Tags()["scalars"]:
        return [entry.step for entry in accumulator.Scalars(tag)], [entry.value for entry in accumulator.Scalars(tag)]
    entries = accumulator.Tensors(tag)
    return [entry.step for entry in entries], [entry.tensor_proto.float_val[0] for entry in entries]


def test_reads_what_tensorboard_reads(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    values = losses(5000)
    with SummaryWriter(str(folder)) as writer:
        for step, value in enumerate(values):
            writer.add_scalar("train/loss", value, step)
            writer.add_scalar("optim/lr", 0.1 if step < 2500 else 0.01, step, new_style=True)
            if step % 50 == 0:
                writer.add_scalar("grad_norm/encoder.0.weight", 1.0 + value, step)
                writer.add_histogram("grads/decoder.weight", np.full(16, value), step)
                writer.add_scalar("epoch", step // 500, step)
        writer.add_image("picture", np.zeros((3, 64, 64)), 7)
        writer.add_text("note", "hello", 3)
    begun = time.process_time()
    run, warnings = import_tensorboard(folder)
    took = time.process_time() - begun
    steps, expected = reference(folder, "train/loss")
    np.testing.assert_array_equal(run.steps, steps)
    np.testing.assert_array_equal(run.loss, np.float32(expected))
    assert len(steps) == 5000 and took < 5.0
    np.testing.assert_array_equal(run.lr[:, 0], np.float32(reference(folder, "optim/lr")[1]))
    assert [layer.name for layer in run.layers] == ["loss", "grad_norm/encoder.0.weight", "norms/grads/decoder.weight"]
    assert run.epoch[-1] == 9.0 and 0.0 < run.wall[-1] < 600.0 and (np.diff(run.wall) >= 0.0).all()
    assert any("no parameters" in warning for warning in warnings) and run.meta["signals"]["loss"] == "train/loss"
    write_run(run, tmp_path / "run")
    pack_run(tmp_path / "run", tmp_path / "run.bloom")
    again = read_run(tmp_path / "run.bloom")
    np.testing.assert_array_equal(again.update_norm, run.update_norm)
    assert again.meta["warnings"] == warnings


def test_norms_of_histograms_are_exact(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(20, 300)).astype(np.float64)
    with SummaryWriter(str(tmp_path)) as writer:
        for step, values in enumerate(gradients):
            writer.add_histogram("layer.weight", values, step)
    found: dict[str, list[float]] = {}
    for record in tfrecord.records(next(tmp_path.iterdir())):
        assert isinstance(record, tfrecord.Record)
        for tag, value in tensorboard._event(record.data, {}).scalars:
            found.setdefault(tag, []).append(value)
    np.testing.assert_allclose(found["norms/layer.weight"], np.linalg.norm(gradients, axis=1), rtol=1e-9)
    run, _ = import_tensorboard(tmp_path)
    assert [layer.name for layer in run.layers] == ["norms/layer.weight"]


def test_tensors_of_every_type() -> None:
    from tensorboard.util.tensor_util import make_tensor_proto

    for kind in (np.float32, np.float64, np.float16, np.int32, np.int64, np.uint8):
        for value in (0, 3):
            proto = make_tensor_proto(np.array(value, dtype=kind))
            assert tensorboard._number(proto.SerializeToString()) == float(value) or kind in (np.float16,)
            proto.ClearField("float_val")
            for name in ("half_val", "double_val", "int_val", "int64_val"):
                proto.ClearField(name)
            proto.tensor_content = np.array(value, dtype=kind).tobytes()
            assert tensorboard._number(proto.SerializeToString()) == float(value)
    for other in (np.zeros(2, np.float32), np.zeros((1, 2)), np.array(b"text")):
        assert tensorboard._number(make_tensor_proto(other).SerializeToString()) is None


def test_restarts(tmp_path: Path) -> None:
    """A crash at 500, a restart from 400 that TensorBoard is told of, and one from 300 that it is not."""
    first, second, third = losses(500, 1), losses(60, 2), losses(80, 3)
    write_losses(tmp_path, first)
    write_losses(tmp_path, second, start=400, purge_step=400)
    run, warnings = import_tensorboard(tmp_path)
    steps, expected = reference(tmp_path, "train/loss")
    np.testing.assert_array_equal(run.steps, steps)
    np.testing.assert_array_equal(run.loss, np.float32(expected))
    assert any("taken up again at step 400; 100 values" in warning for warning in warnings)
    write_losses(tmp_path, third, start=300)
    run, warnings = import_tensorboard(tmp_path)
    np.testing.assert_array_equal(run.steps, np.arange(380))
    np.testing.assert_array_equal(run.loss, np.float32([*first[:300], *third]))
    assert any("taken up again at step 300; 160 values" in warning for warning in warnings)


def test_explosions_show_and_quiet_runs_are_quiet(tmp_path: Path) -> None:
    quiet = losses(600)
    wild = quiet.copy()
    wild[400] = 1e9
    broken = quiet.copy()
    broken[300:303] = math.nan
    runs: dict[str, Trajectory] = {}
    for name, values in (("quiet", quiet), ("wild", wild), ("broken", broken)):
        write_losses(tmp_path / name, values)
        runs[name] = import_tensorboard(tmp_path / name)[0]
    size = runs["wild"].update_size()
    assert np.argmax(size) in (400, 401) and size[400] > 100.0 * np.median(size)
    # What the explosion does to its own step it does not do to the others'.
    others = np.delete(np.arange(600), [400, 401])
    np.testing.assert_allclose(size[others], runs["quiet"].update_size()[others], rtol=0.05)
    # The last half, where the loss only trembles, is a small part of the way.
    assert runs["quiet"].update_size()[-200:].max() < 0.2 and abs(runs["quiet"].parameter_norm[-1, 0] - runs["quiet"].parameter_norm[-200, 0]) < 0.2
    kinds = {name: [(event.kind, event.step) for event in events.find(run)] for name, run in runs.items()}
    assert ("loss_spike", 400) in kinds["wild"] and ("nonfinite", 300) in kinds["broken"]
    assert not {"explosion", "loss_spike", "jitter", "nonfinite"} & {kind for kind, _ in kinds["quiet"]}
    np.testing.assert_array_equal(np.flatnonzero(runs["broken"].nonfinite), [300, 301, 302])
    assert np.isfinite(runs["broken"].update_norm).all()


def test_runs_in_several_folders(tmp_path: Path) -> None:
    for name in ("train", "validation"):
        write_losses(tmp_path / "keras" / name, losses(10), tag="epoch_loss")
    run, warnings = import_tensorboard(tmp_path / "keras")
    assert run.meta["signals"] == {"loss": "train/epoch_loss"} and "validation/epoch_loss" in run.meta["scalars"]
    np.testing.assert_array_equal(run.epoch, np.arange(1, 11))
    assert any("each step is an epoch" in warning for warning in warnings)
    write_losses(tmp_path / "nested", losses(10))
    write_losses(tmp_path / "nested" / "1732", losses(3), tag="hparam/loss")
    assert len(import_tensorboard(tmp_path / "nested")[0].steps) == 10
    with pytest.raises(RunError, match=r"holds \d runs \(.*nested"):
        import_tensorboard(tmp_path)
    assert looks_like(tmp_path) and not looks_like(tmp_path / "nowhere")


def test_a_log_of_other_numbers(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path / "rl")) as writer:
        for step in range(20):
            writer.add_scalar("rollout/ep_rew_mean", step**0.5, step * 100)
            writer.add_scalar("time/fps", 900.0, step * 100)
    run, warnings = import_tensorboard(tmp_path / "rl")
    assert [layer.name for layer in run.layers] == ["rollout/ep_rew_mean"] and np.isnan(run.loss).all()
    assert any("no loss was recognised" in warning for warning in warnings)
    write_losses(tmp_path / "single", losses(1))
    with pytest.raises(RunError, match="two steps"):
        import_tensorboard(tmp_path / "single")
    (tmp_path / "none").mkdir()
    with pytest.raises(RunError, match="holds no event files"):
        import_tensorboard(tmp_path / "none")


def test_the_end_that_a_running_job_has_not_written(tmp_path: Path) -> None:
    file = write_losses(tmp_path, losses(50))
    whole = file.read_bytes()
    for cut in (1, 4, 13, 30):
        file.write_bytes(whole[:-cut])
        run, warnings = import_tensorboard(tmp_path)
        assert len(run.steps) == 49 and any(file.name in warning and "still running" in warning for warning in warnings)


def framed(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    checks = [struct.pack("<I", tfrecord._masked(int(tfrecord.crc32c([data])[0]))) for data in (length, payload)]
    return length + checks[0] + payload + checks[1]


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff" * 20,  # a number that does not end
        b"\x2a\xff\xff\xff\xff\x0f",  # a summary of 4 GiB
        b"\x2a\x04\x0a\x02\x0a\x7f",  # a tag beyond the end of its value
        b"\x2b" * 100,  # groups within groups
    ],
)
def test_hostile_events(tmp_path: Path, payload: bytes) -> None:
    file = write_losses(tmp_path, losses(5))
    file.write_bytes(file.read_bytes() + framed(payload))
    run, warnings = import_tensorboard(tmp_path)
    assert len(run.steps) == 5 and any("no event" in warning for warning in warnings)


def test_hostile_lengths(tmp_path: Path) -> None:
    file = write_losses(tmp_path, losses(5))
    whole = file.read_bytes()
    for length in (1 << 63, (1 << 64) - 1, 1 << 40):
        header = struct.pack("<Q", length)
        check = struct.pack("<I", tfrecord._masked(int(tfrecord.crc32c([header])[0])))
        file.write_bytes(whole + header + check + b"abc")
        run, warnings = import_tensorboard(tmp_path)
        assert len(run.steps) == 5 and any("ends within a record" in warning for warning in warnings)
        file.write_bytes(header + check)
        with pytest.raises(RunError, match="no scalars"):
            import_tensorboard(tmp_path)
    event = b"\x10" + b"\xff" * 9 + b"\x01" + b"\x2a\x0a\x0a\x08\x0a\x01t\x15\x00\x00\x80\x3f"  # step −1
    file.write_bytes(whole + framed(event))
    assert any("steps below 0" in warning for warning in import_tensorboard(tmp_path)[1])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_flipped_bytes_never_give_wrong_numbers(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    values = losses(12)
    file = write_losses(tmp_path_factory.mktemp("flip"), values)
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    changed = bytes(content) != file.read_bytes()
    file.write_bytes(content)
    try:
        run, warnings = import_tensorboard(file)
    except RunError as error:
        assert str(file) in str(error)
        return
    np.testing.assert_array_equal(run.loss, np.float32(values)[run.steps])
    assert not changed or any(f"{file}, byte" in warning for warning in warnings)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_none(data: bytes) -> None:
    try:
        tensorboard._event(data, {})
        list(wire_format.fields(data))
    except ValueError:
        pass


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(0, 5000))
def test_checksums(texts: list[bytes], size: int) -> None:
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c

    texts = [*texts, bytes(np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)), b"123456789"]
    found = tfrecord.crc32c(texts).tolist()
    assert found == [crc32c(text) for text in texts] and found[-1] == 0xE3069283


@pytest.mark.parametrize(
    ("tag", "role"),
    [
        *((tag, "loss") for tag in ("loss", "train/loss", "train_loss", "Loss/train", "trainLoss", "training.loss", "train_loss_step", "batch_loss")),
        *((tag, "rate") for tag in ("lr", "learning_rate", "train/learning_rate", "lr-AdamW", "lr-SGD/pg1", "charts/learning_rate", "LearningRate")),
        *((tag, "gradient") for tag in ("grad_norm", "train/grad_norm", "grad_2.0_norm_total", "gradient_norm", "gnorm", "optim/total_grad_norm")),
        *((tag, "epoch") for tag in ("epoch", "train/epoch", "trainer/epoch")),
        *((tag, "layer") for tag in ("grad_norm/encoder", "grad_2.0_norm/a.weight", "gradients/enc.0.bias", "parameters/enc", "norms/enc.0")),
        *((tag, "") for tag in ("accuracy", "lr-SGD-momentum", "lr-AdamW-weight_decay", "loss_scale", "epoch_time", "perplexity", "weight", "flow")),
    ],
)
def test_what_names_mean(tag: str, role: str) -> None:
    said = {
        "loss": scalar_tags.loss_rank(tag) == 0,
        "rate": scalar_tags.is_learning_rate(tag),
        "gradient": scalar_tags.gradient_rank(tag) == 0,
        "epoch": scalar_tags.is_epoch(tag),
        "layer": scalar_tags.layer_of(tag) is not None,
    }
    assert [name for name, there in said.items() if there] == ([role] if role else [])


def test_held_out_losses_do_not_stand_for_the_training_loss(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(10):
            for tag, value in (("val/loss", 1.0), ("eval_loss", 2.0), ("loss_D", 3.0), ("loss/train", 4.0)):
                writer.add_scalar(tag, value / (step + 1), step)
    run, _ = import_tensorboard(tmp_path)
    assert run.meta["signals"] == {"loss": "loss/train", "loss_D": "loss_D"} and run.loss[0] == 4.0


def test_a_log_of_lightning(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    lightning = pytest.importorskip("lightning.pytorch", reason="lightning is not installed")
    torch.set_num_threads(1)

    class Model(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 1)

        def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
            loss = self.head(torch.tanh(self.encoder(batch[0]))).square().mean()
            self.log("train_loss", loss, on_step=True, on_epoch=True)
            return loss

        def on_before_optimizer_step(self, _: torch.optim.Optimizer) -> None:
            self.log_dict(lightning.utilities.grad_norm(self, 2))

        def configure_optimizers(self) -> tuple[list[torch.optim.Optimizer], list[object]]:
            optimizer = torch.optim.AdamW(self.parameters(), 1e-2)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]

    logger = lightning.loggers.TensorBoardLogger(str(tmp_path), name="", version="log")
    trainer = lightning.Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=logger,
        log_every_n_steps=2,
        callbacks=[lightning.callbacks.LearningRateMonitor()],
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Model(), torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(160, 4)), batch_size=8))
    run, warnings = import_tensorboard(tmp_path / "log")
    assert run.meta["signals"]["loss"] == "train_loss_step" and run.meta["signals"]["gradient norm"] == "grad_2.0_norm_total"
    assert run.parts == ("loss", "gradient norm", "encoder", "head") and len(run.layers) == 6
    np.testing.assert_array_equal(run.steps, np.arange(1, 60, 2))
    assert run.epoch[0] == 0.0 and run.epoch[-1] == 2.0 and (run.lr[0, 0], run.lr[-1, 0]) == (np.float32(0.01), np.float32(0.0025))
    assert any("every 2 steps" in warning for warning in warnings) and any("can be imported as well" in warning for warning in warnings)
