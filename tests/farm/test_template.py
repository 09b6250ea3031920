"""The Open Job Description templates: valid with nothing but what every farm has, and of commands that Bloom has."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bloom_addon.headless import arguments, headless

from . import farming

VALUES = {"Param.Blend": "lotus.blend", "Param.Takes": "takes", "Param.Output": "film", "Param.Frames": "1-6", "Task.Param.Frame": "1-4,6-10:2"}


def template(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((farming.FARM / name).read_text("utf-8"))
    return content


@pytest.mark.parametrize("name", ["template.yaml", "bloom_environment.yaml"])
def test_templates_are_valid_without_extensions_but_chunks(name: str) -> None:
    done = subprocess.run(
        [farming.openjd(), "check", str(farming.FARM / name), "--extensions", "TASK_CHUNKING"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def words_of(step: dict[str, Any]) -> list[str]:
    action = step["script"]["actions"]["onRun"]
    assert action["command"] == "{{Param.Blender}}"
    words = list(action["args"])
    for name, value in VALUES.items():
        words = [word.replace("{{" + name + "}}", value) for word in words]
    assert not [word for word in words if "{{" in word]
    return words


def test_every_step_is_a_command_of_blooms() -> None:
    parsed = {}
    for step in template("template.yaml")["steps"]:
        words = words_of(step)
        assert words[:2] == ["--command", "bloom"]
        parsed[step["name"]] = arguments.parser(headless.COMMANDS).parse_args(words[2:])
    assert {name: options.command for name, options in parsed.items()} == {"Bake": "bake", "Take": "bake", "Render": "render", "Film": "render"}
    assert all(options.form == "openjd" for options in parsed.values())
    assert parsed["Bake"].frames == parsed["Render"].frames == (1, 2, 3, 4, 6, 8, 10), "a farm's own way to write every second frame"
    assert parsed["Take"].out == parsed["Render"].blend == parsed["Film"].blend == Path("film/bloom.blend")
    assert parsed["Film"].missing and not parsed["Film"].no_film and parsed["Render"].no_film


def test_what_a_step_reads_a_step_before_it_that_it_depends_on_has_written() -> None:
    """With job attachments a worker has the outputs of those steps alone, and not those of the steps before them."""
    steps = {step["name"]: {entry["dependsOn"] for entry in step.get("dependencies", ())} for step in template("template.yaml")["steps"]}
    assert steps == {"Bake": set(), "Take": {"Bake"}, "Render": {"Take"}, "Film": {"Take", "Render"}}
    flows = {entry["name"]: entry.get("dataFlow") for entry in template("template.yaml")["parameterDefinitions"] if entry["type"] == "PATH"}
    assert flows == {"Blend": "IN", "Takes": "OUT", "Output": "OUT"}
