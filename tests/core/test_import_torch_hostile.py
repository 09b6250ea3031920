"""PyTorch checkpoints that are hostile, damaged or of a format that is not read: nothing runs, nothing crashes, and what is wrong is named."""

from __future__ import annotations

import argparse
import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloom_core.importers import import_run, restricted_pickle
from bloom_core.importers.torch_archive import open_archive
from bloom_core.importers.torch_files import checkpoint, looks_like
from bloom_core.trajectories.run_files import RunError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


class Own:
    """A class of the user's own, as people leave in checkpoints."""

    def __init__(self) -> None:
        self.rate = 0.1


def values(path: Path) -> dict[str, Any]:
    """Returns all parameters of a file, as the importer reads them."""
    found = checkpoint(path)
    with found.open() as read:
        return {name: read(name).reshape(shape) for name, shape in found.shapes.items()}



def archive_of(path: Path, data: bytes, **members: bytes) -> Path:
    """Writes a zip such as torch.save makes around a pickle of one's own."""
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("a/data.pkl", data)
        out.writestr("a/byteorder", b"little")
        for name, content in ({"0": bytes(400)} | members).items():
            out.writestr(f"a/data/{name}", content)
    return path


class Runs:
    """Runs a command when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.canary}",)


def payloads(canary: Path) -> dict[str, bytes]:
    """Returns pickles that would run a command in the ways that the format has."""
    run = f"touch {canary}"
    text = b"X" + len(run).to_bytes(4, "little") + run.encode()
    system = b"cposix\nsystem\n"
    stack = b"\x8c\x05posix\x8c\x06system\x93"
    plain = {f"reduce {protocol}": pickle.dumps({"model": {"w": Runs(canary)}}, protocol) for protocol in range(6)}
    persistent = io.BytesIO()

    class Persistent(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            return Runs(canary) if obj == "here" else None

    Persistent(persistent, 2).dump(["here"])
    return plain | {
        "global": b"\x80\x02" + system + text + b"\x85R.",
        "inst": b"(" + b"S'" + run.encode() + b"'\niposix\nsystem\n.",
        "obj": b"(" + system + text + b"o.",
        "newobj": b"\x80\x02" + system + text + b"\x85\x81.",
        "newobj_ex": b"\x80\x04" + system + text + b"\x85}\x92.",
        "stack_global": b"\x80\x04" + stack + text + b"\x85R.",
        "build": b"\x80\x02cbuiltins\nobject\n)R}X\x0c\x00\x00\x00__setstate__" + system + b"sb" + text + b"b.",
        "set item": b"\x80\x02ccollections\nOrderedDict\n)R" + text + system + text + b"\x85Rs.",
        "evaluated": b"cbuiltins\neval\n" + text + b"\x85R.",
        "persistent": persistent.getvalue(),
        "in a tensor": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + system + text + b"\x85RK\x00)))t\x52.",
        "in a subclass": b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(" + system + b"N(" + text + b"tNtR.",
        "in a scalar": b"\x80\x02cnumpy.core.multiarray\nscalar\n" + system + text + b"\x85R" + text + b"\x86R.",
    }


def test_payloads_do_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    working = 0
    for name, data in payloads(canary).items():
        path = archive_of(tmp_path / "a.pt", data)
        with pytest.raises(RunError, match=r"a\.pt"):
            checkpoint(path)
        assert not canary.exists(), name
        try:  # the same bytes do run where a pickle is executed
            pickle.loads(data)
        except Exception:
            pass
        working += canary.exists()
        canary.unlink(missing_ok=True)
    assert working >= 12


def test_a_payload_beside_sound_weights(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for step in (1, 2):
        weights = {"w": torch.full((3,), float(step))}
        torch.save({"state_dict": weights, "hook": Runs(canary), "deep": [{"x": (Runs(canary),)}]}, tmp_path / f"{step}.ckpt")
    run, _ = import_run(tmp_path)
    np.testing.assert_allclose(run.update_norm, [[3**0.5]])
    assert not canary.exists()


TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuKdtQ"


LAUGHS = b"}(K\x00h%cK\x01h%cK\x02h%cuq%c"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("beyond its storage", b"\x80\x02" + TENSOR + b"K\x00Ke\x85K\x01\x85\x89}tR."),
        ("offset beyond", b"\x80\x02" + TENSOR + b"KcK\x02\x85K\x01\x85\x89}tR."),
        ("stride 0 blown up", b"\x80\x02" + TENSOR + b"K\x00J\x00\x00\x00\x7fJ\x00\x00\x00\x7f\x86K\x00K\x00\x86\x89}tR."),
        ("negative stride", b"\x80\x02" + TENSOR + b"K\x0aK\x02\x85J\xff\xff\xff\xff\x85\x89}tR."),
        ("sides that overflow", b"\x80\x02" + TENSOR + b"K\x00" + b"J\xff\xff\xff\x7f" * 2 + b"\x86K\x00K\x00\x86\x89}tR."),
        ("storage too large", b"\x80\x02" + TENSOR.replace(b"Kd", b"J\x00\x00\x00\x7f") + b"K\x00K\x01\x85K\x01\x85\x89}tR."),
        ("storage elsewhere", b"\x80\x02" + TENSOR.replace(b"\x01\x00\x00\x000", b"\x04\x00\x00\x00../0") + b"K\x00K\x01\x85K\x01\x85\x89}tR."),
        ("long of 2 GiB", b"\x80\x02\x8b\xff\xff\xff\x7f."),
        ("bytes of 2^62", b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b"."),
        ("frame of 2^62", b"\x80\x04\x95" + (1 << 62).to_bytes(8, "little") + b"N."),
        ("memo of 2^32", b"\x80\x02Nr\xff\xff\xff\xff."),
        ("nothing on the stack", b"\x80\x02R."),
        ("no mark", b"\x80\x02t."),
        ("unknown memo", b"\x80\x02h\x07."),
        ("nested", b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."),
        ("tuple nested as key", b"\x80\x02})" + b"\x85" * 300_000 + b"Ns."),
        ("keys that collide", b"\x80\x02}(" + b"".join(b"\x8a\x10" + (k * (2**61 - 1)).to_bytes(16, "little") + b"N" for k in range(40_000)) + b"u."),
        ("dictionaries of dictionaries", b"\x80\x02}q\x00" + b"".join(LAUGHS % (level, level, level, level + 1) for level in range(90)) + b"."),
        ("itself", b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."),
        ("too many operations", b"\x80\x02" + b"N0" * 2_100_000 + b"N."),
        ("digits", b"I" + b"9" * 100_000 + b"\n."),
        ("empty", b""),
    ],
)
def test_hostile_pickles_are_bounded(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(RunError, match=r"a\.pt") as caught:
        checkpoint(archive_of(tmp_path / "a.pt", data))
    assert len(str(caught.value)) < 1000


def test_zip_tricks_are_refused(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(50)}, tmp_path / "good.pt")
    good = (tmp_path / "good.pt").read_bytes()
    for name in ("../a/data/0", "/a/data/0", "a/../../0", "C:/x"):
        with zipfile.ZipFile(tmp_path / "a.pt", "w") as out:
            out.writestr(zipfile.ZipInfo(name), b"x")
        with pytest.raises(RunError, match="leads out"):
            checkpoint(tmp_path / "a.pt")
    for packing, size, said in ((zipfile.ZIP_DEFLATED, 1 << 24, "packed"), (zipfile.ZIP_STORED, 70 << 20, "73400320 bytes, more than")):
        with zipfile.ZipFile(tmp_path / "a.pt", "w", packing) as out:
            out.writestr("a/data.pkl", bytes(size))
        with pytest.raises(RunError, match=said):
            checkpoint(tmp_path / "a.pt")
    where = good.rfind(b"PK\x01\x02", 0, good.rfind(b"/data/0"))
    (tmp_path / "a.pt").write_bytes(good[: where + 24] + b"\xff\xff\xff\x7f" + good[where + 28 :])
    with pytest.raises(RunError, match=r"a\.pt"):
        checkpoint(tmp_path / "a.pt")
    data = good.index(np.ones(50, "<f4").tobytes())
    (tmp_path / "a.pt").write_bytes(good[:data] + b"\x01" + good[data + 1 :])
    with pytest.raises(RunError, match="checksum"):
        values(tmp_path / "a.pt")


def test_formats_that_are_not_read_say_what_to_do(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "script.pt")
    torch.save({"epoch": 3, "ids": torch.arange(3)}, tmp_path / "empty.pt")
    (tmp_path / "pickle.pt").write_bytes(pickle.dumps({"w": 1}))
    (tmp_path / "text.pt").write_text("hello")
    expected = {"old": "before 1.6.*save it again", "script": "TorchScript", "empty": "none of them", "pickle": "bare pickle", "text": "not a file"}
    for name, said in expected.items():
        with pytest.raises(RunError, match=rf"{name}\.pt: .*{said}"):
            checkpoint(tmp_path / f"{name}.pt")
    assert looks_like(tmp_path / "old.pt") and not looks_like(tmp_path / "text.pt")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "a.pt"
    model = torch.nn.Sequential(torch.nn.Embedding(30, 6), torch.nn.BatchNorm1d(6), torch.nn.Linear(6, 5))
    optimizer = torch.optim.Adam(model.parameters()).state_dict()
    torch.save({"model": model.state_dict(), "optimizer": optimizer, "args": argparse.Namespace(a=Own())}, path)
    return path


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_named_and_never_crashes(sound: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(sound.read_bytes())
    if data.draw(st.booleans(), "cut"):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1), "length")]
    else:
        for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4), "places"):
            whole[place] ^= data.draw(st.integers(1, 255), "flip")
    path = tmp_path / "damaged.pt"
    path.write_bytes(whole)
    try:
        values(path)
    except RunError as error:
        assert "damaged.pt" in str(error)


@settings(max_examples=150)
@given(st.data())
def test_damaged_pickles_never_crash(sound: Path, data: st.DataObject) -> None:
    with zipfile.ZipFile(sound) as archive:
        stream = bytearray(archive.read("a/data.pkl"))
    for place in data.draw(st.lists(st.integers(0, len(stream) - 1), min_size=1, max_size=6), "places"):
        stream[place] = data.draw(st.integers(0, 255), "byte")
    try:
        restricted_pickle.load(bytes(stream), "here", {}, lambda identity: identity)
    except RunError as error:
        assert str(error).startswith("here: ")


def test_content_is_inert(sound: Path) -> None:
    with open_archive(sound) as archive:
        options = archive.content["args"]
    assert isinstance(options, restricted_pickle.Made) and options.maker.path == "argparse.Namespace"
    assert isinstance(options.state["a"], restricted_pickle.Made)
