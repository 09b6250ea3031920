"""An artist's first session in Blender as a Python module: install, film, switch off, remove. Run by test_wheels.py."""

import importlib.util
import sys
from pathlib import Path

import bpy

PACKAGE, FOLDER = sys.argv[1], Path(sys.argv[2])
MODULE = "bl_ext.user_default.bloom"
FILM = ("--frames", "4", "--samples", "1", "--resolution", "96", "--size", "160x100", "--rays", "2")

assert importlib.util.find_spec("bloom_core") is None, "nothing of Bloom is there before"
assert bpy.ops.extensions.package_install_files(filepath=PACKAGE, repo="user_default", enable_on_install=True) == {"FINISHED"}
core = importlib.import_module("bloom_core")
assert str(FOLDER) in str(core.__file__), core.__file__
headless = importlib.import_module(f"{MODULE}.bloom_addon.headless.headless")
assert headless.main(["film", "--out", str(FOLDER / "film"), *FILM]) == 0

assert bpy.ops.preferences.addon_disable(module=MODULE) == {"FINISHED"}
assert not hasattr(bpy.types.Object, "bloom") and not hasattr(bpy.types, "BLOOM_PT_main")
assert bpy.ops.preferences.addon_enable(module=MODULE) == {"FINISHED"} and hasattr(bpy.types.Object, "bloom")

repository = next(index for index, repo in enumerate(bpy.context.preferences.extensions.repos) if repo.module == "user_default")
assert bpy.ops.extensions.package_uninstall(repo_index=repository, pkg_id="bloom") == {"FINISHED"}
assert not hasattr(bpy.types.Object, "bloom")
print("all of it worked in Blender", bpy.app.version_string)
