"""A takes folder that several machines write into: at once, killed at any moment, without hard links, with clocks that differ."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bloom_core import take_files, takes
from bloom_core.designs import design, poses
from bloom_core.takes import BakeSettings

from . import farming

LOTUS = design("lotus")
SETTINGS = BakeSettings(LOTUS.box, samples=2_000_000, resolution=48, gain=30.0)
FLAMES = poses(LOTUS.bud, LOTUS.open, 6)
BAKE = """
import sys
from bloom_core import takes
from bloom_core.designs import design, poses
lotus = design("lotus")
settings = takes.BakeSettings(lotus.box, samples=2_000_000, resolution=48, gain=30.0)
order = [int(word) for word in sys.argv[2].split(",")]
for frame in order:
    take = takes.bake(sys.argv[1], poses(lotus.bud, lotus.open, 6), settings, threads=1, only=[frame])
assert len(order) < 6 or take.complete, take
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> takes.Take:
    """The take, made by one bake."""
    return takes.bake(tmp_path_factory.mktemp("whole"), FLAMES, SETTINGS)


def start(folder: Path, order: list[int]) -> subprocess.Popen[bytes]:
    """Starts a process that bakes frames one after the other."""
    words = [sys.executable, "-c", BAKE, str(folder), ",".join(map(str, order))]
    return subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(farming.CORE)})


def check(folder: Path, whole: takes.Take) -> None:
    """Asserts that a folder holds the take, whole, and nothing unfinished."""
    assert farming.digests(folder / whole.folder.name, "*.vdb") == farming.digests(whole.folder, "*.vdb")
    assert takes.read_take(folder / whole.folder.name).complete and not farming.unfinished(folder)


def test_processes_that_bake_the_same_frames_at_once_do_not_disagree(whole: takes.Take, tmp_path: Path) -> None:
    dice = random.Random(7)
    for _ in range(3 if farming.THOROUGH else 1):
        shutil.rmtree(tmp_path / "shared", ignore_errors=True)
        processes = [start(tmp_path / "shared", dice.sample(range(6), 6)) for _ in range(4)]
        assert [process.wait(timeout=300) for process in processes] == [0] * 4
        check(tmp_path / "shared", whole)


def test_a_bake_killed_at_any_moment_leaves_nothing_that_a_retry_would_trust(whole: takes.Take, tmp_path: Path) -> None:
    dice, good, folder = random.Random(11), farming.digests(whole.folder.parent, "frames/*.vdb"), tmp_path / "shared"
    begin = time.monotonic()
    assert start(folder, list(range(6))).wait(timeout=300) == 0
    lasts, kills, partly = time.monotonic() - begin, 0, 0
    shutil.rmtree(folder)
    for _ in range(80 if farming.THOROUGH else 6):
        process = start(folder, dice.sample(range(6), 6))
        time.sleep(dice.uniform(0.25, 1.0) * lasts)
        process.kill()
        kills += process.wait() == -9
        made = farming.digests(folder, "frames/*.vdb")
        partly += 0 < len(made) < 6
        assert made.items() <= good.items(), "a frame that is not whole has its name"
        if len(made) == 6:  # the next ones begin anew
            assert start(folder, list(range(6))).wait(timeout=300) == 0
            check(folder, whole)
            shutil.rmtree(folder)
    assert kills and (partly or not farming.THOROUGH), (kills, partly)
    assert start(folder, list(range(6))).wait(timeout=300) == 0
    check(folder, whole)


def test_without_hard_links_frames_are_copied(whole: takes.Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(take_files.os, "link", refuse)
    take = takes.bake(tmp_path, FLAMES, SETTINGS)
    check(tmp_path, whole)
    assert [path.stat().st_nlink for path in take.files] == [1] * 6


@pytest.fixture
def exfat(tmp_path: Path) -> Iterator[Path]:
    """A disk with exFAT, which has no hard links and does not tell capitals from small letters."""
    lacking = [tool for tool in ("mkfs.exfat", "mount.exfat-fuse", "losetup") if shutil.which(tool) is None]
    if lacking or os.geteuid() != 0:
        pytest.skip("no exFAT disk can be made here: it takes root, exfatprogs and exfat-fuse")
    image, place = tmp_path / "disk", tmp_path / "exfat"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    place.mkdir()
    subprocess.run(["mkfs.exfat", str(image)], check=True, capture_output=True)
    device = subprocess.run(["losetup", "-f", "--show", str(image)], capture_output=True, text=True, check=False).stdout.strip()
    if not device:
        pytest.skip("no exFAT disk can be made here: there are no loop devices")
    try:
        if subprocess.run(["mount.exfat-fuse", device, str(place)], capture_output=True, check=False).returncode != 0:
            pytest.skip("no exFAT disk can be mounted here")
        yield place
        subprocess.run(["umount", str(place)], check=True)
    finally:
        subprocess.run(["losetup", "-d", device], check=False)


def test_on_a_disk_without_hard_links_processes_make_the_same_take(whole: takes.Take, exfat: Path) -> None:
    (exfat / "a").touch()
    with pytest.raises(OSError):
        os.link(exfat / "a", exfat / "b")
    processes = [start(exfat / "shared", order) for order in ([0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0])]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    check(exfat / "shared", whole)


def test_what_another_machine_left_unfinished_goes_after_a_day_of_the_disks_clock(
    whole: takes.Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "frames"
    store.mkdir()
    busy, ahead, dead = (store / f".abc-1.{name}~0123.77.part" for name in ("render-1", "render-2", "render-3"))
    namesake = store / f".abc-1.{take_files.MACHINE.replace('~', '~0')}.1999999.part"  # as a container with this computer's name has it
    for path, age in ((busy, 3600), (ahead, -2 * 86400), (dead, 2 * 86400), (namesake, 60)):
        path.write_bytes(b"half a frame")
        os.utime(path, (time.time() - age,) * 2)
    monkeypatch.setattr(time, "time", lambda: 0.0)  # this computer's clock is wrong by half a century
    takes.bake(tmp_path, FLAMES, SETTINGS)
    assert sorted(farming.unfinished(tmp_path)) == sorted([busy, ahead, namesake])
    for path in (busy, ahead, namesake):
        path.unlink()
    check(tmp_path, whole)
