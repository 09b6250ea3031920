"""Tiles as tasks of Dask distributed, for maps that one machine is too small for.

What travels is plain data: an experiment and a view as JSON there, the bytes of a tile's file back. Each worker makes its own engine, with one thread
for each of the worker's. Who connects to a scheduler trusts it and its workers, as with any cluster.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from bloom_core.native import Cancelled, Progress
from bloom_core.trainability.engines import EngineChoice, choice_of, open_engine
from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.experiment_files import experiment_of, table_of
from bloom_core.trainability.making import Work, train_places
from bloom_core.trainability.outcomes import Engine
from bloom_core.trainability.tiles import Tile, TileResult, same_bits, tile_bytes, tile_result
from bloom_core.trainability.views import View

_TIMEOUT = 10.0
"""Seconds to reach the scheduler."""
_PATIENCE = 60.0
"""Seconds to wait for workers when there are none."""
_LOSSES = 8
"""How often a tile is given up for lost and handed out again. Machines that are lent come and go; a tile that kills every worker shall not go on."""
_LOOK_EVERY = 0.25
_AHEAD = 3
"""Tiles in flight for each thread of the cluster: no worker waits, and no million tasks burden the scheduler."""

_engines = threading.local()


def train_on_cluster(address: str, work: Work, tiles: list[Tile], engine: Engine, told: Progress) -> Iterator[tuple[Tile, TileResult]]:
    """Trains tiles on the workers of the scheduler at `address`, and returns each as it is ready. `told` takes how many networks are done.

    A tile whose worker died is trained by another. Raises Cancelled; MapError where the scheduler cannot be reached or is lost, where there are no
    workers, or where a worker's engine would not give the same numbers as `engine`.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TimeoutError, RuntimeError) as error:
        raise MapError(f"The scheduler {address} cannot be reached ({_reason(error)}). Is it running, and is the address right?") from error
    try:
        with client:
            yield from _train(distributed, client, address, work, tiles, engine, told)
    except (OSError, CancelledError, distributed.CancelledError) as error:  # all futures are cancelled when the connection breaks
        raise MapError(f"The scheduler {address} was lost ({_reason(error)}). Start again: in a folder for tiles, finished ones are kept.") from error


def _train(
    distributed: Any, client: Any, address: str, work: Work, tiles: list[Tile], engine: Engine, told: Progress
) -> Iterator[tuple[Tile, TileResult]]:
    task, waiting, done = json.dumps(_task(work, engine)), list(reversed(tiles)), 0
    flying: dict[Any, Tile] = {}
    lost: dict[Tile, int] = {}
    last_seen = time.monotonic()
    try:
        while waiting or flying:
            threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
            if threads:
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > _PATIENCE:
                raise MapError(f"The scheduler {address} has had no workers for {_PATIENCE:.0f} seconds. Start some: dask worker {address}")
            while waiting and len(flying) < _AHEAD * max(threads, 1):
                tile = waiting.pop()
                future = client.submit(train_tile, task, tile.low, tile.size, pure=False)
                flying[future] = tile
            try:
                with client.as_current():
                    ready = distributed.wait(list(flying), timeout=_LOOK_EVERY, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                ready = set()
            for future in ready:
                tile = flying.pop(future)
                result = _result_of(distributed, future, tile, address)
                if result is None:
                    waiting.append(tile)
                    lost[tile] = lost.get(tile, 0) + 1
                    if lost[tile] > _LOSSES:
                        raise MapError(f"Every worker of {address} that was given the tile at {tile.low} died. Look at their logs; is memory short?")
                    continue
                done += tile.count
                yield tile, result
            if not told(done):
                raise Cancelled
    finally:
        client.cancel(list(flying), force=True)


def train_tile(task: str, low: tuple[int, ...], size: tuple[int, ...]) -> bytes:
    """What a worker does: trains the tile of `task` that begins at pixel `low`, and returns the bytes of its file. Raises MapError."""
    told = json.loads(task)
    center, span = (tuple(Fraction(value) for value in told[name]) for name in ("center", "span"))
    view = View(center, span, tuple(told["size"]))
    work = Work(experiment_of(told["experiment"], "The task"), view, told["precision"])
    choice = EngineChoice(**told["engine"])
    engine = _engine(choice)
    if same_bits(engine.name) != told["bits"]:
        raise MapError(f"A worker has the engine {engine.name}, whose numbers differ from those of {told['bits']}. Use machines of one kind.")
    tile = Tile(tuple(low), tuple(size))
    return tile_bytes(train_places(work, list(tile.places()), engine))


def _engine(choice: EngineChoice) -> Engine:
    """Returns the engine of this thread of the worker, made once."""
    engine: Engine | None = getattr(_engines, repr(choice), None)
    if engine is None:
        engine = open_engine(choice)
        setattr(_engines, repr(choice), engine)
    return engine


def _task(work: Work, engine: Engine) -> dict[str, Any]:
    choice = asdict(choice_of(engine)) | {"threads": 1}
    return {
        "experiment": table_of(work.experiment),
        "center": [str(value) for value in work.view.center],
        "span": [str(value) for value in work.view.span],
        "size": list(work.view.size),
        "precision": work.precision,
        "engine": choice,
        "bits": same_bits(engine.name),
    }


def _result_of(distributed: Any, future: Any, tile: Tile, address: str) -> TileResult | None:
    """Returns what came of a task, or None where it is to be done again."""
    error = future.exception() if future.status == "error" else None
    if future.status == "finished":
        return tile_result(future.result(), tile.count)
    if future.status == "cancelled":
        raise CancelledError("the connection broke")
    if future.status == "lost" or isinstance(error, distributed.scheduler.KilledWorker):
        return None
    raise MapError(f"A worker of {address} failed: {_reason(error)}") from error


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MapError("Maps on several machines need Dask: pip install 'bloom-core[maps]', here and on every worker") from error
    return distributed


def _reason(error: BaseException | None) -> str:
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return text if len(text) <= 300 else f"{text[:299]}…"
