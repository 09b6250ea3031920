"""The kept corpus of `make fuzz`, replayed: what once led astray, and the inputs that together reach all the code that fuzzing has reached."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np

from bloom_core import library
from bloom_core.flames.flame import FloatArray
from tests.fuzz.flame_file_target import read_anything
from tests.fuzz.seeds import FILES

CORPUS = Path(__file__).parent / "corpus"
POINTS = 48


def corpus(name: str) -> list[Path]:
    """Returns the kept inputs of a target; an empty corpus would let these tests pass without testing anything."""
    found = sorted((CORPUS / name).iterdir())
    assert len(found) > 10
    return found


def play(buffer: FloatArray) -> int:
    """Opens a flame buffer and plays it shortly. Returns the code of opening."""
    lib, handle, written = library.load(), ctypes.c_void_p(), ctypes.c_uint64()
    code = int(lib.bloom_flame_open(buffer.ctypes.data, buffer.size, ctypes.byref(handle)))
    try:
        assert bool(lib.bloom_flame_message(handle)) == bool(code)
        position, palette, weight = np.empty((POINTS, 3), np.float32), np.empty(POINTS, np.float32), np.empty(POINTS, np.float32)
        xform, identity = np.empty(POINTS, np.uint8), np.empty(POINTS, np.uint64)
        arrays = (array.ctypes.data for array in (position, palette, weight, xform, identity))
        settings, statistics = library.RawPlay(seed=1, threads=1), library.RawStatistics()
        lib.bloom_points(handle, ctypes.byref(settings), POINTS, library.Callback(), None, *arrays, ctypes.byref(written), ctypes.byref(statistics))
        n = written.value
        assert n <= POINTS and np.isfinite(position[:n]).all()
        assert ((palette[:n] >= 0) & (palette[:n] <= 1) & (weight[:n] >= 0) & (weight[:n] <= 1)).all()
    finally:
        lib.bloom_flame_close(handle)
    return code


def test_kept_flame_buffers_are_played_or_refused() -> None:
    codes = {path.name: play(np.frombuffer(path.read_bytes()[: path.stat().st_size // 8 * 8], np.float64)) for path in corpus("flame_buffer")}
    # Were all refused, the buffer's layout has changed since: `python -m tests.fuzz --keep` makes a new corpus.
    assert sum(code == 0 for code in codes.values()) > len(codes) / 2


def test_kept_flame_files_are_read_or_refused(tmp_path: Path) -> None:
    given = {path.name: path.read_bytes() for path in corpus("flame_file")} | {name: text.encode("latin-1") for name, text in FILES.items()}
    found = 0
    for name, data in given.items():
        try:
            found += read_anything(data, tmp_path)
        except Exception as error:
            raise AssertionError(f"{name} is neither read nor refused in order") from error
    assert found > 20
