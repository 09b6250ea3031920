"""The command `bloom`, run as people run it: in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bloom_core import cli, designs, native
from bloom_core.flames.flame_file import read_flames
from bloom_core.images import point_cloud
from bloom_core.trajectories import trajectory

FLAME = """<flames><flame name="rose" version="EMBER-LNX-25.0">
<xform weight="1" linear="1" coefs="0.5 0.3 -0.3 0.5 0.4 0" color="0.2"/>
<xform weight="2" gaussian_blur="0.3" zblur="0.2" wobble="1" color="0.9"/>
<palette count="2" format="RGB">000000FFFFFF</palette></flame>
<flame name="second"><xform weight="1" linear="1"/></flame></flames>"""

ROW = np.dtype([("position", "<f4", 3), ("palette", "<f4"), ("weight", "<f4"), ("xform", "u1"), ("identity", "<u4")])


@pytest.fixture
def flame(tmp_path: Path) -> Path:
    path = tmp_path / "rose.flame"
    path.write_text(FLAME)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Returns an empty folder to work in, and sees that nothing half-written is left in it."""
    out = tmp_path / "work"
    out.mkdir()
    yield out
    assert not [entry.name for entry in out.iterdir() if ".tmp" in entry.name or ".part" in entry.name]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "bloom_core.cli", *map(str, arguments)]


