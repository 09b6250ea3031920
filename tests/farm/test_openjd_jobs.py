"""The job, run by openjd-cli with Blender: what a farm makes in chunks is, byte for byte, what one machine makes in one go."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from . import farming
from .conftest import Alone
from .farming import Worker

TEMPLATE = farming.FARM / "template.yaml"


class Job:
    """A job in a folder that its workers share."""

    def __init__(self, blend: Path, folder: Path) -> None:
        self.takes, self.film, self.blend = folder / "takes", folder / "film", farming.copied(blend, folder / "scene")
        self.before = self.blend.read_bytes()
        paths = {"Blend": self.blend, "Takes": self.takes, "Output": self.film}
        self.values = {**paths, "Frames": f"1-{farming.FRAMES}", "BakeChunk": 4, "RenderChunk": 3}

    def command(self, step: str, *options: str, **values: object) -> list[str]:
        """Returns the command that runs tasks of a step in a session of their own."""
        given = [word for name, value in {**self.values, **values}.items() for word in ("-p", f"{name}={value}")]
        return [farming.openjd(), "run", str(TEMPLATE), *given, "--step", step, *(options or ("--no-run-dependencies",))]

    def chunk(self, step: str, frames: str) -> list[str]:
        """Returns the command that runs one chunk of a step."""
        return self.command(step, "--tasks", json.dumps([{"Frame": frames}]))

    def check(self, alone: Alone) -> None:
        """Asserts that the job has made what one machine made, and nothing else."""
        assert farming.digests(self.takes, "frames/*") == alone.frames
        assert farming.digests(self.takes, "take-*/*.vdb") == alone.take
        assert farming.digests(self.film / "frames", "*") == alone.pictures
        assert sorted(path.name for path in self.film.iterdir()) == ["bloom.blend", "bloom.mp4", "frames"]
        assert self.blend.read_bytes() == self.before, "the artist's .blend was written"
        assert not farming.unfinished(self.takes) and not farming.unfinished(self.film)


def together(*processes: subprocess.Popen[str]) -> list[str]:
    """Waits for processes that all must end well; returns what they wrote."""
    told = [process.communicate(timeout=900)[0] for process in processes]
    assert all(process.returncode == 0 for process in processes), "\n".join(told)
    return told


def test_a_job_makes_what_one_machine_makes(blend: Path, alone: Alone, tmp_path: Path) -> None:
    job = Job(blend, tmp_path / "shared")
    told = Worker(tmp_path / "machine").run(*job.command("Film", "--run-dependencies"))
    job.check(alone)
    lines = [line.split("\t")[-1] for line in told.splitlines()]
    shares = [float(line.removeprefix("openjd_progress: ")) for line in lines if line.startswith("openjd_progress: ")]
    assert shares.count(100.0) == 4 and 0.0 < min(shares), "each chunk tells how far it is"
    assert "openjd_status: baking Lotus" in lines and "openjd_status: rendering" in lines and not any("openjd_fail" in line for line in lines)


def test_why_a_task_failed_is_told(tmp_path: Path) -> None:
    values = {"Blend": tmp_path / "none.blend", "Takes": tmp_path / "takes", "Output": tmp_path / "film"}
    given = [word for name, value in values.items() for word in ("-p", f"{name}={value}")]
    told = Worker(tmp_path / "machine").run(farming.openjd(), "run", TEMPLATE, *given, "--step", "Take", "--no-run-dependencies", code=1)
    assert f"openjd_fail: {tmp_path / 'none.blend'}: there is no such .blend" in told


@farming.thorough
def test_machines_in_any_order_and_twice_the_same_make_the_same(blend: Path, alone: Alone, tmp_path: Path) -> None:
    job, (one, two, three) = Job(blend, tmp_path / "shared"), farming.new_workers(tmp_path, 3)
    together(one.start(*job.chunk("Bake", "5-6,1")), two.start(*job.chunk("Bake", "2-5")), three.start(*job.chunk("Bake", "2-5")))
    together(one.start(*job.command("Take")), two.start(*job.command("Take")))
    together(three.start(*job.chunk("Render", "4-6")), two.start(*job.chunk("Render", "1-3")), one.start(*job.chunk("Render", "1-3")))
    together(two.start(*job.command("Film")), three.start(*job.command("Film")))
    job.check(alone)


def apart(blend: Path, folder: Path, brought: dict[str, Path], step: str, frames: str = "") -> dict[str, Path]:
    """Runs a task in a folder of its own, with what was brought there, and returns what it has made, by its path in the folder."""
    job = Job(blend, folder)
    for name, path in brought.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, folder / name)
    Worker(folder / "machine").run(*(job.chunk(step, frames) if frames else job.command(step)))
    made = {str(path.relative_to(folder)): path for place in (job.takes, job.film) for path in place.rglob("*") if path.is_file()}
    return {name: path for name, path in made.items() if name not in brought}


@farming.thorough
def test_machines_that_share_nothing_get_what_the_steps_they_depend_on_made(blend: Path, alone: Alone, tmp_path: Path) -> None:
    """As with Deadline Cloud's job attachments: each task has folders of its own, at a path of its own."""
    baked = apart(blend, tmp_path / "a", {}, "Bake", "1-4") | apart(blend, tmp_path / "b", {}, "Bake", "5,6")
    taken = apart(blend, tmp_path / "deep" / "c", baked, "Take")
    rendered = apart(blend, tmp_path / "d", taken, "Render", "1-3") | apart(blend, tmp_path / "deep" / "er" / "e", taken, "Render", "4-6")
    film = apart(blend, tmp_path / "f", taken | rendered, "Film")
    assert [Path(name).name for name in film] == ["bloom.mp4"]
    assert farming.digests(tmp_path / "f" / "film" / "frames", "*") == alone.pictures


