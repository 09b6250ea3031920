"""Keras weights as Keras 3 writes them in its three formats, and hostile and damaged HDF5 files."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloom_core.importers import import_run
from bloom_core.importers.keras_files import checkpoint, looks_like
from bloom_core.trajectories.run_files import RunError

h5py = pytest.importorskip("h5py", reason="h5py is not installed")


def values(path: Path) -> dict[str, Any]:
    """Returns all parameters of a file, as the importer reads them."""
    found = checkpoint(path)
    with found.open() as read:
        return {name: read(name).reshape(shape) for name, shape in found.shapes.items()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """Trains a model for three epochs and saves each in all formats. Returns the folder, and the weights by Keras' own path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        pytest.importorskip("torch", reason="PyTorch, Keras' backend here, is not installed")
        keras = pytest.importorskip("keras", reason="Keras is not installed")
    folder = tmp_path_factory.mktemp("keras")
    keras.utils.clear_session()  # layers are numbered in each process, and other tests make some as well
    keras.utils.set_random_seed(1)
    layers = keras.layers
    chain = [layers.Input((6,)), layers.Embedding(20, 4), layers.LSTM(5), layers.BatchNormalization(), layers.Dense(7), layers.Dense(2)]
    model = keras.Sequential(chain, name="sequential")
    model.compile("adam", "mse")
    random = np.random.default_rng(1)
    weights = []
    for epoch in (1, 2, 3):
        model.fit(random.integers(0, 20, (32, 6)), random.random((32, 2)), batch_size=8, verbose=0)
        for kind in ("keras", "h5", "weights.h5"):
            (folder / kind).mkdir(exist_ok=True)
            path = folder / kind / f"epoch_{epoch}.{kind}"
            model.save_weights(path) if kind == "weights.h5" else model.save(path)
        weights.append({weight.path: keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights})
    return folder, weights


@pytest.mark.parametrize("kind", ["keras", "h5", "weights.h5"])
def test_a_real_training(trained: tuple[Path, list[dict[str, Any]]], kind: str) -> None:
    folder, weights = trained[0] / kind, trained[1]
    for epoch in (1, 2, 3):
        found = values(folder / f"epoch_{epoch}.{kind}")
        assert len(found) == len(weights[0]) == 10
        # Names differ from format to format; the values do not.
        theirs = {(array.shape, array.tobytes()) for array in weights[epoch - 1].values()}
        assert {(array.shape, array.tobytes()) for array in found.values()} == theirs
    run, warnings = import_run(folder)
    assert run.steps.tolist() == [8, 12] and run.epoch.tolist() == [2.0, 3.0]
    update = sum(np.square(weights[2][path].astype(np.float64) - weights[1][path]).sum() for path in weights[0])
    assert run.update_size()[1] == pytest.approx(update**0.5, rel=1e-6)
    assert {"dense", "dense_1", "batch_normalization", "embedding"} <= set(run.parts)
    assert run.embeddings is not None and run.embeddings.values.shape == (3, 20, 4)
    assert any("running statistics" in warning and "2 more" not in warning for warning in warnings)


def write(path: Path, fill: Callable[[Any], None]) -> Path:
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 3), np.float32)
        fill(file)
    return path


def test_other_kinds_of_numbers(tmp_path: Path) -> None:
    def fill(file: Any) -> None:
        file["layers/a/vars/0"] = np.full(3, 0.1, np.float64)
        file["layers/b/vars/0"] = np.full(3, 0.1, np.float16)
        file["layers/c/vars/0"] = np.full(3, 0.1, ">f4")
        file["layers/d/vars/0"] = np.arange(3)
        file["layers/e/vars/0"] = np.zeros((0, 4), np.float32)
        for number in range(300):  # more than one leaf of the group's B-tree holds
            file[f"layers/many/vars/{number}"] = np.full(2, number, np.float32)

    found = values(write(tmp_path / "a.h5", fill))
    assert list(found) == ["a.0", "b.0", "c.0", "dense.0", "e.0", *(f"many.{number}" for number in range(300))]
    assert found["a.0"].dtype == np.float64 and found["b.0"].dtype == found["c.0"].dtype == np.float32
    np.testing.assert_array_equal(found["c.0"], np.float32([0.1] * 3))
    np.testing.assert_array_equal([found[f"many.{number}"][1] for number in range(300)], np.arange(300))


def test_links_and_values_elsewhere_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["weights"] = np.full(4, 7.0, np.float32)
    (tmp_path / "secret.bin").write_bytes(np.full(4, 7.0, "<f4").tobytes())

    def virtual(file: Any) -> None:
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource(secret, "weights", (4,))
        file.create_virtual_dataset("layers/x/vars/0", layout)

    def bomb(file: Any) -> None:
        file.create_dataset("layers/x/vars/0", (1 << 40,), "f4", chunks=(1 << 20,), compression="gzip")

    def deep(file: Any) -> None:
        file.create_group("/".join("g" * 200))

    tricks: dict[str, Callable[[Any], None]] = {
        "holds links": lambda file: file.__setitem__("layers/x", h5py.ExternalLink(str(secret), "weights")),
        "x: a link": lambda file: file.__setitem__("layers/x", h5py.SoftLink("/layers/dense")),
        "packed or in pieces": virtual,
        "another file, which": lambda file: file.create_dataset("layers/x/vars/0", (4,), "<f4", external=[(str(tmp_path / "secret.bin"), 0, 16)]),
        "holds objects": lambda file: file.create_dataset("layers/x/vars/0", (2,), h5py.string_dtype()),
        "in pieces": bomb,
        "deeper": deep,
    }
    for said, fill in tricks.items():
        with pytest.raises(RunError, match=said) as caught:
            checkpoint(write(tmp_path / "a.h5", fill))
        assert str(caught.value).startswith(f"{tmp_path / 'a.h5'}, ")


def test_a_group_within_itself_ends(tmp_path: Path) -> None:
    assert list(values(write(tmp_path / "a.h5", lambda file: file["layers"].__setitem__("again", file["/"])))) == ["dense.0"]


def test_things_that_are_no_weights(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as out:
        out.writestr("config.json", "{}")
    with h5py.File(tmp_path / "ints.h5", "w") as file:
        file["x"] = np.arange(4)
    (tmp_path / "text.h5").write_text("hello, not HDF5")
    (tmp_path / "empty.h5").write_bytes(b"")
    expected = {"a.keras": "without Keras' model", "ints.h5": "holds no weights", "text.h5": "not an HDF5", "empty.h5": "not an HDF5"}
    for name, said in expected.items():
        with pytest.raises(RunError, match=said) as caught:
            checkpoint(tmp_path / name)
        assert name in str(caught.value)
    assert looks_like(tmp_path / "ints.h5") and not looks_like(tmp_path / "text.h5")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_named_and_never_crashes(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "damaged.weights.h5"
    write(path, lambda file: file.__setitem__("optimizer/vars/0", np.int32(3)))
    whole = bytearray(path.read_bytes())
    if data.draw(st.booleans(), "cut"):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1), "length")]
    else:
        for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4), "places"):
            whole[place] ^= data.draw(st.integers(1, 255), "flip")
    path.write_bytes(whole)
    try:
        values(path)
    except RunError as error:
        assert "damaged.weights.h5" in str(error)
