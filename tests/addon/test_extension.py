"""The extension as Blender installs it, in a Blender with empty preferences."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import bpy
import pytest

ROOT = Path(__file__).parents[2]

INSTALL = """
import sys, bpy
assert bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=True) == {"FINISHED"}
import bloom_core
assert "extensions" in bloom_core.__file__, bloom_core.__file__
assert bpy.ops.bloom.add(design="peony") == {"FINISHED"}
obj = bpy.context.object
obj.bloom.samples, obj.bloom.resolution, obj.bloom.folder = 0.2, 32, sys.argv[2]
bpy.ops.bloom.use_run()
bpy.context.scene.bloom_growth.frames = 3
assert bpy.ops.bloom.grow() == {"FINISHED"} and bpy.ops.bloom.bake() == {"FINISHED"}
bpy.ops.preferences.addon_disable(module="bl_ext.user_default.bloom")
assert not hasattr(bpy.types.Object, "bloom")
print("all of it worked")
"""


@pytest.fixture(scope="module")
def package() -> Path:
    found = sorted((ROOT / "dist").glob("bloom-*.zip"))
    assert found, "make test builds the extension first; run make zip"
    return found[-1]


def test_blender_accepts_the_manifest_and_the_zip(package: Path) -> None:
    builder = next(Path(bpy.utils.resource_path("LOCAL")).rglob("bl_pkg/cli/blender_ext.py"))
    for what in (ROOT, package):
        done = subprocess.run([sys.executable, str(builder), "validate", str(what)], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and "Success" in done.stdout, done.stdout + done.stderr


def test_the_zip_holds_the_addon_and_nothing_else(package: Path) -> None:
    names = zipfile.ZipFile(package).namelist()
    manifest = tomllib.loads(zipfile.ZipFile(package).read("blender_manifest.toml").decode())
    assert sorted(f"./{name}" for name in names if name.endswith(".whl")) == sorted(manifest["wheels"])
    assert {name.split("/")[0] for name in names} == {"__init__.py", "blender_manifest.toml", "LICENSE", "bloom_addon", "wheels"}


def test_it_installs_works_and_goes_in_an_empty_blender(package: Path, tmp_path: Path) -> None:
    # `-S -s -E` would keep Blender out as well: so the extension's own wheel is told from this environment's by its path.
    place = {"BLENDER_USER_RESOURCES": str(tmp_path / "user"), "BLENDER_USER_EXTENSIONS": str(tmp_path / "extensions")}
    hide = "import sys; sys.modules.pop('bloom_core', None); sys.meta_path.insert(0, type('Hide', (), {'find_spec': staticmethod(find)})())"
    prelude = (
        "import importlib.machinery\n"
        "def find(name, path=None, target=None):\n"
        "    if name != 'bloom_core': return None\n"
        "    places = [entry for entry in __import__('sys').path if 'extensions' in entry]\n"
        "    return importlib.machinery.PathFinder.find_spec(name, places)\n"
        f"{hide}\n"
    )
    script = prelude + INSTALL
    done = subprocess.run(
        [sys.executable, "-c", script, str(package), str(tmp_path / "takes")],
        env=os.environ | place, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert "all of it worked" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
