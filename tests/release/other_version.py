"""Stand-ins for a release of another version, made of the one in wheels/ within a second: the wheels renamed and, in places, changed."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from release import extension, manifest

PROJECT = Path(__file__).parents[2]


def wheel(folder: Path, version: str, changes: Mapping[str, str] | None = None) -> Path:
    """Makes this computer's wheel of another version in `folder`: that in wheels/, with today's Python files, and text added to some of them."""
    tag = manifest.TARGETS[manifest.host()][1]
    source = PROJECT / "wheels" / manifest.wheel_name(manifest.version(), tag)
    assert source.is_file(), f"{source} is missing: run make wheels"
    made, info = folder / manifest.wheel_name(version, tag), f"bloom_core-{version}.dist-info"
    contents = {path.relative_to(PROJECT / "core").as_posix(): path.read_bytes() for path in (PROJECT / "core" / "bloom_core").rglob("*.py")}
    with zipfile.ZipFile(source) as old:
        for entry in old.infolist():
            name = re.sub(r"^bloom_core-[^/]*\.dist-info", info, entry.filename)
            if not name.endswith(".py"):
                contents[name] = old.read(entry)
    edits = {
        "bloom_core/__init__.py": (rb'__version__ = "[^"]*"', f'__version__ = "{version}"'),
        f"{info}/METADATA": (rb"(?m)^Version: .*", f"Version: {version}"),
        f"{info}/RECORD": (rb"(?m)^bloom_core-[^/]*\.dist-info", info),
    }
    for name, (pattern, text) in edits.items():
        contents[name] = re.sub(pattern, text.encode(), contents[name])
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name, content in contents.items():
            new.writestr(name, content + (changes or {}).get(name, "").encode())
    return made


def tree(folder: Path, version: str, changes: Mapping[str, str] | None = None) -> Path:
    """Makes a folder to build the extension from, of another version; `changes` are texts added to files of the add-on and of the core.

    Only this computer's wheel is a real one: the others have nothing in them but their names.
    """
    changes = changes or {}
    shutil.copytree(PROJECT / "bloom_addon", folder / "bloom_addon", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "LICENSE", "blender_manifest.toml", "core/pyproject.toml", "core/bloom_core/__init__.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / name, folder / name)
    pyproject = folder / "core" / "pyproject.toml"
    pyproject.write_text(re.sub(r'(?m)^version = ".*"', f'version = "{version}"', pyproject.read_text()))
    for path, text in manifest.derived(folder).items():
        path.write_text(text)
    for name, text in changes.items():
        if not name.startswith("bloom_core/"):
            (folder / name).write_text((folder / name).read_text() + text)
    (folder / "wheels").mkdir()
    for tag in manifest.platforms().values():
        with zipfile.ZipFile(folder / "wheels" / manifest.wheel_name(version, tag), "w") as empty:
            empty.writestr("bloom_core/py.typed", "")
    wheel(folder / "wheels", version, changes)
    return folder


def packages(folder: Path, version: str, changes: Mapping[str, str] | None = None) -> list[Path]:
    """Builds the zips of another version in `folder`; returns them, the one for all platforms first."""
    return extension.build(tree(folder / f"tree-{version}", version, changes), folder / f"dist-{version}")


def package_for_this_computer(folder: Path, version: str, changes: Mapping[str, str] | None = None) -> Path:
    """Builds this computer's zip of another version in `folder`, and no other."""
    source = tree(folder / f"tree-{version}", version, changes)
    platform = next(name for name, tag in manifest.platforms().items() if tag == manifest.TARGETS[manifest.host()][1])
    text = (source / "blender_manifest.toml").read_text()
    only = text.replace(text[text.index("platforms = [") : text.index("]", text.index("platforms = [")) + 1], f'platforms = ["{platform}"]')
    (source / "blender_manifest.toml").write_text(only)
    return extension.build(source, folder / f"dist-{version}")[1]
