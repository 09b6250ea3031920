"""Blender's front door to the extension: it brings Bloom in, and takes all of it out again, so that Blender can update it while it runs.

Blender replaces an extension's files between `unregister` and `register`, and forgets this package's modules; but not bloom_core, which comes in a
wheel, and whose native library is a file that Windows does not let go of while it is loaded. So both are let go of here. Where that cannot be, or
another bloom_core is found than this Bloom was made with, nothing is brought in but a notice that says what to do.
"""

from __future__ import annotations

import importlib
import sys
import textwrap
import threading
import tomllib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import bpy

_MANIFEST: dict[str, Any] = tomllib.loads((Path(__file__).parent / "blender_manifest.toml").read_text("utf-8"))
VERSION: str = _MANIFEST["version"]
_ADDON = f"{__name__}.bloom_addon"


def _hindrance() -> str:
    """Returns why Bloom cannot work in this Blender at all, or an empty text."""
    if bpy.app.version < tuple(int(part) for part in _MANIFEST["blender_version_min"].split(".")):
        return f"Bloom needs Blender {_MANIFEST['blender_version_min']} or later, and this is {bpy.app.version_string}"
    if find_spec("numpy") is None:
        return "Bloom needs numpy, which this Blender was packaged without. On Debian and Ubuntu: apt install python3-numpy"
    if "." not in __name__ and find_spec("bloom_core") is None:
        return "Bloom is an extension, and does not work as a copied add-on. Install its zip: Preferences, Get Extensions, Install from Disk"
    return ""


if _hindrance():  # Blender shows an ImportError of this name as one sentence, without a traceback
    raise ImportError(_hindrance(), name=__name__)


def register() -> None:
    """Called by Blender when the extension is enabled, also after an update."""
    if _core_version() != VERSION:
        _let_core_go()  # what kept it at the last `unregister` may have ended
    found = _core_version()
    if found == VERSION:
        importlib.import_module(_ADDON).register()
    else:
        _show_notice(found)


def unregister() -> None:
    """Called by Blender when the extension is disabled, updated or removed, and when Blender ends."""
    if _Notice.command is not None:
        _hide_notice()
    else:
        sys.modules[_ADDON].unregister()  # type: ignore[attr-defined]
    _forget(_ADDON)
    globals().pop("bloom_addon", None)
    _let_core_go()


def _core_version() -> str:
    """Returns the version of the bloom_core that is in memory or, failing that, on disk; an empty text where there is none."""
    importlib.invalidate_caches()  # Blender may have put it in place a moment ago
    try:
        return str(getattr(importlib.import_module("bloom_core"), "__version__", ""))
    except ImportError:
        return ""


def _let_core_go() -> None:
    """Takes bloom_core out of memory, or leaves it as it is where something of it still runs."""
    library = sys.modules.get("bloom_core.library")
    running = any(thread.name.lower().startswith("bloom") for thread in threading.enumerate())
    if not running and (library is None or library.unload()):
        _forget("bloom_core")


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]


class _Notice:
    """What is said in place of Bloom; `command` is set while it is shown."""

    lines: tuple[str, ...] = ()
    command: Any = None


def _draw(self: Any, context: bpy.types.Context) -> None:
    scale = context.preferences.system.ui_scale
    letters = max(int((context.region.width - 70 * scale) / (7.2 * scale)), 16)
    for number, line in enumerate(_Notice.lines):
        column = self.layout.column(align=True)
        for part, text in enumerate(textwrap.wrap(line, letters)):
            column.label(text=text, icon="BLANK1" if number or part else "ERROR", translate=False)


class BLOOM_PT_restart(bpy.types.Panel):
    """Stands where Bloom would be."""

    bl_idname, bl_label = "BLOOM_PT_restart", "Bloom"
    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "Bloom"
    draw = _draw


class BloomRestartPreferences(bpy.types.AddonPreferences):
    """Stands among the add-ons, where an update is begun."""

    bl_idname = __name__
    draw = _draw


def _refuse(_arguments: Sequence[str]) -> int:
    """What `blender --command bloom` answers."""
    print(f"bloom: {' '.join(_Notice.lines)}", file=sys.stderr)
    return 1


def _show_notice(found: str) -> None:
    _Notice.lines = (
        f"Restart Blender to finish the update to Bloom {VERSION}.",
        f"Until then {'bloom_core ' + found if found else 'no bloom_core'} is loaded, which does not fit.",
        "Still here after a restart? Disable Bloom, and enable it again.",
    )
    bpy.utils.register_class(BLOOM_PT_restart)
    bpy.utils.register_class(BloomRestartPreferences)
    _Notice.command = bpy.utils.register_cli_command("bloom", _refuse)
    print(*_Notice.lines, sep="\n")


def _hide_notice() -> None:
    bpy.utils.unregister_cli_command(_Notice.command)
    _Notice.command = None
    bpy.utils.unregister_class(BloomRestartPreferences)
    bpy.utils.unregister_class(BLOOM_PT_restart)
