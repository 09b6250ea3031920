"""safetensors files and Hugging Face's checkpoint folders, as the libraries write them, and broken ones."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloom_core.importers import import_run
from bloom_core.importers.checkpoints import Checkpoint
from bloom_core.importers.huggingface_folders import import_huggingface
from bloom_core.importers.safetensors_files import checkpoint
from bloom_core.importers.snapshots import Options
from bloom_core.trajectories.run_files import RunError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
torch.set_num_threads(1)


def values(found: Checkpoint) -> dict[str, Any]:
    with found.open() as read:
        return {name: read(name).reshape(shape) for name, shape in found.shapes.items()}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_values_are_the_librarys_own(tmp_path: Path, dtype: str) -> None:
    tensors = {f"layers.{index}.weight": torch.randn(3, index + 1).to(getattr(torch, dtype)) for index in (0, 2, 10)}
    others = {"scalar": torch.tensor(1.5), "ids": torch.arange(4), "x.running_mean": torch.ones(2)}
    safetensors.save_file(tensors | others, tmp_path / "a.safetensors")
    found = checkpoint(tmp_path / "a.safetensors")
    assert list(found.shapes) == ["layers.0.weight", "layers.2.weight", "layers.10.weight", "scalar"]
    assert "ids" in found.notes[0] and "running_mean" in found.notes[0]
    read = values(found)
    for name, tensor in safetensors.load_file(tmp_path / "a.safetensors").items():
        if name in read:
            np.testing.assert_array_equal(read[name], tensor.double().numpy())


def test_a_folder_of_files(tmp_path: Path) -> None:
    for step, scale in ((5, 1.0), (50, 2.0), (500, 4.0)):
        safetensors.save_file({"w": torch.full((4,), scale)}, tmp_path / f"model-{step}.safetensors")
    safetensors.save_file({"w": torch.full((4,), 5.0)}, tmp_path / "final.safetensors", metadata={"format": "pt"})
    run, warnings = import_run(tmp_path)
    assert run.steps.tolist() == [50, 500]
    np.testing.assert_allclose(run.update_norm[:, 0], [2.0, 4.0])
    assert any("final.safetensors: left out" in warning for warning in warnings)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trains a tiny language model with Hugging Face's Trainer."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    folder = tmp_path_factory.mktemp("hf") / "out"
    torch.manual_seed(1)
    sizes = {"vocab_size": 40, "n_positions": 16, "n_embd": 8, "n_layer": 2, "n_head": 2, "bos_token_id": 0, "eos_token_id": 0}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes))
    data = [{"input_ids": tokens, "labels": tokens} for tokens in torch.randint(0, 40, (24, 8))]
    how = {"save_steps": 4, "logging_steps": 2, "max_steps": 12, "learning_rate": 0.01, "per_device_train_batch_size": 4}
    arguments = transformers.TrainingArguments(str(folder), disable_tqdm=True, report_to=[], use_cpu=True, **how)
    trainer = transformers.Trainer(model=model, args=arguments, train_dataset=data)
    trainer.train()
    trainer.save_model(str(folder))
    return folder


def test_a_trainers_checkpoints(trained: Path) -> None:
    run, warnings = import_run(trained)
    state = json.loads((trained / "checkpoint-12" / "trainer_state.json").read_text())
    logged = {entry["step"]: entry for entry in state["log_history"]}
    assert run.steps.tolist() == [8, 12]
    np.testing.assert_allclose(run.loss, [logged[step]["loss"] for step in (8, 12)], rtol=1e-6)
    np.testing.assert_allclose(run.lr[:, 0], [logged[step]["learning_rate"] for step in (8, 12)], rtol=1e-6)
    np.testing.assert_allclose(run.raw_gradient_norm, [logged[step]["grad_norm"] for step in (8, 12)], rtol=1e-6)
    np.testing.assert_allclose(run.epoch, [8 / 6, 2.0], rtol=1e-6)
    theirs = [safetensors.load_file(trained / f"checkpoint-{step}" / "model.safetensors") for step in (4, 8, 12)]
    assert {layer.name for layer in run.layers} == set(theirs[0])
    for index, layer in enumerate(run.layers):
        update = (theirs[2][layer.name].double() - theirs[1][layer.name].double()).norm().item()
        assert run.update_norm[1, index] == pytest.approx(update, rel=1e-6)
    assert run.embeddings is not None and run.embeddings.values.shape == (3, 40, 8) and run.embeddings.steps.tolist() == [4, 8, 12]
    np.testing.assert_array_equal(run.embeddings.values[1], theirs[1]["transformer.wte.weight"].numpy())
    assert not any("loss" in warning for warning in warnings) and any("4 training steps apart" in warning for warning in warnings)


def test_torch_weights_and_shards_in_checkpoint_folders(tmp_path: Path) -> None:
    for step in (1, 2):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        torch.save({"a.w": torch.full((2,), float(step))}, folder / "pytorch_model.bin")
        torch.save({"state": {}}, folder / "optimizer.pt")
        torch.save({"lr": 1}, folder / "training_args.bin")
    run, _ = import_run(tmp_path)
    np.testing.assert_allclose(run.update_norm, [[2**0.5]])
    for step in (1, 2):
        folder = tmp_path / f"checkpoint-{step}"
        (folder / "pytorch_model.bin").unlink()
        safetensors.save_file({"b": torch.full((3,), 2.0 * step)}, folder / "model-00001-of-00002.safetensors")
        safetensors.save_file({"a": torch.full((1,), float(step))}, folder / "model-00002-of-00002.safetensors")
        where = {"b": "model-00001-of-00002.safetensors", "a": "model-00002-of-00002.safetensors"}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
        (folder / "vocab.json").write_text(json.dumps({"x": 0, "y\ud800": 1}))
    run, warnings = import_run(tmp_path, parts={"first": ["b*"]}, vocab=tmp_path / "checkpoint-1" / "vocab.json")
    assert [layer.name for layer in run.layers] == ["a", "b"] and run.parts == ("rest", "first")
    np.testing.assert_allclose(run.update_norm, [[1.0, 12**0.5]], rtol=1e-6)
    assert any("not used" in warning for warning in warnings)
    for name in ("../checkpoint-1/model-00001-of-00002.safetensors", "/etc/passwd", "..", "missing.safetensors", "C:x", ""):
        (tmp_path / "checkpoint-2" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
        with pytest.raises(RunError, match="checkpoint-2"):
            import_run(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("tokenizer.json", {"added_tokens": [{"id": 2, "content": "<s>"}], "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}}}, ("a", "b", "<s>")),
        ("tokenizer.json", {"model": {"type": "Unigram", "vocab": [["a", -1.5], ["b", -2.0], ["c", 0]]}}, ("a", "b", "c")),
        ("vocab.json", {"c": 2, "a": 0, "b": 1}, ("a", "b", "c")),
        ("words.json", ["a", "b"], ("a", "b", "row 2")),
        ("vocab.txt", "a\nb\tnoun\nc\n", ("a", "b", "c")),
    ],
)
def test_vocabularies(tmp_path: Path, name: str, content: Any, words: tuple[str, ...]) -> None:
    for step in (1, 2):
        (tmp_path / f"checkpoint-{step}").mkdir()
        safetensors.save_file({"embed_tokens.weight": torch.randn(3, 2)}, tmp_path / f"checkpoint-{step}" / "model.safetensors")
    path = tmp_path / "checkpoint-2" / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    beside = name in ("tokenizer.json", "vocab.json", "vocab.txt")
    run, _ = import_huggingface(tmp_path, Options(vocab=None if beside else path))
    assert run.embeddings is not None and run.embeddings.words == words


def raw(path: Path, header: Any, body: bytes = b"", length: int | None = None) -> Path:
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(data) if length is None else length) + data + body)
    return path


def tensor(shape: list[Any], offsets: list[Any], dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    ("header", "body", "length", "said"),
    [
        ({"a": tensor([2], [0, 8]), "b": tensor([2], [4, 12])}, 12, None, "tensor b: overlaps"),
        ({"a": tensor([2], [0, 8]), "b": tensor([2], [0, 8])}, 8, None, "overlaps"),
        ({"a": tensor([2], [4, 12])}, 12, None, "gap"),
        ({"a": tensor([1 << 40], [0, 1 << 42])}, 8, None, "tensor a: reaches beyond"),
        ({"a": tensor([3], [0, 8])}, 8, None, "claims shape"),
        ({"a": tensor([1 << 59, 1 << 59], [0, 0])}, 0, None, "claims shape"),
        ({"a": tensor([-2], [0, 8])}, 8, None, "is not {dtype"),
        ({"a": tensor([2], [8, 0])}, 8, None, "claims shape"),
        ({"a": tensor([True], [0, 4])}, 4, None, "is not {dtype"),
        ({"a": tensor([2], [0, 8.0])}, 8, None, "is not {dtype"),
        ({"a": tensor([2], [0, 8], 7)}, 8, None, "is not {dtype"),
        ({"a": [1]}, 8, None, "is not {dtype"),
        ({"a": tensor([2], [0, 8])}, 9, None, "1 bytes more"),
        ({"a": tensor([2], [0, 8])}, 8, 1 << 62, "claims a header of"),
        ({"a": tensor([2], [0, 8])}, 8, 10_000, "claims a header of"),
        (b"{", 0, None, "line 1: not JSON"),
        (b"[1]", 0, None, "not a table"),
        (b"\xff\xfe", 0, None, "not JSON"),
        (b"[" * 200_000, 0, None, "not JSON"),
        ({}, 0, None, "0 tensors"),
        ({"a": tensor([2], [0, 16], "I64")}, 16, None, "none of them a parameter"),
        ({"a": tensor([2], [0, 2], "F8_E4M3")}, 2, None, "none of them a parameter"),
    ],
)
def test_broken_headers_are_named(tmp_path: Path, header: Any, body: int, length: int | None, said: str) -> None:
    with pytest.raises(RunError, match=said.replace("{", r"\{")) as caught:
        checkpoint(raw(tmp_path / "a.safetensors", header, bytes(body), length))
    assert "a.safetensors" in str(caught.value) and len(str(caught.value)) < 1000


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_named_and_never_crashes(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "damaged.safetensors"
    safetensors.save_file({"a.weight": torch.ones(3, 2), "b": torch.ones(2).bfloat16(), "c": torch.arange(3)}, path)
    whole = bytearray(path.read_bytes())
    if data.draw(st.booleans(), "cut"):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1), "length")]
    else:
        for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4), "places"):
            whole[place] ^= data.draw(st.integers(1, 255), "flip")
    path.write_bytes(whole)
    try:
        values(checkpoint(path))
    except RunError as error:
        assert "damaged.safetensors" in str(error)


ODD = '{"global_step": 1e999, "epoch": NaN, "log_history": [1, {"loss": "x", "step": 2}]}'


@pytest.mark.parametrize("state", [ODD, f'{{"epoch": {"9" * 400}}}', "{}"])
def test_odd_trainer_states_are_survived(tmp_path: Path, state: str) -> None:
    for step in (1, 2):
        (tmp_path / f"checkpoint-{step}").mkdir()
        safetensors.save_file({"a": torch.full((2,), float(step))}, tmp_path / f"checkpoint-{step}" / "model.safetensors")
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(state)
    run, _ = import_run(tmp_path)
    assert run.steps.tolist() == [2] and np.isfinite(run.epoch).all() and np.isnan(run.loss).all()
    (tmp_path / "checkpoint-2" / "trainer_state.json").write_text("[]\n,")
    with pytest.raises(RunError, match=r"trainer_state\.json, line 2"):
        import_run(tmp_path)


def test_one_file_or_checkpoint_has_no_movement(tmp_path: Path) -> None:
    safetensors.save_file({"w": torch.ones(2)}, tmp_path / "model.safetensors")
    with pytest.raises(RunError, match="movement"):
        import_run(tmp_path / "model.safetensors")
    with pytest.raises(RunError, match="1 checkpoint of different steps"):
        import_run(tmp_path)
