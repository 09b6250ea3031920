"""Baking a bloom: the scene is sampled on the main thread, a worker that never sees bpy makes the frames."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy
import numpy as np

from bloom_core import designs, takes
from bloom_core.flames.flame import Flame
from bloom_core.native import NativeError, Progress
from bloom_core.palettes import linear_to_srgb
from bloom_core.takes import BakeSettings, PointSettings, Settings, Take

from .. import bloom_object, flame_properties, material, posing, properties, sample
from ..background import Job

BAKING = "baking"
"""The name of the job."""

_COLORS = 256


@dataclass(frozen=True)
class BakeJob:
    """All that a bake needs, as plain data; `bloom` is the name of its object, `uid` its number in the session."""

    folder: Path
    flames: Sequence[Flame]
    settings: Settings
    frame_start: int
    bloom: str = ""
    about: Mapping[str, object] = field(default_factory=dict)
    uid: int = 0


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
    return [BakeJob(folder, flames, settings_of(obj, kind), frames.start, obj.name, about, obj.session_uid) for kind in wanted]


def run(job: BakeJob, threads: int = 0, progress: Progress | None = None, only: Collection[int] | None = None) -> Take:
    """Bakes; the same as `takes.bake`, with a job's data: `only` are places in the job's range, from 0. May run in any thread."""
    return takes.bake(job.folder, job.flames, job.settings, threads=threads, progress=progress, only=only, about=job.about)


class BakeWorker(Job):
    """Bakes one job after the other; then `takes` has a take for each job that was done, and `error` is what ended the others, or None."""

    def __init__(self, *jobs: BakeJob) -> None:
        self.jobs, self.done, self.frames = jobs, 0, 0
        self.takes: list[Take] = []
        blooms = list(dict.fromkeys(job.bloom for job in jobs))
        super().__init__(BAKING, self._bake, blooms[0] if len(blooms) == 1 else f"{len(blooms)} blooms")

    @property
    def detail(self) -> str:
        """Returns how far it is: Frame 12 of 48."""
        return f"Frame {min(self.done + 1, self.frames)} of {self.frames}" if self.frames else "Looking for what changed"

    def _bake(self, progress: Progress) -> None:
        counts = [len(takes.missing(job.folder, job.flames, job.settings)) for job in self.jobs]
        self.frames, before = sum(counts), 0
        for job, count in zip(self.jobs, counts, strict=True):

            def tell(part: float, before: int = before, count: int = count) -> bool:
                at = before + part * count
                self.done = int(at)
                return progress(at / max(self.frames, 1))

            self.takes.append(run(job, progress=tell))
            before += count


def running() -> bool:
    """Says whether a bake is going on."""
    return Job.running(BAKING)
