"""The native library itself: where it is, its C structures and signatures (core/native/bloom.h), loading and checking it."""

from __future__ import annotations

import _ctypes
import ctypes
import gc
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

ABI_VERSION = 5


class NativeError(RuntimeError):
    """The renderer refused or failed; the message says why and what to do."""


class RawVariation(ctypes.Structure):
    """bloom_variation_info."""

    _fields_ = [("name", ctypes.c_char_p), ("parameter_count", ctypes.c_int32)]


class RawParameter(ctypes.Structure):
    """bloom_parameter_info."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("defaults", ctypes.c_double * 3),
        ("low", ctypes.c_double),
        ("high", ctypes.c_double),
        ("soft_low", ctypes.c_double),
        ("soft_high", ctypes.c_double),
        ("kind", ctypes.c_int32),
    ]


class RawStatistics(ctypes.Structure):
    """bloom_statistics."""

    _fields_ = [(name, ctypes.c_uint64) for name in ("iterations", "plotted", "bad", "outside")]


class RawPlay(ctypes.Structure):
    """bloom_play."""

    _fields_ = [("seed", ctypes.c_uint64), ("threads", ctypes.c_int32), ("in_double", ctypes.c_int32)]


class RawVolume(ctypes.Structure):
    """bloom_volume."""

    _fields_ = [
        ("low", ctypes.c_double * 3),
        ("high", ctypes.c_double * 3),
        ("filter", ctypes.c_double),
        ("fade", ctypes.c_double),
        ("samples", ctypes.c_uint64),
        ("memory_limit", ctypes.c_uint64),
        ("colors", ctypes.c_void_p),
        ("color_count", ctypes.c_int32),
        ("resolution", ctypes.c_int32),
    ]


class RawDense(ctypes.Structure):
    """bloom_dense."""

    _fields_ = [
        ("density", ctypes.c_void_p),
        ("palette", ctypes.c_void_p),
        ("low", ctypes.c_double * 3),
        ("voxel_size", ctypes.c_double),
        ("memory_limit", ctypes.c_uint64),
        ("dimensions", ctypes.c_int32 * 3),
        ("reserved", ctypes.c_int32),
    ]


class RawView(ctypes.Structure):
    """bloom_view."""

    _fields_ = [("center", ctypes.c_double * 2)] + [
        (name, ctypes.c_double)
        for name in ("pixels_per_unit", "rotate", "yaw", "pitch", "perspective", "height", "depth_of_field", "blur_curve")
    ]


class RawDevelopment(ctypes.Structure):
    """bloom_development."""

    _fields_ = [
        *((name, ctypes.c_double) for name in ("k1", "k2", "estimator_radius", "estimator_minimum", "estimator_curve")),
        *((name, ctypes.c_double) for name in ("gamma", "gamma_threshold", "vibrancy", "white", "highlight_power")),
        ("background", ctypes.c_double * 3),
        ("filter", ctypes.c_void_p),
        ("curves", ctypes.c_void_p),
        *((name, ctypes.c_int32) for name in ("filter_size", "clips_early", "transparent", "threads")),
    ]


class RawGrid(ctypes.Structure):
    """bloom_grid_info."""

    _fields_ = [
        ("low", ctypes.c_double * 3),
        ("voxel_size", ctypes.c_double),
        ("dimensions", ctypes.c_int32 * 3),
        ("reserved", ctypes.c_int32),
        ("leaf_count", ctypes.c_uint64),
    ]


class RawTraining(ctypes.Structure):
    """bloom_training."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("inputs", "targets", "input_weights", "output_weights", "batches", "values")),
        *((name, ctypes.c_uint64) for name in ("count", "sets")),
        ("threshold", ctypes.c_double),
        *((name, ctypes.c_int32) for name in ("points", "width", "steps", "batch_size")),
        *((name, ctypes.c_int32) for name in ("activation", "optimizer", "precision", "sensitivity", "threads")),
    ]


Callback = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_double)
CANCELLED = 3
"""The code of a call whose progress callback returned 0."""