def bloom(folder: Path, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Runs `bloom` in `folder`; what fails must say so in one line, without a traceback."""
    run = subprocess.run(command(*arguments), cwd=folder, capture_output=True, text=True, timeout=300)
    assert run.returncode == status, run.stderr
    assert "Traceback" not in run.stderr
    if status == 1:
        lines = [line for line in run.stderr.splitlines() if "warning" not in line]
        assert len(lines) == 1 and lines[0].startswith("bloom: ") and run.stdout == ""
    return run


def read_ply(path: Path) -> tuple[str, np.ndarray[tuple[int], np.dtype[np.void]]]:
    data = path.read_bytes()
    header, _, body = data.partition(b"end_header\n")
    return header.decode("ascii"), np.frombuffer(body, ROW)


def test_help_and_wrong_usage(folder: Path) -> None:
    text = bloom(folder, "--help").stdout
    assert all(name in text for name in ("import", "pack", "inspect", "points", "volume", "designs"))
    for line in ("", "bake", "points", "points x.flame", "points x.flame -o y.ply --count many", "volume --count 1"):
        arguments = line.split()
        assert "usage: bloom" in bloom(folder, *arguments, status=2).stderr
    for wrong in ("-1", "1.5", "nan", "inf", "1e99"):
        bloom(folder, "points", "x.flame", "-o", "y.ply", f"--count={wrong}", status=2)


def test_points_writes_the_cloud_that_the_renderer_makes(folder: Path, flame: Path) -> None:
    run = bloom(folder, "points", flame, "-o", "rose.ply", "--count", "3e5", "--seed", 7, "--threads", 2)
    assert "300000 points" in run.stdout
    assert "wobble" in run.stderr and "'rose', is used" in run.stderr
    header, rows = read_ply(folder / "rose.ply")
    assert header.splitlines()[:2] == ["ply", "format binary_little_endian 1.0"] and "element vertex 300000" in header
    properties = [*(f"float {name}" for name in ("x", "y", "z", "palette", "weight")), "uchar xform", "uint identity"]
    assert header.endswith("".join(f"property {entry}\n" for entry in properties))
    flames, _ = read_flames(flame)
    points = native.points(flames[0], 300_000, seed=7)
    np.testing.assert_array_equal(rows["position"], points.position)
    np.testing.assert_array_equal(rows["palette"], points.palette)
    np.testing.assert_array_equal(rows["weight"], points.weight)
    np.testing.assert_array_equal(rows["xform"], points.xform)
    np.testing.assert_array_equal(rows["identity"], points.identity)


def test_an_empty_cloud_is_a_valid_file(folder: Path, flame: Path) -> None:
    bloom(folder, "points", flame, "-o", "none.ply", "--count", 0)
    header, rows = read_ply(folder / "none.ply")
    assert "element vertex 0" in header and len(rows) == 0


def test_volume_writes_the_grid_that_the_renderer_makes(folder: Path, flame: Path) -> None:
    options = ("--resolution", 48, "--samples", "5e5", "--gain", 2, "--seed", 3)
    run = bloom(folder, "volume", flame, "-o", "rose.vdb", *options)
    assert "voxels of" in run.stdout
    flames, _ = read_flames(flame)
    with native.accumulate(flames[0], 500_000, designs.bounds((flames[0],)), 48, seed=3) as grid:
        grid.write_vdb(folder / "same.vdb", gain=2.0)
    assert (folder / "rose.vdb").read_bytes() == (folder / "same.vdb").read_bytes()


def test_a_volume_that_cannot_be_made_leaves_nothing(folder: Path, flame: Path) -> None:
    assert "resolution" in bloom(folder, "volume", flame, "-o", "rose.vdb", "--samples", "1e5", "--resolution", 5000, status=1).stderr
    assert "gain" in bloom(folder, "volume", flame, "-o", "rose.vdb", "--samples", "1e5", "--gain", "-1", status=1).stderr
    assert "missing" in bloom(folder, "volume", flame, "-o", "missing/rose.vdb", "--samples", "1e5", status=1).stderr
    assert list(folder.iterdir()) == []


def test_bad_flames_are_refused_in_one_line(folder: Path) -> None:
    bad = {
        "cut.flame": FLAME[:200],
        "entity.flame": '<!DOCTYPE f [<!ENTITY x "y">]><flame/>',
        "nan.flame": FLAME.replace('weight="2"', 'weight="nan"'),
        "far.flame": FLAME.replace("0.5 0.3 -0.3 0.5 0.4 0", "1e30 0 0 1e30 1e30 1e30").replace('gaussian_blur="0.3" zblur="0.2"', 'linear="1e30"'),
        "zero.flame": FLAME.replace('weight="1" linear', 'weight="0" linear').replace('weight="2"', 'weight="0"'),
    }
    for name, text in bad.items():
        (folder / name).write_text(text)
        for target in ("points", "volume"):
            message = bloom(folder, target, name, "-o", f"{name}.out", status=1).stderr
            assert name in message or "diverge" in message or "weight 0" in message
    assert sorted(entry.name for entry in folder.iterdir()) == sorted(bad)
    assert "missing.flame" in bloom(folder, "points", "missing.flame", "-o", "x.ply", status=1).stderr
    assert "nowhere" in bloom(folder, "points", folder / "far.flame", "-o", "nowhere/x.ply", "--count", 0, status=1).stderr


def test_inspect_tells_what_a_flame_file_holds(folder: Path, flame: Path) -> None:
    text = bloom(folder, "inspect", flame).stdout
    parts = ("2 flames", "'rose': ember-25, 2 xforms", "weight 2", "0.3 gaussian_blur + 0.2 zblur", "wobble", "'second': flam3", "no palette")
    for part in parts:
        assert part in text


def test_inspect_tells_what_a_run_holds(folder: Path) -> None:
    text = bloom(folder, "inspect", trajectory.embedded_run("digits")).stdout
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    for part in (f"steps: {len(run.steps)}", "loss: ", "update norm: ", "accuracy", f"layers: {len(run.layers)}", run.layers[0].name, "reduction: "):
        assert part in text


def test_inspect_refuses_what_is_neither(folder: Path) -> None:
    (folder / "text.bloom").write_text("hello")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n")
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("x", "y")
    (folder / "empty").mkdir()
    for name in ("text.bloom", "picture.png", "other.zip", "empty", "missing", "missing.bloom"):
        assert name in bloom(folder, "inspect", name, status=1).stderr


def test_import_makes_a_run_of_epoch_embeddings(folder: Path) -> None:
    rng = np.random.default_rng(4)
    source = folder / "epochs"
    source.mkdir()
    values = rng.normal(size=(5, 4))
    for epoch in range(1, 4):
        values = values + rng.normal(size=values.shape) / epoch
        lines = (f"word{row} " + " ".join(f"{value:.6f}" for value in line) for row, line in enumerate(values))
        (source / f"{epoch}.pt-tgt_embeddings.txt").write_text("\n".join(lines) + "\n")
    assert "2 steps" in bloom(folder, "import", source, "-o", "words.bloom").stdout
    run = trajectory.read_run(folder / "words.bloom")
    assert len(run.steps) == 2 and run.embeddings is not None and run.embeddings.values.shape == (3, 5, 4)
    assert "3 snapshots of 5 words in 4 dimensions" in bloom(folder, "inspect", "words.bloom").stdout
    assert "src" in bloom(folder, "import", source, "-o", "other.bloom", "--side", "src", status=1).stderr
    assert not (folder / "other.bloom").exists()


def test_pack_makes_one_file_of_a_runs_folder(folder: Path) -> None:
    run = trajectory.read_run(trajectory.embedded_run("digits"), sketches=True)
    trajectory.write_run(run, folder / "run")
    assert "run.bloom" in bloom(folder, "pack", "run", "-o", "run.bloom").stdout
    np.testing.assert_array_equal(trajectory.read_run(folder / "run.bloom").steps, run.steps)
    (folder / "run" / "run.json").write_text("{")
    assert "run.json" in bloom(folder, "pack", "run", "-o", "again.bloom", status=1).stderr
    assert not (folder / "again.bloom").exists()


def test_designs_are_listed_and_can_be_used_by_name(folder: Path) -> None:
    names = designs.designs()
    lines = bloom(folder, "designs").stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == list(names) and len(names) >= 3
    bloom(folder, "points", names[0], "-o", "design.ply", "--count", 1000)
    np.testing.assert_array_equal(read_ply(folder / "design.ply")[1]["position"], native.points(designs.design(names[0]).open, 1000).position)
    bloom(folder, "volume", names[0], "-o", "design.vdb", "--samples", "1e5", "--resolution", 32)
    assert (folder / "design.vdb").stat().st_size > 1000


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_ends_it_with_130_and_leaves_nothing(folder: Path, flame: Path) -> None:
    arguments = command("volume", flame, "-o", "long.vdb", "--samples", "1e12", "--resolution", 32)

    def not_ignored() -> None:  # as it is in a child of a shell's background job
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(arguments, cwd=folder, stderr=subprocess.PIPE, text=True, preexec_fn=not_ignored) as process:
        try:
            time.sleep(3.0)
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "interrupted" in stderr and "Traceback" not in stderr
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_progress_is_shown_on_a_terminal_only(folder: Path, flame: Path) -> None:
    import pty  # which Windows lacks

    arguments = ("points", flame, "-o", "rose.ply", "--count", "4e6")
    assert "%" not in bloom(folder, *arguments).stderr
    leader, follower = pty.openpty()
    with subprocess.Popen(command(*arguments), cwd=folder, stdout=subprocess.DEVNULL, stderr=follower):
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(leader)
    assert b"points: " in shown and b" %" in shown


def test_a_reader_that_has_enough_is_no_error(folder: Path, flame: Path) -> None:
    many = folder / "many.flame"
    many.write_text("<flames>" + FLAME.partition("<flame ")[2].join(["<flame ", ""]).removesuffix("</flames>") * 3000 + "</flames>")
    with subprocess.Popen(command("inspect", many), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read()
    assert process.returncode == 0 and stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told(folder: Path, flame: Path) -> None:
    (folder / "cloud.ply.tmp").symlink_to("/dev/full")
    assert "No space left" in bloom(folder, "points", flame, "-o", "cloud.ply", "--count", 1000, status=1).stderr
    assert not (folder / "cloud.ply").exists()


def test_main_can_be_called_from_python(folder: Path, flame: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", str(flame)]) == 0
    assert "rose" in capsys.readouterr().out
    assert cli.main(["inspect", str(folder / "missing")]) == 1
    assert "missing" in capsys.readouterr().err


def test_the_header_of_a_cloud_comes_before_large_chunks(folder: Path) -> None:
    count = (1 << 18) + 3  # more than one chunk
    position, zeros, ones = np.arange(count * 3, dtype=np.float32).reshape(-1, 3), np.zeros(count, np.float32), np.ones(count, np.float32)
    identity = np.arange(count, dtype=np.uint64) + (1 << 32)
    points = native.Points(position, zeros, ones, np.full(count, 7, np.uint8), identity, native.Statistics(0, 0, 0, 0))
    point_cloud.write_ply(folder / "big.ply", points)
    _, rows = read_ply(folder / "big.ply")
    np.testing.assert_array_equal(rows["position"], points.position)
    np.testing.assert_array_equal(rows["identity"], np.arange(count))
    assert (rows["xform"] == 7).all()
