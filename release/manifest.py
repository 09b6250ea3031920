"""What follows from the version in core/pyproject.toml and the targets in core/build_native.py: the manifest's lines, and the core's own version.

`python -m release.manifest` writes them; it changes nothing that is right already.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "core"))  # at the end: bloom_core itself is the installed one
from build_native import TARGETS as TARGETS  # noqa: E402
from build_native import host as host  # noqa: E402

_SYSTEMS = {"darwin": "macos"}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def version(root: Path = ROOT) -> str:
    """Returns Bloom's version, as 1.2.3, from the one place where it is written. Raises ValueError for what Blender cannot compare."""
    path = root / "core" / "pyproject.toml"
    found = str(tomllib.loads(path.read_text("utf-8"))["project"]["version"])
    if not _VERSION.fullmatch(found):
        raise ValueError(f"{path}: the version is {found}; Blender's extensions need three numbers, such as 1.2.3")
    return found


def platforms() -> dict[str, str]:
    """Returns the tag of each platform's wheel by the name that Blender has for the platform: linux-x64 → manylinux_2_28_x86_64."""
    return {
        f"{_SYSTEMS.get(system, system)}-{_MACHINES.get(machine, machine)}": tag for (system, machine), (_, tag, _) in TARGETS.items()
    }


def wheel_name(version: str, tag: str) -> str:
    """Returns the file name of the wheel with a tag."""
    return f"bloom_core-{version}-py3-none-{tag}.whl"


def derived(root: Path = ROOT) -> dict[Path, str]:
    """Returns what each file that follows from the version should hold. Raises ValueError where a line to be written is missing."""
    number, tags = version(root), platforms()
    wheels = [f"./wheels/{wheel_name(number, tag)}" for tag in tags.values()]
    manifest, core = root / "blender_manifest.toml", root / "core" / "bloom_core" / "__init__.py"
    lines = {"version": f'"{number}"', "platforms": _listed(list(tags)), "wheels": _listed(wheels)}
    text = manifest.read_text("utf-8")
    for key, value in lines.items():
        text = _replaced(manifest, text, rf'^{key} = ("[^"\n]*"|\[[^\]]*\])', f"{key} = {value}")
    return {manifest: text, core: _replaced(core, core.read_text("utf-8"), r'^__version__ = "[^"\n]*"', f'__version__ = "{number}"')}


def _listed(names: list[str]) -> str:
    return "[\n" + "".join(f'    "{name}",\n' for name in names) + "]"


def _replaced(path: Path, text: str, pattern: str, line: str) -> str:
    made, count = re.subn(pattern, lambda _: line, text, count=1, flags=re.MULTILINE)
    if not count:
        raise ValueError(f"{path}: there is no line to hold {line.partition(' ')[0]}")
    return made


def main() -> int:
    """Writes what follows from the version; returns an exit code."""
    for path, text in derived().items():
        if path.read_text("utf-8") != text:
            path.write_text(text, "utf-8", newline="\n")
            print(f"{path.relative_to(ROOT)}: now of version {version()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
