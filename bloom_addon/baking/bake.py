"""Baking a bloom: the scene is sampled on the main thread, a worker that never sees bpy makes the frames."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import bpy
import numpy as np

from bloom_core import designs, take_estimates, takes
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.native import Cancelled, NativeError, Progress
from bloom_core.palettes import linear_to_srgb
from bloom_core.takes import BakeSettings, PointSettings, Settings, Take, TakeError

from .. import bloom_object, flame_properties, material, posing, properties, sample

_COLORS = 256


@dataclass(frozen=True)
class BakeJob:
    """All that a bake needs, as plain data; `bloom` is the name of its object."""

    folder: Path
    flames: Sequence[Flame]
    settings: Settings
    frame_start: int
    bloom: str = ""
    about: Mapping[str, object] = field(default_factory=dict)


def kinds_of(obj: bpy.types.Object) -> tuple[str, ...]:
    """Returns what a bloom is baked as: volume, points or both."""
    return {"VOLUME": ("volume",), "POINTS": ("points",)}.get(properties.bloom_of(obj).baking.kind, ("volume", "points"))


def frames_of(scene: bpy.types.Scene, obj: bpy.types.Object) -> range:
    """Returns the frames that a bloom is baked at."""
    baking = properties.bloom_of(obj).baking
    first, last = (baking.frame_start, baking.frame_end) if baking.range == "CUSTOM" else (scene.frame_start, scene.frame_end)
    return range(first, last + 1)


def settings_of(obj: bpy.types.Object, kind: str) -> Settings:
    """Returns the settings that the bloom's properties ask for."""
    bloom = properties.bloom_of(obj)
    if kind == "points":
        return PointSettings(round(bloom.baking.point_count * 1e6), bloom.seed)
    return BakeSettings(
        flame_properties.read_box(bloom), round(bloom.samples * 1e6), bloom.resolution, bloom.gain,
        estimator=bloom.estimator, seed=bloom.seed, color=bloom.baking.color, half=not bloom.baking.full_floats,
    )  # fmt: skip


def flames_of(scene: bpy.types.Scene, obj: bpy.types.Object, frames: Sequence[int]) -> list[Flame]:
    """Returns the bloom's flame at each frame, with its palette where the bake needs it. Main thread only."""
    return sample.at_frames(scene, obj, frames, lambda: read_flame(scene, obj))


def read_flame(scene: bpy.types.Scene, obj: bpy.types.Object) -> Flame:
    """Returns the bloom's flame at the current frame, as it is baked. Writes nothing."""
    flame = posing.read_flame(scene, obj)
    if not properties.bloom_of(obj).baking.color:
        return flame
    ramps = (material.ramp_of(slot.material) for slot in obj.material_slots if slot.material is not None)
    ramp = next((ramp for ramp in ramps if ramp is not None), None)
    if ramp is None:
        return flame
    colors = np.array([ramp.evaluate(place)[:3] for place in np.linspace(0.0, 1.0, _COLORS)])
    return replace(flame, palette=linear_to_srgb(np.clip(colors, 0.0, 1.0)))


def prepare(scene: bpy.types.Scene, obj: bpy.types.Object, kind: str | None = None) -> BakeJob:
    """Takes the snapshot of the frames to bake; `kind` volume or points, by default the first of what the bloom is to be baked as.

    Raises ValueError with what to do where there is no place for the take.
    """
    return prepare_all(scene, obj, kinds=(kind,) if kind else kinds_of(obj)[:1])[0]


def prepare_all(
    scene: bpy.types.Scene, obj: bpy.types.Object, frames: range | None = None, kinds: tuple[str, ...] | None = None
) -> list[BakeJob]:
    """Returns a job for each kind of take that the bloom is to be baked as, of one snapshot. Raises ValueError as `prepare` does."""
    folder = bloom_object.takes_folder(obj)
    whole = frames is None
    frames = frames_of(scene, obj) if frames is None else frames
    if not frames:
        raise ValueError("The custom range ends before it begins: set Last Frame to First Frame or later")
    flames = flames_of(scene, obj, frames)
    bloom = properties.bloom_of(obj)
    if bloom.follow and whole:
        with suppress(NativeError):  # a flame that diverges: the bake will say which
            box = designs.follow(flame_properties.read_box(bloom), flames)
            bloom.box_low, bloom.box_high = box.low, box.high
    about = {"bloom": obj.name, "frame_start": frames.start, "blends": [bpy.data.filepath] if bpy.data.is_saved else []}
    wanted = kinds_of(obj) if kinds is None else kinds
    return [BakeJob(folder, flames, settings_of(obj, kind), frames.start, obj.name, about) for kind in wanted]


def run(job: BakeJob, threads: int = 0, progress: Progress | None = None, only: Collection[int] | None = None) -> Take:
    """Bakes; the same as `takes.bake`, with a job's data: `only` are places in the job's range, from 0. May run in any thread."""
    return takes.bake(job.folder, job.flames, job.settings, threads=threads, progress=progress, only=only, about=job.about)


class BakeWorker:
    """Bakes in a thread of its own, one job after the other. Poll `fraction` and `finished`; then `takes` has a take for each job that was
    done, and `error` is what ended the others, or None."""

    latest: ClassVar[BakeWorker | None] = None

    def __init__(self, *jobs: BakeJob) -> None:
        self.jobs, self.fraction, self.done, self.frames = jobs, 0.0, 0, 0
        self.takes: list[Take] = []
        self.error: Exception | None = None
        self._begin = time.monotonic()
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._work, name="Bloom bake", daemon=True)
        BakeWorker.latest = self
        self._thread.start()

    @staticmethod
    def running() -> bool:
        """Says whether a bake is going on."""
        return BakeWorker.latest is not None and not BakeWorker.latest.finished

    @staticmethod
    def stop() -> None:
        """Ends a bake that is going on: Blender takes an operator away with its add-on without asking it to stop."""
        if BakeWorker.latest is not None:
            BakeWorker.latest.cancel()

    @property
    def finished(self) -> bool:
        """Says whether the thread has ended."""
        return not self._thread.is_alive()

    @property
    def text(self) -> str:
        """Returns how far it is: frame 12 of 48, 2 min 10 s to go."""
        if self._cancel.is_set():
            return "Stopping"
        if not self.frames:
            return "Looking for what changed"
        left = take_estimates.time_left(self.fraction, time.monotonic() - self._begin)
        return f"Frame {min(self.done + 1, self.frames)} of {self.frames}" + (f", {take_estimates.duration(left)} to go" if left is not None else "")

    def cancel(self, wait: bool = True) -> None:
        """Asks the bake to stop, and waits the moment that takes."""
        self._cancel.set()
        if wait:
            self._thread.join()

    def _work(self) -> None:
        try:
            counts = [len(takes.missing(job.folder, job.flames, job.settings)) for job in self.jobs]
            self.frames, before = sum(counts), 0
            for job, count in zip(self.jobs, counts, strict=True):
                self.takes.append(run(job, progress=lambda part, before=before, count=count: self._progress(before, count, part)))  # type: ignore[misc]
                before += count
        except (TakeError, NativeError, FlameError, Cancelled, OSError, MemoryError) as error:
            self.error = error

    def _progress(self, before: int, count: int, part: float) -> bool:
        at = before + part * count
        self.done, self.fraction = int(at), at / max(self.frames, 1)
        return not self._cancel.is_set()
