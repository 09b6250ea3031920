"""The extension's zips: one for all platforms and one for each, as Blender's own builder makes them, then made alike to the byte at every build."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip; Blender gives unpacked files the date of that day."""


class ReleaseError(RuntimeError):
    """A package could not be made, or is not right; the message says which, and what to do."""


def builder() -> Path:
    """Returns Blender's builder of extensions, a program for Python, out of the bpy wheel. Raises ReleaseError where there is none."""
    found = importlib.util.find_spec("bpy")
    places = [Path(folder) for folder in found.submodule_search_locations or ()] if found is not None else []
    for place in places:
        for program in place.rglob("bl_pkg/cli/blender_ext.py"):
            return program
    raise ReleaseError(f"{sys.executable} has no bpy, whose builder makes the zips: run make setup, and use .venv/bin/python")


def run_builder(*arguments: str) -> str:
    """Runs Blender's builder; returns what it said. Raises ReleaseError with that where it fails."""
    done = subprocess.run([sys.executable, str(builder()), *arguments], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if done.returncode != 0:
        raise ReleaseError(f"Blender's builder failed at {' '.join(arguments)}:\n{said}")
    return said


def build(source: Path, out: Path) -> list[Path]:
    """Makes the zips of the extension in `source` in the folder `out`; returns them, the one for all platforms first.

    Raises ReleaseError naming the wheels that are missing, or with what Blender's builder or its check said.
    """
    manifest = tomllib.loads((source / "blender_manifest.toml").read_text("utf-8"))
    missing = [wheel for wheel in manifest["wheels"] if not (source / wheel).is_file()]
    if missing:
        raise ReleaseError(f"{source}: run make wheels; these are missing: {', '.join(missing)}")
    out.mkdir(parents=True, exist_ok=True)
    name = f"{manifest['id']}-{manifest['version']}"
    made = [out / f"{name}.zip"] + [out / f"{name}-{platform.replace('-', '_')}.zip" for platform in manifest["platforms"]]
    for old in out.glob(f"{manifest['id']}-*.zip"):
        old.unlink()
    for split in ((), ("--split-platforms",)):
        run_builder("build", "--source-dir", str(source), "--output-dir", str(out), *split)
    for package in made:
        _make_alike(package)
        check(package)
    return made


def check(package: Path) -> None:
    """Has Blender check a zip, or a folder with a manifest: also that it knows the tags. Raises ReleaseError with what it said."""
    tags = builder().parents[3] / "modules" / "_bpy_internal" / "extensions" / "tags.py"
    run_builder("validate", "--valid-tags", str(tags), str(package))


def _make_alike(package: Path) -> None:
    """Rewrites a zip with its files in order and without their dates; Blender's builder leaves both to chance."""
    with zipfile.ZipFile(package) as archive:
        files = sorted((entry.filename, entry.compress_type, archive.read(entry)) for entry in archive.infolist())
    with zipfile.ZipFile(package, "w") as archive:
        for name, compression, content in files:
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content, compression, 9)


def main() -> int:
    """Makes the zips in dist and says how large they are; returns an exit code."""
    parser = argparse.ArgumentParser(prog="python -m release.extension", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the zips; default: dist")
    try:
        for package in build(ROOT, parser.parse_args().out):
            print(f"{package.stat().st_size / 1e6:6.1f} MB  {package.name}")
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
