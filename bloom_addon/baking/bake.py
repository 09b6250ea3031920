"""Baking a bloom: the scene is sampled on the main thread, a worker that never sees bpy makes the frames."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import bpy

from bloom_core import designs, takes
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.native import Cancelled, NativeError, Progress
from bloom_core.takes import BakeSettings, Take, TakeError

from .. import bloom_object, flame_properties, sample


@dataclass(frozen=True)
class BakeJob:
    """All that a bake needs, as plain data."""

    folder: Path
    flames: Sequence[Flame]
    settings: BakeSettings
    frame_start: int


def prepare(scene: bpy.types.Scene, obj: bpy.types.Object) -> BakeJob:
    """Takes the snapshot of the scene's frame range. Raises ValueError with what to do where there is no place for the take."""
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    folder = bloom_object.takes_folder(obj)
    flames = sample.snapshot(scene, obj, range(scene.frame_start, scene.frame_end + 1))
    if bloom.follow and flames:
        with suppress(NativeError):  # a flame that diverges: the bake will say which
            box = designs.follow(flame_properties.read_box(bloom), flames)
            bloom.box_low, bloom.box_high = box.low, box.high
    box = flame_properties.read_box(bloom)
    samples = round(bloom.samples * 1e6)
    settings = BakeSettings(box, samples, bloom.resolution, bloom.gain, estimator=bloom.estimator, seed=bloom.seed)
    return BakeJob(folder, flames, settings, scene.frame_start)


def run(job: BakeJob, threads: int = 0, progress: Progress | None = None) -> Take:
    """Bakes; the same as `takes.bake`, with a job's data. May run in any thread."""
    return takes.bake(job.folder, job.flames, job.settings, threads=threads, progress=progress)


class BakeWorker:
    """A bake in a thread of its own. Poll `fraction` and `finished`; then `result` is a Take, or the exception that ended it."""

    _latest: ClassVar[BakeWorker | None] = None

    def __init__(self, job: BakeJob) -> None:
        self.job, self.fraction = job, 0.0
        self.result: Take | Exception | None = None
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._work, name="Bloom bake", daemon=True)
        self._thread.start()
        BakeWorker._latest = self

    @staticmethod
    def running() -> bool:
        """Says whether a bake is going on."""
        return BakeWorker._latest is not None and not BakeWorker._latest.finished

    @staticmethod
    def stop() -> None:
        """Ends a bake that is going on: Blender takes an operator away with its add-on without asking it to stop."""
        if BakeWorker._latest is not None:
            BakeWorker._latest.cancel()

    @property
    def finished(self) -> bool:
        """Says whether the thread has ended."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Asks the bake to stop, and waits the moment that takes."""
        self._cancel.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            self.result = run(self.job, progress=self._progress)
        except (TakeError, NativeError, FlameError, Cancelled, OSError) as error:
            self.result = error

    def _progress(self, fraction: float) -> bool:
        self.fraction = fraction
        return not self._cancel.is_set()