def library_path() -> Path:
    """Returns where this platform's library stands: beside this file."""
    name = {"win32": "bloom.dll", "darwin": "libbloom.dylib"}.get(sys.platform, "libbloom.so")
    return Path(__file__).parent / name


@cache
def load() -> Any:
    """Loads and checks the library. Raises NativeError that names the path."""
    path = library_path()
    try:
        lib = ctypes.CDLL(str(path))
    except OSError as error:
        raise NativeError(f"Bloom's renderer could not be loaded from {path}: {error}. Install bloom-core anew for this platform.") from error
    p, i32, u64, f64 = ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint64, ctypes.c_double
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "bloom_abi_version": (i32, []),
        "bloom_kernel_name": (ctypes.c_char_p, []),
        "bloom_variation_count": (i32, []),
        "bloom_variation": (i32, [i32, p]),
        "bloom_parameter": (i32, [i32, i32, p]),
        "bloom_flame_open": (i32, [p, u64, p]),
        "bloom_flame_message": (ctypes.c_char_p, [p]),
        "bloom_flame_close": (None, [p]),
        "bloom_transform": (i32, [p, i32, i32, u64, p, u64, p]),
        "bloom_points": (i32, [p, p, u64, Callback, p, p, p, p, p, p, p, p]),
        "bloom_accumulate": (i32, [p, p, p, Callback, p, p, p]),
        "bloom_grid_from_dense": (i32, [p, p]),
        "bloom_grid_message": (ctypes.c_char_p, [p]),
        "bloom_grid_describe": (None, [p, p]),
        "bloom_grid_leaves": (None, [p, f64, p, p, p, p, p]),
        "bloom_grid_estimate": (i32, [p, f64, f64, i32, Callback, p]),
        "bloom_grid_write_vdb": (i32, [p, ctypes.c_char_p, f64, i32, i32]),
        "bloom_grid_close": (None, [p]),
        "bloom_image_open": (i32, [i32, i32, i32, i32, u64, p]),
        "bloom_image_message": (ctypes.c_char_p, [p]),
        "bloom_image_accumulate": (i32, [p, p, p, p, p, p, u64, Callback, p, p]),
        "bloom_image_cells": (None, [p, p]),
        "bloom_image_develop": (i32, [p, p, Callback, p, p]),
        "bloom_image_close": (None, [p]),
        "bloom_measure": (i32, [p, u64, i32, p, p]),
        "bloom_train": (i32, [p, Callback, p, p, p]),
    }
    for name, (result, arguments) in signatures.items():
        try:
            function = getattr(lib, name)
        except AttributeError as error:
            raise NativeError(f"{path} is not Bloom's renderer, or an old one: it has no {name}. Install bloom-core anew.") from error
        function.restype, function.argtypes = result, arguments
    if lib.bloom_abi_version() != ABI_VERSION:
        raise NativeError(f"{path} speaks version {lib.bloom_abi_version()} of the ABI, Bloom needs {ABI_VERSION}. Install bloom-core anew.")
    return lib


class _Held:
    """How many objects of the library there are: flames, grids and pictures that were opened and not yet closed."""

    def __init__(self) -> None:
        self.count, self.lock = 0, threading.Lock()


_held = _Held()


def hold() -> Any:
    """Returns the loaded library, which stays loaded until `let_go` is called as often. Raises NativeError as `load` does."""
    with _held.lock:
        lib = load()
        _held.count += 1
    return lib


def let_go() -> None:
    """Says that an object of the library was closed."""
    with _held.lock:
        _held.count -= 1


def unload() -> bool:
    """Unloads the library, so that its file can be replaced or removed; whoever needs it next loads it anew.

    Returns False, and leaves it loaded, where something of it is still open: its code would go from under whoever closes that.
    """
    gc.collect()  # a grid in a cycle of references is closed now, not later
    with _held.lock:
        if _held.count:
            return False
        if load.cache_info().currsize:
            handle = load()._handle
            load.cache_clear()
            _free(handle)
    return True


def _free(handle: int) -> None:
    if sys.platform == "win32":
        _ctypes.FreeLibrary(handle)
    else:
        _ctypes.dlclose(handle)
