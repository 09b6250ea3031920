"""docs/headless.md: its script runs as it is written there, and its tables name what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy

import bloom_core
from bloom_addon.headless import headless

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "headless.md").read_text(encoding="utf-8")
REST, OPERATORS = PAGE.split("### Operators\n")


def test_the_script_runs_as_written_and_leaves_a_film_to_render(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scripts = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert len(scripts) == 1
    where = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(bloom_core.__file__).parents[1])])}
    done = subprocess.run([sys.executable, "-c", scripts[0]], env=where, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "1350 steps" in done.stdout and "12 frames were missing after the first half, 0 are now" in done.stdout
    assert (tmp_path / "dahlia.png").stat().st_size > 1000
    assert len(list(tmp_path.glob("bloom_takes/take-*/bloom_*.vdb"))) == 24
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "dahlia.blend"))
    opened: Any = bpy.context.scene
    obj: Any = next(each for each in opened.objects if each.type == "VOLUME")
    assert opened.frame_end == 24 and opened.camera is not None and opened.bloom_stage.preset == "turntable"
    assert Path(bpy.path.abspath(obj.data.filepath)).is_file() and obj.data.frame_duration == 24
    winds = []
    for frame in (12, 24):
        opened.frame_set(frame)
        winds.append(obj.bloom.wind.strength)
    assert winds == [0.0, 1.5]


def test_every_operator_is_in_the_tables_and_nothing_else(scene: bpy.types.Scene) -> None:
    firsts = [line.split("|")[1] for line in OPERATORS.splitlines() if line.startswith("| `")]
    told = [name for first in firsts for name in re.findall(r"`(\w+)`", first)]
    assert len(told) == len(set(told))
    assert set(told) == {name for name in dir(bpy.ops.bloom) if not name.startswith("_")}


def test_arguments_of_operators_are_what_blender_knows(scene: bpy.types.Scene) -> None:
    checked = 0
    for line in OPERATORS.splitlines():
        if not line.startswith("| `"):
            continue
        names, arguments = (re.findall(r"`(\w+)", cell) for cell in line.split("|")[1:3])
        known = {prop.identifier for name in names for prop in getattr(bpy.ops.bloom, name).get_rna_type().properties}
        assert set(arguments) <= known, line
        checked += len(arguments)
    assert checked > 20


def test_every_command_is_in_the_table() -> None:
    told = re.findall(r"^\| `(\w+) [^|]*` \|", REST.split("## Exit codes")[0], re.M)
    assert sorted(told) == sorted(headless.COMMANDS)


def test_every_event_is_explained() -> None:
    source = (ROOT / "bloom_addon" / "headless" / "progress.py").read_text(encoding="utf-8")
    events = set(re.findall(r'_tell\("(\w+)"', source))
    assert events == set(re.findall(r"^\| `(\w+)` \|", REST.split("## Lines for programs")[1].split("## Frames")[0], re.M))
    assert events <= set(re.findall(r'\{"event": "(\w+)"', REST))
