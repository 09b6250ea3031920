"""Pages of the guide that show how to extend Bloom, carried out in a copy of the project, block by block, as a reader would.

The paragraph before a block of code says what becomes of it:

- Create `PATH`: it is a new file.
- In `PATH`, below `LINE`: (or above) it is inserted there, beside the one line that begins with LINE (leading blanks do not count).
- Run: each of its lines is a command, of one of PROGRAMS.
- It prints: what the command before it printed has these lines, one after another.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bloom_core import library

ROOT = Path(__file__).parents[2]
COPIED = ("core/bloom_core", "core/native", "bloom_addon", "tests/conftest.py", "tests/native", "tests/core", "pyproject.toml")
PROGRAMS = {
    ".venv/bin/python": [sys.executable],
    ".venv/bin/bloom": [sys.executable, "-m", "bloom_core.cli"],
    "cp": [sys.executable, "-c", "import shutil, sys; shutil.copy(*sys.argv[1:])"],
    "mkdir": [sys.executable, "-c", "import os, sys; os.mkdir(sys.argv[1])"],
}
LIMIT_S = 240.0

_BLOCK = re.compile(r"(?P<lead>[^\n]*(?:\n[^\n]+)*)\n\n```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
_CREATE = re.compile(r"Create `([^`]+)`:")
_INSERT = re.compile(r"In `([^`]+)`, (above|below) `([^`]+)`:")


@dataclass(frozen=True)
class Block:
    """A block of code: the last sentence of the paragraph before it, its text, and the line of the page it begins in."""

    lead: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """Returns the blocks of a page of docs/, in order."""
    source = (ROOT / "docs" / page).read_text("utf-8")
    found = []
    for match in _BLOCK.finditer(source):
        lead = re.split(r"(?<=[.!?]) ", " ".join(match["lead"].split()))[-1]
        found.append(Block(lead, match["text"], source.count("\n", 0, match.start("text")) + 1))
    assert len(found) == len(re.findall(r"^```\w+$", source, re.M)), f"{page}: a block without a paragraph before it"
    return found


class Copy:
    """A copy of the project in a folder, in which a page is carried out. `printed`: what the last commands printed.

    `instead`: what is done in place of a command of the page, by its line; it returns what it prints.
    """

    def __init__(self, folder: Path, instead: Mapping[str, Callable[[Path], str]] = MappingProxyType({})) -> None:
        self.folder, self.instead, self.printed = folder, instead, ""
        leave = shutil.ignore_patterns("__pycache__", "runs", "*.so", "*.dylib", "*.dll", "pictures")
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=leave)
            else:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("pictures"))
        shutil.copytree(Path(library.__file__).parent / "runs", folder / "core" / "bloom_core" / "runs")
        shutil.copy(library.library_path(), folder / "core" / "bloom_core")

    def work(self, block: Block) -> None:
        """Does what a block's lead says. Fails where it says nothing known, and where a command fails."""
        if create := _CREATE.search(block.lead):
            path = self.folder / create[1]
            assert not path.exists(), f"line {block.line}: {create[1]} exists"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
        elif insert := _INSERT.search(block.lead):
            self._insert(self.folder / insert[1], insert[2], insert[3], block)
        elif block.lead.endswith("Run:"):
            commands = block.text.splitlines()
            self.printed = "".join(self.instead[line](self.folder) if line in self.instead else self.run(line) for line in commands)
        elif block.lead.endswith("It prints:"):
            assert block.text in self.printed, f"line {block.line}: not in\n{self.printed}"
        else:
            raise AssertionError(f"line {block.line}: {block.lead!r} does not say what to do with the block")

    def _insert(self, path: Path, where: str, anchor: str, block: Block) -> None:
        lines = path.read_text("utf-8").splitlines(keepends=True)
        places = [number for number, line in enumerate(lines) if line.strip().startswith(anchor.strip())]
        assert len(places) == 1, f"line {block.line}: {len(places)} lines of {path.name} begin with {anchor!r}"
        lines.insert(places[0] + (where == "below"), block.text)
        path.write_text("".join(lines), "utf-8")

    def run(self, line: str, code: int = 0) -> str:
        """Runs a command of a page in the copy and returns what it printed. Fails with that where the command does not end with `code`."""
        program, *arguments = shlex.split(line)
        path = os.pathsep.join([str(self.folder / "core"), str(self.folder)])
        environment = os.environ | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
        command = [*PROGRAMS[program], *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, timeout=LIMIT_S, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
        assert done.returncode == code, f"{line}\n{said}"
        return said
