"""What the guide tells people to type and to expect: targets, commands and options that exist, messages that are said, a script that runs."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import bloom_core
from bloom_core import cli

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TRAINER = ROOT / "docs" / "first-film-trainer.md"


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_lines(page: Path) -> list[str]:
    """Returns the lines of a page that are indented or fenced code, without the prompt."""
    text = text_of(page)
    fenced = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S))
    indented = "\n".join(re.findall(r"^ {4}(\S.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M))
    return [line.removeprefix("$ ") for line in f"{fenced}\n{indented}".splitlines()]


def spans(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text_of(page), flags=re.M | re.S))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(" ".join(re.findall(r"^([\w. -]+):(?!=)", text_of(ROOT / "Makefile"), re.M)).split())
    for line in [*code_lines(page), *spans(page)]:
        if line.startswith("make "):
            words = [word for word in line.partition("#")[0].split()[1:] if "=" not in word and word != "..."]
            assert set(words) <= targets, line


def test_every_target_that_a_contributor_may_want_is_in_the_table() -> None:
    told = set(re.findall(r"`make ([\w.-]+)`", text_of(ROOT / "docs" / "contributing.md")))
    listed = set(re.findall(r"^# make ([\w.-]+) ", text_of(ROOT / "Makefile"), re.M))
    assert listed - told == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_of_the_command_bloom_are_understood(page: Path) -> None:
    for line in code_lines(page):
        if re.match(r"bloom [a-z]", line) and "…" not in line:
            said = io.StringIO()
            try:
                with contextlib.redirect_stderr(said):
                    cli._parser().parse_args(shlex.split(line, comments=True)[1:])
            except SystemExit:
                pytest.fail(f"{line}\n{said.getvalue()}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mentions_of_the_command_bloom_are_true(page: Path) -> None:
    subparsers = next(action for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction))
    for span in spans(page):
        if re.match(r"bloom [a-z][a-z-]*( |$)", span):
            _, name, *rest = span.split()
            assert name in subparsers.choices, span
            assert {word for word in rest if word.startswith("--")} <= set(subparsers.choices[name]._option_string_actions), span


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_without_a_window_are_those_of_the_table(page: Path) -> None:
    known = set(re.findall(r"^\| `(\w+) [^|]*` \|", text_of(ROOT / "docs" / "headless.md").split("## Exit codes")[0], re.M))
    assert len(known) >= 10
    for line in [*code_lines(page), *spans(page)]:
        for name in re.findall(r"(?:-m bloom_addon|blender (?:-b )?--command bloom)(?: --json)? ([a-z]\w*)", line):
            assert name in known, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_plain_markdown(page: Path) -> None:
    prose = re.sub(r"^```(?!\{).*?^```|`[^`\n]+`", "", text_of(page), flags=re.M | re.S)
    assert not re.search(r"^```\{|^:::|\{(?:ref|doc|py:\w+)\}|^\([\w-]+\)=$|<!--", prose, re.M)


def test_the_house_is_as_it_is_drawn() -> None:
    rows = re.findall(r"^\| (`[^|]+) \|", text_of(ROOT / "docs" / "how-it-works.md").split("## The house")[1].split("\n## ")[0], re.M)
    drawn: set[Path] = set()
    for row in rows:
        first, *others = re.findall(r"`([^`]+)`", row)
        drawn |= {ROOT / first, *((ROOT / first).parent / name for name in others)}
    assert [str(path) for path in drawn if not path.exists()] == []
    for house in (ROOT / "bloom_addon", ROOT / "core" / "bloom_core"):
        there = {path for path in house.iterdir() if path.is_dir() and any(path.iterdir()) and path.name[0] not in "._"}
        assert sorted(path.name for path in there - drawn - {ROOT / "core" / "bloom_core" / "runs"}) == []


def test_messages_of_the_troubleshooting_page_are_said() -> None:
    files = [ROOT / "__init__.py", ROOT / "Makefile", *(ROOT / "bloom_addon").rglob("*.py"), *(ROOT / "core" / "bloom_core").rglob("*.py")]
    source = re.sub(r'"\s*\n\s*f?"', "", "\n".join(map(text_of, files)))
    source = re.sub(r"\{kind\}", "volume", source)
    rows = re.findall(r'^\| (?:(?!Blender says|pip )[A-Z][^|"]*)?"([^"]+)"', text_of(ROOT / "docs" / "troubleshooting.md"), re.M)
    assert len(rows) > 30
    unsaid = [row for row in rows for piece in row.split("…") if piece.strip() not in source]
    assert unsaid == [], "Bloom does not say so. If Blender does, begin the row with: Blender says"


def test_the_trainers_first_film_is_made_as_written(tmp_path: Path) -> None:
    for library in ("torch", "sklearn", "matplotlib", "av"):
        pytest.importorskip(library, reason=f"{library} is not installed; the page asks for the extras train, plot and images")
    scripts = re.findall(r"^```python\n(.*?)^```", text_of(TRAINER), re.M | re.S)
    assert len(scripts) == 1
    (tmp_path / "train.py").write_text(scripts[0], encoding="utf-8")
    where = os.environ | {"PYTHONPATH": str(Path(bloom_core.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    told = ""
    for line in code_lines(TRAINER):
        if not re.match(r"python train\.py|bloom [a-z]", line):
            continue
        line = line.replace("--length 96 --size 640 480", "--length 2 --size 64 48")  # a film of the whole length takes a minute
        arguments = [sys.executable, *(["-m", "bloom_core.cli"] if line.startswith("bloom") else []), *shlex.split(line)[1:]]
        done = subprocess.run(arguments, env=where, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr[-2000:]}"
        told += done.stdout
    assert float(re.findall(r"([\d.]+)% of the digits", told)[0]) > 90.0
    assert "steps: 456" in told and "AdamW" in told
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("run.png", "run.bloom", "run.mp4"))
