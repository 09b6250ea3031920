"""The job type for Flamenco: run by node, with a stand-in for what Flamenco Manager gives it. A real Flamenco is not at hand."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bloom_addon.headless import arguments, headless

from . import farming

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node to run Flamenco's job type")
PATHS = {"takes": "/shared/takes", "output": "/shared/film", "blendfile": "/shared/lotus.blend"}
SETTINGS = {"frames": "1-5, 8", "bake_chunk": 4, "render_chunk": 2, **PATHS}


def compiled() -> dict[str, Any]:
    script, stand_in = farming.FARM / "flamenco_bloom.js", Path(__file__).with_name("flamenco_stand_in.js")
    done = subprocess.run(["node", str(stand_in), str(script), json.dumps(SETTINGS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


@needs_node
def test_the_job_type_makes_tasks_of_blooms_commands_in_their_order() -> None:
    tasks = {task["name"]: task for task in compiled()["tasks"]}
    assert list(tasks) == ["bake-1-4", "bake-5,8", "take", "render-1-2", "render-3-4", "render-5,8", "film"]
    after = {name: sorted(task["dependencies"]) for name, task in tasks.items()}
    assert after["take"] == ["bake-1-4", "bake-5,8"] and after["film"] == ["render-1-2", "render-3-4", "render-5,8"]
    assert after["render-1-2"] == ["take"] and after["bake-1-4"] == []
    parsed = {}
    for name, task in tasks.items():
        (command,) = task["commands"]
        assert task["type"] == "blender" and command["name"] == "exec" and command["parameters"]["exe"] == "{blender}"
        words = command["parameters"]["args"]
        assert words[:2] == ["--command", "bloom"]
        parsed[name] = arguments.parser(headless.COMMANDS).parse_args(words[2:])
    assert parsed["bake-5,8"].frames == parsed["render-5,8"].frames == (5, 8) and parsed["film"].frames == (1, 2, 3, 4, 5, 8)
    assert parsed["take"].out == parsed["film"].blend == Path("/shared/film/bloom.blend") and parsed["take"].frames is None
    assert parsed["render-1-2"].no_film and parsed["film"].missing


@needs_node
def test_settings_are_those_that_the_job_type_reads() -> None:
    settings = {entry["key"]: entry for entry in compiled()["jobType"]["settings"]}
    assert set(SETTINGS) <= set(settings) and all({"type"} <= set(entry) for entry in settings.values())
    assert all("eval" in entry for entry in settings.values() if entry.get("editable") is False)
