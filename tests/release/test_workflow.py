"""The workflows of .github: valid, thin (all they do is make targets that exist), and with no more rights than they need."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed; it is one of requirements-test.txt")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
HELPERS = ("sudo apt-get ", "choco install ", "gh release create ", "test -f ", "cp -r dist/")
"""What a step may run beside make: bringing a bare machine up to what make expects, and handing over what make has made."""


def schema_says(*files: Path) -> subprocess.CompletedProcess[str]:
    """Holds workflows against GitHub's schema, as check-jsonschema brings it along."""
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed; it is one of requirements-test.txt")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def jobs(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values())


def commands(path: Path) -> list[str]:
    """Returns all that a workflow runs; one that names a value of its matrix comes once for each."""
    found = []
    for job in jobs(path):
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            named = re.search(r"\$\{\{ matrix\.(\w+) \}\}", step.get("run", ""))
            if named:
                values = [entry[named[1]] for entry in matrix["include"]]
                found += [step["run"].replace(named[0], value) for value in values]
            elif "run" in step:
                found.append(step["run"])
    return found


def test_there_are_workflows_for_changes_and_for_releases() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "release.yml"]


def test_workflows_are_valid() -> None:
    done = schema_says(*WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schema_tells_a_wrong_one(tmp_path: Path) -> None:
    wrong = tmp_path / "ci.yml"
    wrong.write_text((FOLDER / "ci.yml").read_text(encoding="utf-8").replace("runs-on:", "runs-upon:"), encoding="utf-8")
    assert schema_says(wrong).returncode == 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_everything_is_a_make_target_that_exists(path: Path) -> None:
    targets = set(" ".join(re.findall(r"^([\w. -]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)).split())
    made = 0
    for command in commands(path):
        if command.startswith("make "):
            named = [word for word in command.split()[1:] if "=" not in word]
            assert named and set(named) <= targets, command
            made += 1
        else:
            assert command.startswith(HELPERS), command
    assert made


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_the_least_and_actions_are_pinned(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    more = [{"contents": "write"}, {"pages": "write", "id-token": "write"}]  # attaching files to a release; publishing pages
    assert [job["permissions"] for job in jobs(path) if "permissions" in job] == (more if path.name == "release.yml" else [])
    for job in jobs(path):
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/checkout@v4"))


def test_every_blender_is_tested_that_the_guide_names() -> None:
    tested = {entry["blender"] for job in jobs(FOLDER / "ci.yml") for entry in job.get("strategy", {}).get("matrix", {}).get("include", [])}
    table = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8").split("| Blender |")[1]
    assert tested == set(re.findall(r"^\| (\d\S*(?: LTS)?) \|", table, re.M))
