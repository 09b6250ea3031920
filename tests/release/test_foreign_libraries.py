"""The libraries for Windows and for aarch64, played under Wine and qemu: the same flame and seed give the same bytes as on this computer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_reader import read_flames
from bloom_core.trainability.experiment import ACTIVATIONS, OPTIMIZERS
from bloom_core.trainability.outcomes import PRECISIONS
from release.manifest import ROOT
from tests.native.allowances import is_known_overflow, peer_rounding
from tests.native.test_variation_vectors import DETERMINISTIC, FAR, RANDOM, compare
from tests.native.vectors import VECTORS, Entry, expected_of, flame_of, label
from tests.release import jobs
from tests.release.machines import Machine, arm, host, wine

MACHINES = pytest.mark.parametrize("machine", [wine, arm], ids=["windows-amd64", "linux-aarch64"])


def flower(name: str) -> Flame:
    """Returns a flower of the package, wide open."""
    return read_flames(ROOT / "core" / "bloom_core" / "flowers" / f"{name}.flame")[0][-1]


def flower_jobs(name: str, size: int = 1) -> list[jobs.Job]:
    """Returns all that Bloom makes of a flower: clouds, volumes in files of names that not every code page has, a picture."""
    flame = flower(name)
    return [
        jobs.points(f"{name} points", flame, 20_000 * size, threads=2),
        jobs.volume(f"{name} half", flame, f"blüte-{name}.vdb", half=True, compressed=True, color=False),
        jobs.volume(f"{name} color", flame, f"花-{name}.vdb", half=False, compressed=False, color=True),
        jobs.image(f"{name} image", flame, 48 * size, 32 * size),
    ]


def random_jobs(count: int) -> list[jobs.Job]:
    """Returns every variation that draws random numbers, `count` times at one of its vectors' points."""
    return [
        jobs.transform(f"{number} {label(entry)}", flame_of(entry), np.tile(np.array(entry["stats"][0]["in"], float), (count, 1)), double=False)
        for number, entry in enumerate(RANDOM)
    ]


def vector_jobs(entries: list[Entry], *, double: bool) -> list[jobs.Job]:
    """Returns the golden vectors' points through their variations."""
    points = [np.array(entry["in"], np.float64) for entry in entries]
    return [jobs.transform(f"{n} {label(entry)}", flame_of(entry), points[n], double=double) for n, entry in enumerate(entries)]


def alike(machine: Machine, wanted: list[jobs.Job], folder: Path, kernel: str = "") -> list[str]:
    """Returns what differs between what the machine and this computer make of the jobs: names of jobs and of files."""
    here, there = host().play(wanted, folder / "here"), machine.play(wanted, folder / f"there{kernel}", kernel)
    transforms = {job.name for job in wanted if job.given[:4] == bytes(4)}
    differing = []
    for name, result in here.items():
        if name in transforms:
            same = np.array_equal(jobs.transformed(result), jobs.transformed(there[name]), equal_nan=True)
        else:
            same = result == there[name]
        differing += [] if same else [name]
    files = sorted(path.name for path in (folder / "here").glob("*.vdb"))
    assert files == sorted(path.name for path in (folder / f"there{kernel}").glob("*.vdb"))
    return differing + [name for name in files if (folder / "here" / name).read_bytes() != (folder / f"there{kernel}" / name).read_bytes()]


@MACHINES
def test_a_flower_has_the_same_bytes(machine: Callable[[], Machine], tmp_path: Path) -> None:
    """Points, volumes as OpenVDB files, a picture, and what recording measures."""
    wanted = [*flower_jobs("lotus"), jobs.measure("measured", 100_003, threads=2)]
    assert alike(machine(), wanted, tmp_path) == []
    assert (tmp_path / "here" / "花-lotus.vdb").stat().st_size > 100_000


@MACHINES
def test_a_network_has_the_same_outcome_to_the_bit(machine: Callable[[], Machine], tmp_path: Path) -> None:
    """Chaotic trainings, where the last bit of any step decides: every precision, and all that a step can be made of."""
    kinds = [(a, o, p) for p in PRECISIONS for a, o in zip(ACTIVATIONS, OPTIMIZERS, strict=True)]
    wanted = [jobs.train(" ".join(kind), 40, activation=kind[0], optimizer=kind[1], precision=kind[2]) for kind in kinds]
    assert alike(machine(), wanted, tmp_path) == []


@MACHINES
def test_every_variation_has_the_same_bytes(machine: Callable[[], Machine], tmp_path: Path, shared_data: Path) -> None:
    """In float, which all that is rendered is made in: all golden vectors, and all variations that draw random numbers."""
    assert VECTORS.parent == shared_data
    wanted = [*vector_jobs(DETERMINISTIC, double=False), *random_jobs(64)]
    assert len(wanted) == 889
    assert alike(machine(), wanted, tmp_path) == []


@MACHINES
def test_golden_vectors(machine: Callable[[], Machine], tmp_path: Path, shared_data: Path) -> None:
    """In double, where the system's own C library has the last digit: the tolerance of tests/native/test_variation_vectors.py."""
    assert VECTORS.parent == shared_data
    entries = [entry for entry in DETERMINISTIC if not is_known_overflow(entry)]
    results = machine().play(vector_jobs(entries, double=True), tmp_path)
    failures = []
    for entry, result in zip(entries, results.values(), strict=True):
        size = np.nanmax(np.abs(expected_of(entry)), axis=1, initial=0.0)
        tolerance = np.maximum(1e-9 * np.maximum(size, 1e-6), peer_rounding(entry, size))
        failures += [f"{label(entry)}: {told}" for told in compare(entry, jobs.transformed(result), tolerance, FAR)]
    assert failures == []


@MACHINES
def test_bytes_that_differ_are_seen(machine: Callable[[], Machine], tmp_path: Path) -> None:
    """The comparison itself: another flame there than here."""
    mine, other = flower_jobs("lotus")[:1], flower_jobs("rose")[:1]
    here, there = host().play(mine, tmp_path / "here"), machine().play(other, tmp_path / "there")
    assert here["lotus points"] != there["rose points"]
