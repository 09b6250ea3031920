"""One file that `torch.save` wrote (PyTorch 1.6 or later: a zip), read with numpy alone.

Its pickle becomes inert values; its tensors are read when they are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.importers import restricted_pickle
from bloom_core.importers.archives import Archive, open_file
from bloom_core.importers.checkpoints import NotCheckpointError
from bloom_core.importers.restricted_pickle import Global, Made
from bloom_core.trajectories.run_files import RunError

_OLD_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_SAVE_AGAIN = "Load it with torch.load(path, weights_only=True) and save it again with torch.save, in PyTorch 1.6 or later."

_STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "BFloat16Storage": "bf16",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "u1",
    "UntypedStorage": "u1",
}
_TYPES = {"float64": "f8", "float32": "f4", "float16": "f2", "bfloat16": "bf16", "int64": "i8", "uint16": "u2", "uint32": "u4", "uint64": "u8"}
_SIZES = {"f8": 8, "f4": 4, "f2": 2, "bf16": 2, "i8": 8, "i4": 4, "i2": 2, "i1": 1, "u1": 1, "u2": 2, "u4": 4, "u8": 8}
FLOATING = frozenset(("f8", "f4", "f2", "bf16"))


@dataclass(frozen=True)
class Storage:
    """A stretch of `bytes` bytes in member `data/KEY`, of values of one type ("?" for a type that is not read)."""

    kind: str
    key: str
    bytes: int


@dataclass(frozen=True)
class Tensor:
    """A view of a storage: `offset` and `stride` count values. `kind` is a type as in `Storage`."""

    storage: Storage
    kind: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def count(self) -> int:
        """Values in it."""
        return int(np.prod([*self.shape], dtype=object)) if self.shape else 1


class TorchArchive:
    """An open checkpoint file: `content` is what was saved, with `Tensor` for each tensor and inert values for all else that is not plain."""

    def __init__(self, archive: Archive, place: str, size: int) -> None:
        """Reads the pickle. Raises RunError."""
        self.place = place
        self._archive = archive
        pickles = [name for name in archive.members if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise RunError(f"{place}: a zip, but not one that torch.save wrote: it holds {len(pickles)} files data.pkl. Choose a checkpoint's file.")
        self._root = pickles[0].removesuffix("data.pkl")
        if f"{self._root}constants.pkl" in archive.members:
            raise RunError(f"{place}: a TorchScript program, not a checkpoint. Save model.state_dict() with torch.save instead.")
        order = archive.read(f"{self._root}byteorder", 16).strip() if f"{self._root}byteorder" in archive.members else b"little"
        if order not in (b"little", b"big"):
            raise RunError(f"{place}: numbers in the unknown order {order[:20]!r}. The file is damaged; copy it again.")
        self._order = ">" if order == b"big" else "<"
        data = archive.read(pickles[0], restricted_pickle.MAX_PICKLE_BYTES)
        builders: dict[str, restricted_pickle.Builder] = {
            "torch._utils._rebuild_tensor": self._tensor,
            "torch._utils._rebuild_tensor_v2": self._tensor,
            "torch._utils._rebuild_tensor_v3": self._typed_tensor,
            "torch._utils._rebuild_parameter": lambda tensor, *_: tensor,
            "torch._utils._rebuild_parameter_with_state": lambda tensor, *_: tensor,
            "torch._tensor._rebuild_from_type_v2": self._of_subclass,
        }
        self._claimed, self._claims_allowed = 0, 4 * size + (1 << 20)
        self._counted: set[Tensor] = set()
        self.content = restricted_pickle.load(data, f"{place}, {pickles[0]}", builders, self._storage)

    def read(self, tensor: Tensor) -> NDArray[Any]:
        """Returns the tensor's values row by row, (n,): float32, float64 where it is one, or integers. Raises RunError."""
        width = _SIZES[tensor.kind]
        reach = sum((side - 1) * step for side, step in zip(tensor.shape, tensor.stride, strict=True)) + 1 if tensor.count else 0
        name = f"{self._root}data/{tensor.storage.key}"
        data = self._archive.read_range(name, tensor.offset * width, (tensor.offset + reach) * width)
        if tensor.kind == "bf16":
            values: NDArray[Any] = (np.frombuffer(data, self._order + "u2").astype(np.uint32) << 16).view(np.float32)
        else:
            values = np.frombuffer(data, self._order + tensor.kind)
        strides = tuple(step * values.itemsize for step in tensor.stride)
        viewed = np.lib.stride_tricks.as_strided(values, tensor.shape, strides).reshape(-1)
        return viewed.astype(np.float32) if tensor.kind == "f2" else viewed.astype(viewed.dtype.newbyteorder("="), copy=False)

    def _storage(self, identity: Any) -> Any:
        """Makes the storage that a persistent id names: ("storage", type, key, device, count). Raises ValueError for what cannot be one."""
        if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
            raise ValueError("a persistent id that is no storage")
        kind, key, count = identity[1], identity[2], identity[4]
        if not isinstance(kind, Global) or not isinstance(key, str) or type(count) is not int or not 0 <= count < 1 << 60:
            raise ValueError("a storage without type, key and size")
        code = _STORAGES.get(kind.name, "?")
        storage = Storage(code, key, count * _SIZES.get(code, 1))
        if self._archive.member(f"{self._root}data/{key}").file_size < storage.bytes:
            raise ValueError(f"storage {key[:20]} claims {storage.bytes} bytes, more than the file has of it")
        return storage

    def _tensor(self, storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> Any:
        return self._view(storage, storage.kind if isinstance(storage, Storage) else "?", offset, shape, stride)

    def _typed_tensor(self, storage: Any, offset: Any, shape: Any, stride: Any, _gradient: Any, _hooks: Any, kind: Any, *_: Any) -> Any:
        return self._view(storage, _TYPES.get(kind.name, "?") if isinstance(kind, Global) else "?", offset, shape, stride)

    def _of_subclass(self, maker: Any, _type: Any, arguments: Any, _state: Any) -> Any:
        """A tensor of a class of one's own: the tensor in it."""
        known = {"torch._utils._rebuild_tensor_v2": self._tensor, "torch._utils._rebuild_tensor_v3": self._typed_tensor}
        builder = known.get(maker.path) if isinstance(maker, Global) else None
        return builder(*arguments) if builder is not None else Made(maker, ())

    def _view(self, storage: Any, kind: str, offset: Any, shape: Any, stride: Any) -> Any:
        """Makes a tensor after checking that it lies within its storage. Raises ValueError."""
        if not isinstance(storage, Storage):
            return Made(None, ())
        numbers = [offset, *shape, *stride] if isinstance(shape, tuple) and isinstance(stride, tuple) else [None]
        if len(shape) != len(stride) or len(shape) > 32 or not all(type(number) is int and 0 <= number < 1 << 60 for number in numbers):
            raise ValueError("a tensor of impossible shape")
        tensor = Tensor(storage, kind, offset, shape, stride)
        if kind == "?":
            return tensor
        held = storage.bytes // _SIZES[kind]
        if tensor.count:
            reach = offset + sum((side - 1) * step for side, step in zip(shape, stride, strict=True)) + 1
            if reach > held or tensor.count > held:
                raise ValueError(f"a tensor of shape {shape} reaches beyond its storage")
        if tensor not in self._counted:
            self._counted.add(tensor)
            self._claimed += tensor.count * _SIZES[kind]
            if self._claimed > self._claims_allowed:
                raise ValueError("its tensors claim many times the bytes that the file has")
        return tensor


@contextmanager
def open_archive(path: Path) -> Iterator[TorchArchive]:
    """Opens a checkpoint file. Raises RunError naming it, and what to do about formats that are not read."""
    with open_file(path) as file:
        start = file.read(512)
        if start.startswith(_OLD_MAGIC):
            raise RunError(f"{path}: in the format of PyTorch before 1.6. {_SAVE_AGAIN}")
        if start[257:262] == b"ustar":
            raise RunError(f"{path}: a tar, the format of PyTorch before 0.4. {_SAVE_AGAIN}")
        if not start.startswith(b"PK"):
            if start[:1] != b"\x80":
                raise NotCheckpointError(f"{path}: not a file that torch.save wrote. Choose files that it wrote.")
            raise RunError(f"{path}: a bare pickle, which is not read here, for it may hold anything. Choose files that torch.save wrote.")
        archive = Archive(file, str(path))
        yield TorchArchive(archive, str(path), file.seek(0, 2))
