"""A repository for Blender to install and update from: a folder of files for any web server, with the index that Blender itself generates."""

from __future__ import annotations

import argparse
import json
import shutil
import string
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from release.extension import ROOT, ReleaseError, run_builder
from release.manifest import version

PAGE = Path(__file__).parent / "repository_page.html"
PLATFORMS = {
    "windows-x64": "Windows",
    "windows-arm64": "Windows on ARM",
    "macos-arm64": "macOS (Apple Silicon)",
    "macos-x64": "macOS (Intel)",
    "linux-x64": "Linux",
    "linux-arm64": "Linux on ARM",
}
"""What people call Blender's platforms, in the order of the page."""


def generate(packages: Sequence[Path], out: Path) -> None:
    """Fills the folder `out` with the packages, one for each platform, the index (index.json) and a page to install from (index.html).

    All its addresses are relative, so it can be served from anywhere. What else the folder held is deleted.
    Raises ReleaseError where Blender's builder refuses, or does not find every package good.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for package in packages:
        shutil.copyfile(package, out / package.name)
    said = run_builder("server-generate", "--repo-dir", str(out))
    index = out / "index.json"
    contents = json.loads(index.read_text("utf-8"))
    entries: list[dict[str, Any]] = contents["data"]
    if len(entries) != len(packages):
        raise ReleaseError(f"{out}: of {len(packages)} packages, {len(entries)} are in the index:\n{said}")
    entries.sort(key=_place)
    index.write_text(json.dumps(contents, indent=2) + "\n", "utf-8")
    (out / "index.html").write_text(_page(entries), "utf-8")


def _place(entry: dict[str, Any]) -> int:
    return list(PLATFORMS).index(entry["platforms"][0])


def drag_address(entry: dict[str, Any]) -> str:
    """Returns what Blender takes when it is dragged into it: the package, where it may be installed, and the repository to update it from."""
    told = {
        "repository": "./index.json",
        "blender_version_min": entry["blender_version_min"],
        "platforms": ",".join(entry["platforms"]),
    }
    return f"{entry['archive_url']}?{urlencode(told)}"


def _page(entries: list[dict[str, Any]]) -> str:
    buttons = "\n".join(
        f'    <a class="button" href="{escape(drag_address(entry))}">{escape(PLATFORMS[entry["platforms"][0]])}'
        f"<small>{entry['archive_size'] / 1e6:.1f} MB</small></a>"
        for entry in entries
    )
    first = entries[0]
    return string.Template(PAGE.read_text("utf-8")).substitute(
        name=escape(first["name"]), tagline=escape(first["tagline"]), version=escape(first["version"]),
        blender=escape(first["blender_version_min"].removesuffix(".0")), buttons=buttons,
    )  # fmt: skip


def main() -> int:
    """Makes dist/repository of the platforms' zips in dist; returns an exit code."""
    parser = argparse.ArgumentParser(prog="python -m release.repository", description=__doc__)
    parser.add_argument("--packages", type=Path, default=ROOT / "dist", help="folder with the zips; default: dist")
    folder: Path = parser.parse_args().packages
    packages = sorted(folder.glob(f"bloom-{version()}-*.zip"))
    try:
        if not packages:
            raise ReleaseError(f"{folder}: there are no zips of version {version()}: run make zip")
        generate(packages, folder / "repository")
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{folder / 'repository'}: put this folder on a web server; its address is what Blender's Add Remote Repository asks for")
    return 0


if __name__ == "__main__":
    sys.exit(main())
