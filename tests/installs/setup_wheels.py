"""Sets up Blenders as Python modules, each in an environment of its own: `python -m tests.installs.setup_wheels VERSION …`.

A Blender's module runs in one Python only. Without versions, those whose Python is found here are set up, and the others are named.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ..blender.setup_root import PROJECT

SETUP = PROJECT / ".venv"
"""The environment of `make setup`: it has the Blender of whatever Python is at hand."""
PYTHONS = {"5.0": "3.11", "5.2": "3.13"}
"""Which Python the Blenders need that are set up here."""
VERSIONS = ("4.5", *PYTHONS)
"""The Blenders that the extension is tried in."""


def environments() -> dict[str, Path]:
    """Returns the environments that are there, by Blender's version."""
    found = {}
    for place in (SETUP, *(environment(version) for version in PYTHONS)):
        for folder in place.glob("lib/python3.*/site-packages/bpy/[0-9]*"):
            found[folder.name] = place
    return found


def environment(version: str) -> Path:
    """Returns where the environment of a version is, or would be."""
    return PROJECT / f".venv-{version}"


def without_bloom(environment: Path, folder: Path) -> Path:
    """Fills a folder with links to all that is installed in an environment, but for Bloom itself; returns it."""
    folder.mkdir()
    (packages,) = environment.glob("lib/python3.*/site-packages")
    for path in packages.iterdir():
        if "bloom" not in path.name:
            (folder / path.name).symlink_to(path)
    return folder


def main() -> int:
    """Sets up what is missing; returns an exit code: 1 where a version that was asked for has no Python here."""
    wanted = sys.argv[1:] or [version for version in PYTHONS if version not in environments()]
    unmet = 0
    for version in wanted:
        python = next(pythons(PYTHONS[version]), None)
        if (environment(version) / "ready").is_file():
            continue
        if python is None:
            print(f"Blender {version} as a Python module needs Python {PYTHONS[version]}, which is not found here", file=sys.stderr)
            unmet += 1
            continue
        print(f"Setting up Blender {version} in .venv-{version} (about 400 MB to download, once) ...", flush=True)
        shutil.rmtree(environment(version), ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(environment(version))], check=True)
        # Blender 5.0's own numpy; its modules were built for no later one.
        packages = [f"bpy=={version}.*", "pytest", "hypothesis", *(["numpy==1.26.*"] if PYTHONS[version] == "3.11" else [])]
        pip = [str(environment(version) / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", *packages], check=True)
        (environment(version) / "ready").touch()
    return 1 if unmet and sys.argv[1:] else 0


def pythons(version: str) -> Iterator[str]:
    """Yields the Pythons of a version that work: on the path, and of pyenv, whose command for a version that is not switched on fails."""
    homes = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python3")
    for command in (f"python{version}", *map(str, sorted(homes, reverse=True))):
        if shutil.which(command) is None:
            continue
        told = subprocess.run([command, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False)
        if told.stdout.strip() == version:
            yield command


if __name__ == "__main__":
    sys.exit(main())
