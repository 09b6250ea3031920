"""Takes: named by content, resumed after anything, never half written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core import take_files, takes
from bloom_core.designs import design, poses
from bloom_core.flames.flame import Flame, Variation, Xform
from bloom_core.native import Box, Cancelled
from bloom_core.takes import BakeSettings, TakeError

LOTUS = design("lotus")
SETTINGS = BakeSettings(LOTUS.box, samples=200_000, resolution=48, gain=30.0)
FLAMES = poses(LOTUS.bud, LOTUS.open, 4)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def nudged(flame: Flame) -> Flame:
    pre = flame.xforms[1].pre.copy()
    pre[0, 3] += 0.01
    return flame.with_xform(1, replace(flame.xforms[1], pre=pre))


def test_a_key_depends_on_all_that_a_frame_depends_on() -> None:
    box = Box(LOTUS.box.low, (3.0, 3.0, 3.0))
    others = [
        replace(SETTINGS, samples=200_001), replace(SETTINGS, resolution=49), replace(SETTINGS, gain=31.0), replace(SETTINGS, seed=1),
        replace(SETTINGS, box=box), replace(SETTINGS, filter_radius=0.5), replace(SETTINGS, fade=0.0),
    ]  # fmt: skip
    keys = [takes.frame_key(LOTUS.open, settings) for settings in (SETTINGS, *others)]
    keys.append(takes.frame_key(nudged(LOTUS.open), SETTINGS))
    assert len(set(keys)) == len(keys)
    repainted = replace(LOTUS.open, palette=np.ones((2, 3)), name="another")
    assert takes.frame_key(repainted, SETTINGS) == keys[0]


def flames_with_one_number_changed(flame: Flame) -> Iterator[tuple[str, Flame]]:
    for index in range(len(flame.xforms) + (flame.final is not None)):
        xform = flame.xform(index)
        for field in ("weight", "color", "color_speed", "opacity"):
            yield f"{index} {field}", flame.with_xform(index, replace(xform, **{field: getattr(xform, field) * 0.9 + 0.01}))
        for field in ("pre", "post"):
            for place in range(12):
                affine = getattr(xform, field).copy()
                affine.flat[place] += 1e-6
                yield f"{index} {field}[{place}]", flame.with_xform(index, replace(xform, **{field: affine}))
        for place, variation in enumerate(xform.variations):
            numbers = [("weight", replace(variation, weight=variation.weight + 1e-6))]
            for name, value in variation.parameters.items():  # by 1: some are whole numbers
                numbers.append((name, replace(variation, parameters={**variation.parameters, name: value + 1.0})))
            for name, changed in numbers:
                variations = (*xform.variations[:place], changed, *xform.variations[place + 1 :])
                yield f"{index} {variation.name} {name}", flame.with_xform(index, replace(xform, variations=variations))
    count = len(flame.xforms)
    yield "xaos", replace(flame, xaos=np.ones((count, count)) + np.eye(count))


@pytest.mark.parametrize("name", ["lotus", "peony", "waterlily"])
def test_every_number_of_a_flame_is_in_its_key(name: str) -> None:
    flame = design(name).open
    keys = {"the flower itself": takes.frame_key(flame, SETTINGS)}
    for what, changed in flames_with_one_number_changed(flame):
        key = takes.frame_key(changed, SETTINGS)
        assert key not in keys.values(), what
        keys[what] = key
    assert len(keys) > 80


def test_every_setting_reaches_the_bytes(tmp_path: Path) -> None:
    others = [
        replace(SETTINGS, samples=300_000), replace(SETTINGS, resolution=32), replace(SETTINGS, gain=31.0), replace(SETTINGS, seed=1),
        replace(SETTINGS, box=Box(LOTUS.box.low, (3.0, 3.0, 3.0))), replace(SETTINGS, filter_radius=0.5), replace(SETTINGS, fade=0.0),
    ]  # fmt: skip
    made = [takes.bake(tmp_path, [LOTUS.open], settings).files[0].read_bytes() for settings in (SETTINGS, *others)]
    assert len(set(made)) == len(made)


def test_one_and_two_threads_give_the_same_take(tmp_path: Path) -> None:
    settings = replace(SETTINGS, samples=3 << 20)  # three batches, so that two threads do share
    one, two = (takes.bake(tmp_path / str(threads), FLAMES, settings, threads=threads) for threads in (1, 2))
    assert one.folder.name == two.folder.name
    assert bytes_of(one.folder) == bytes_of(two.folder)


def test_only_what_changed_is_baked_and_has_another_name(tmp_path: Path) -> None:
    first = takes.bake(tmp_path, FLAMES, SETTINGS)
    assert first.baked == 4
    assert takes.bake(tmp_path, FLAMES, SETTINGS).baked == 0
    changed = takes.bake(tmp_path, [FLAMES[0], nudged(FLAMES[1]), *FLAMES[2:]], SETTINGS)
    assert changed.baked == 1 and changed.folder != first.folder
    same = [a.read_bytes() == b.read_bytes() for a, b in zip(first.files, changed.files, strict=True)]
    assert same == [True, False, True, True]
    assert takes.read_take(first.folder).files == first.files


def test_a_still_flower_is_baked_once(tmp_path: Path) -> None:
    take = takes.bake(tmp_path, [LOTUS.open] * 5, SETTINGS)
    assert take.baked == 1 and len(take.files) == 5


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_bake_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    script = (
        "import sys; from dataclasses import replace; from bloom_core import takes; from bloom_core.designs import design, poses\n"
        "d = design('lotus'); s = takes.BakeSettings(d.box, 30_000_000, 48, 30.0)\n"
        "takes.bake(sys.argv[1], poses(d.bud, d.open, 6), s, threads=1)"
    )
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen([sys.executable, "-c", script, str(killed)])
    deadline = time.monotonic() + 120
    while len(list((killed / "frames").glob("*.vdb"))) < 2:
        assert time.monotonic() < deadline and process.poll() is None, "the bake neither made two frames nor went on"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list(killed.glob("take-*"))
    leftover = killed / "frames" / f".abc.{take_files.MACHINE}.{process.pid}.part"
    leftover.write_bytes(b"half a frame")
    flames, settings = poses(LOTUS.bud, LOTUS.open, 6), replace(SETTINGS, samples=30_000_000)
    resumed = takes.bake(killed, flames, settings)
    assert 0 < resumed.baked < 6
    assert bytes_of(resumed.folder) == bytes_of(takes.bake(whole, flames, settings).folder)
    assert not [path for path in killed.rglob(".*")]


KILLED = {
    "half a frame is written": (
        "def dying(grid, path, **_):\n    open(path, 'wb').write(b'half a frame'); die()\n"
        "native.Grid.write_vdb = nth(3, native.Grid.write_vdb, dying)"
    ),
    "a frame has no name yet": "takes.os.replace = nth(3, os.replace, lambda a, b: die())",
    "half the take is linked": "takes.link = nth(3, takes.link, lambda a, b: die())",
    "the take has no name yet": "takes.os.replace = nth(5, os.replace, lambda a, b: die())",
}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", KILLED)
def test_a_bake_killed_at_its_worst_moments_goes_on(moment: str, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from bloom_core import native, takes; from bloom_core.designs import design, poses\n"
        "def die(): os.kill(os.getpid(), signal.SIGKILL)\n"
        "def nth(number, real, instead):\n"
        "    calls = iter(range(1, 1000)); return lambda *a, **k: (instead if next(calls) == number else real)(*a, **k)\n"
        f"{KILLED[moment]}\n"
        "d = design('lotus'); s = takes.BakeSettings(d.box, 200_000, 48, 30.0)\n"
        "takes.bake(sys.argv[1], poses(d.bud, d.open, 4), s, threads=1)"
    )
    killed = tmp_path / "killed"
    assert subprocess.run([sys.executable, "-c", script, str(killed)], check=False).returncode == -signal.SIGKILL
    left = [path for path in killed.rglob(".*.part")]
    assert len(left) == 1 and not list(killed.glob("take-*"))
    whole = takes.bake(tmp_path / "whole", FLAMES, SETTINGS)
    good = [path.read_bytes() for path in whole.files]
    assert all(path.read_bytes() in good for path in killed.glob("frames/*.vdb"))
    resumed = takes.bake(killed, FLAMES, SETTINGS)
    assert resumed.baked == (2 if "frame" in moment else 0)
    assert bytes_of(resumed.folder) == bytes_of(whole.folder)
    assert not list(killed.rglob(".*"))


def test_another_bakes_unfinished_files_are_left_to_it(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    host = take_files.MACHINE
    alive, elsewhere = (tmp_path / "frames" / f".abc-1.{name}.part" for name in (f"{host}.1", "another-computer.999999"))
    for path in (alive, elsewhere):
        path.write_bytes(b"half")
    takes.bake(tmp_path, FLAMES[:1], SETTINGS)
    assert alive.is_file() and elsewhere.is_file()


def test_cancelling_keeps_finished_frames(tmp_path: Path) -> None:
    def stop(fraction: float) -> bool:
        return not list(tmp_path.glob("frames/*.vdb"))

    with pytest.raises(Cancelled):
        takes.bake(tmp_path, FLAMES, replace(SETTINGS, samples=8 << 20), progress=stop)
    kept = len(list(tmp_path.glob("frames/*.vdb")))
    assert kept >= 1 and not list(tmp_path.glob("take-*"))
    assert takes.bake(tmp_path, FLAMES, replace(SETTINGS, samples=8 << 20)).baked == 4 - kept


def test_progress_rises_from_frame_to_frame(tmp_path: Path) -> None:
    seen: list[float] = []
    takes.bake(tmp_path, FLAMES, replace(SETTINGS, samples=4 << 20), progress=lambda fraction: not seen.append(fraction))
    assert seen == sorted(seen) and 0.0 <= seen[0] and 0.5 < seen[-1] <= 1.0


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TakeError, match=r"file.*Choose another folder"):
        takes.bake(tmp_path / "file" / "takes", FLAMES, SETTINGS)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_whole_frames_only(tiny_disk: Path, tmp_path: Path) -> None:
    settings = replace(SETTINGS, samples=2_000_000, resolution=128)
    with pytest.raises(TakeError, match=r"No space left.*make room or choose another folder") as caught:
        takes.bake(tiny_disk, FLAMES, settings)
    assert str(tiny_disk) in str(caught.value)
    assert not list(tiny_disk.glob("take-*")) and not [path for path in tiny_disk.rglob(".*")]
    good = takes.bake(tmp_path / "roomy", FLAMES, settings)
    for path in tiny_disk.glob("frames/*.vdb"):
        assert path.read_bytes() in [other.read_bytes() for other in good.files]


def test_a_disk_that_is_full_when_the_take_is_published(tiny_disk: Path) -> None:
    small = replace(SETTINGS, resolution=16)
    take = takes.bake(tiny_disk, FLAMES, small)
    expected = bytes_of(take.folder)
    shutil.rmtree(take.folder)  # the frames stay
    with (tiny_disk / "films").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(512))
    with pytest.raises(TakeError, match=r"disk: the disk is full\. Make room"):
        takes.bake(tiny_disk, FLAMES, small)
    assert {path.name for path in tiny_disk.iterdir()} == {"frames", "films"}
    (tiny_disk / "films").unlink()
    again = takes.bake(tiny_disk, FLAMES, small)
    assert again.baked == 0 and bytes_of(again.folder) == expected


def test_a_diverging_flame_names_its_frame(tmp_path: Path) -> None:
    wild = Flame((Xform((Variation("linear", 1e12),)),))
    with pytest.raises(TakeError, match="frame 2 of the range: the flame diverges"):
        takes.bake(tmp_path, [LOTUS.open, wild], SETTINGS)
    point = Flame((Xform((Variation("linear", 0.5),)),))
    with pytest.raises(TakeError, match="frame 1 of the range: the flame collapses to a point"):
        takes.bake(tmp_path, [point], SETTINGS)
    with pytest.raises(TakeError, match=r"frame 1 of the range: .*weight"):
        takes.bake(tmp_path, [Flame((Xform((), weight=float("nan")),))], SETTINGS)


def test_an_invisible_frame_is_an_empty_volume(tmp_path: Path) -> None:
    dark = replace(LOTUS.open, xforms=tuple(replace(xform, opacity=0.0) for xform in LOTUS.open.xforms))
    take = takes.bake(tmp_path, [dark, LOTUS.open], SETTINGS)
    assert take.files[0].stat().st_size < 2_000 < take.files[1].stat().st_size


def test_lost_files_are_noticed_and_published_again(tmp_path: Path) -> None:
    take = takes.bake(tmp_path, FLAMES, SETTINGS)
    expected = bytes_of(take.folder)
    take.files[2].unlink()
    with pytest.raises(TakeError, match=r"1 of 4 files are missing, bloom_0003.vdb first"):
        takes.read_take(take.folder)
    assert takes.bake(tmp_path, FLAMES, SETTINGS).baked == 0
    assert bytes_of(take.folder) == expected
    (take.folder / "take.json").write_text("{")
    with pytest.raises(TakeError, match="not a finished take"):
        takes.read_take(take.folder)


def test_where_nothing_can_be_linked_frames_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = takes.bake(tmp_path / "linked", FLAMES, SETTINGS)
    assert linked.files[0].stat().st_nlink == 2

    def refuse(_source: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(take_files.os, "link", refuse)
    copied = takes.bake(tmp_path / "copied", FLAMES, SETTINGS)
    assert copied.files[0].stat().st_nlink == 1 and bytes_of(copied.folder) == bytes_of(linked.folder)


def test_two_bakes_in_one_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    script = (
        "import sys; from bloom_core import takes; from bloom_core.designs import design, poses\n"
        "d = design('lotus'); s = takes.BakeSettings(d.box, 2_000_000, 48, 30.0)\n"
        "print(takes.bake(sys.argv[1], poses(d.bud, d.open, 4), s, threads=1).folder)"
    )
    both = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = {process.communicate(timeout=120)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0] and len(outputs) == 1
    assert len(takes.read_take(outputs.pop()).files) == 4


def test_a_take_that_another_bake_published_meanwhile_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_file = os.replace

    def publish_first(source: Path, target: Path) -> None:
        if Path(target).name.startswith("take-"):
            shutil.copytree(source, target)  # the other bake was a moment faster
        replace_file(source, target)

    monkeypatch.setattr(take_files.os, "replace", publish_first)
    take = takes.bake(tmp_path, FLAMES, SETTINGS)
    assert takes.read_take(take.folder).files == take.files
    assert not [path for path in tmp_path.rglob(".*")]