def blenders(folder: Path) -> list[int]:
    """Returns the processes of Blender that work in a folder: openjd-cli starts them in sessions of their own."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has just ended
            words = place.read_text().split("\0")
            if "bloom_addon" in words and any(word.startswith(str(folder)) for word in words):
                found.append(int(place.parent.name))
    return found


def killed_at(worker: Worker, command: list[str], folder: Path, seconds: float) -> bool:
    """Starts a task, kills its Blender after `seconds`, and says whether that was before its end, so that the task failed."""
    process = worker.start(*command)
    time.sleep(seconds)
    running = blenders(folder)
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=600)
    return bool(running) and process.returncode != 0


@farming.thorough
@pytest.mark.parametrize("seed", range(3))
def test_a_task_that_is_killed_and_retried_makes_the_same(blend: Path, tmp_path: Path, seed: int) -> None:
    """Blender is killed at moments spread over the whole of a task's time; the farm tries again until the task is done."""
    dice, slow = random.Random(seed), tmp_path / "slow.blend"
    worker = Worker(tmp_path / "machine")
    worker.bloom("grow", slow, *farming.SMALL, "--samples", "8")
    whole = Job(slow, tmp_path / "whole")
    begin = time.monotonic()
    worker.run(*whole.command("Take"))
    lasts = time.monotonic() - begin
    worker.run(*whole.command("Film", "--run-dependencies"))
    alone = Alone(
        farming.digests(whole.takes, "frames/*"), farming.digests(whole.takes, "take-*/*.vdb"), farming.digests(whole.film / "frames", "*")
    )
    job, kills = Job(slow, tmp_path / "shared"), 0
    for _ in range(6):
        kills += killed_at(worker, job.command("Take"), tmp_path / "shared", lasts * dice.uniform(0.2, 1.0))
        made = farming.digests(job.takes, "frames/*.vdb")
        assert made.items() <= alone.frames.items(), "a killed bake left a frame that is not whole"
    worker.run(*job.command("Take"))
    for _ in range(3):
        kills += killed_at(worker, job.chunk("Render", "1-6"), tmp_path / "shared", lasts * dice.uniform(0.3, 1.0))
        assert farming.digests(job.film / "frames", "*.png").items() <= alone.pictures.items(), "a killed render left a picture that is not whole"
    assert kills >= 4, f"of nine tasks only {kills} were killed"
    worker.run(*job.chunk("Render", "1-6"))
    worker.run(*job.command("Film"))
    job.check(alone)
