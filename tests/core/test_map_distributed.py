"""Maps by several machines: a real cluster of processes, some of which die."""

from __future__ import annotations

import builtins
import json
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bloom_core.native import Cancelled
from bloom_core.trainability import distributed as on_cluster
from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.making import Work, make_map
from bloom_core.trainability.map_files import read_map, write_map
from bloom_core.trainability.maps import Map
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.tiles import SUFFIX
from bloom_core.trainability.views import overview

distributed = pytest.importorskip("distributed")

EXPERIMENT = replace(PRESETS["preview"], name="cluster", steps=150)
VIEW = overview(EXPERIMENT, (200, 160))


@pytest.fixture(scope="module")
def here() -> Map:
    """The map as this computer alone makes it."""
    return make_map(EXPERIMENT, VIEW, engine=NativeEngine(1))


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two worker processes of one thread."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        yield cluster


def the_same(made: Map, here: Map, folder: Path) -> bool:
    """Says whether the files of both maps are the same to the byte, but for the seconds they took."""
    for name, found in (("a", made), ("b", here)):
        write_map(folder / f"{name}.bloommap", replace(found, made=replace(found.made, seconds=0.0)))
    return (folder / "a.bloommap").read_bytes() == (folder / "b.bloommap").read_bytes()


def test_a_worker_that_is_killed_loses_nothing(cluster: Any, here: Map, tmp_path: Path) -> None:
    told: list[float] = []
    killed: list[int] = []

    def progress(share: float) -> bool:
        told.append(share)
        if share > 0.1 and not killed:
            killed.append(cluster.workers[0].pid)
            os.kill(killed[0], signal.SIGKILL)
        return True

    made = make_map(EXPERIMENT, VIEW, engine=NativeEngine(1), scheduler=cluster.scheduler_address, folder=tmp_path / "tiles", progress=progress)
    assert killed and killed[0] > 1 and told == sorted(told) and told[-1] == 1.0 and 0.1 < told[len(told) // 2] < 1.0
    assert the_same(made, here, tmp_path)
    assert len(list((tmp_path / "tiles").glob(f"*{SUFFIX}"))) == 35


def test_cancelled_on_the_cluster_and_finished_here(cluster: Any, here: Map, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        make_map(EXPERIMENT, VIEW, scheduler=cluster.scheduler_address, folder=tmp_path / "tiles", progress=lambda share: share < 0.3)
    kept = len(list((tmp_path / "tiles").glob(f"*{SUFFIX}")))
    assert 0 < kept < 35
    with distributed.Client(cluster) as client:  # nothing goes on there that nobody waits for
        client.run_on_scheduler(lambda dask_scheduler: None)
        assert not client.futures
    made = make_map(EXPERIMENT, VIEW, engine=NativeEngine(1), folder=tmp_path / "tiles")
    assert the_same(made, here, tmp_path)
    assert read_map(tmp_path / "a.bloommap").view == VIEW


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(on_cluster, "_TIMEOUT", 1.0)
    for wrong in (address, "tcp://", "nonsense://here:1"):
        with pytest.raises(MapError, match="cannot be reached"):
            make_map(EXPERIMENT, VIEW, scheduler=wrong)


def test_a_cluster_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_cluster, "_PATIENCE", 0.5)
    with distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0") as cluster, pytest.raises(MapError, match="no workers"):
        make_map(EXPERIMENT, VIEW, scheduler=cluster.scheduler_address)


def test_a_worker_whose_numbers_differ_is_refused() -> None:
    task = on_cluster._task(Work(EXPERIMENT, VIEW, "float"), NativeEngine(1)) | {"bits": "native v2"}
    with pytest.raises(MapError, match="machines of one kind"):
        on_cluster.train_tile(json.dumps(task), (0, 0), (4, 4))


def test_a_cluster_that_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_cluster, "_TIMEOUT", 4.0)
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:

        def progress(share: float) -> bool:
            if share > 0.1:
                cluster.close()
            return True

        with pytest.raises(MapError, match="was lost"):
            make_map(EXPERIMENT, VIEW, scheduler=cluster.scheduler_address, folder=tmp_path, progress=progress)
    assert 0 < len(list(tmp_path.glob(f"*{SUFFIX}"))) < 35


def test_without_dask_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "distributed":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MapError, match=r"pip install 'bloom-core\[maps\]'"):
        make_map(EXPERIMENT, VIEW, scheduler="tcp://127.0.0.1:1")
