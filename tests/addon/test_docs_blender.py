"""docs/blender.md goes through the tab as it is: every section in its order, with its picture."""

from __future__ import annotations

import re
from pathlib import Path

import bpy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "blender.md").read_text(encoding="utf-8")


def sections() -> list[str]:
    """Returns the sections of the tab, from top to bottom."""
    children = [cls for cls in bpy.types.Panel.__subclasses__() if getattr(cls, "bl_parent_id", "") == "BLOOM_PT_main" and cls.is_registered]
    found = {cls.bl_idname: cls for cls in children}
    return [cls.bl_label for cls in sorted(found.values(), key=lambda cls: cls.bl_order)]


def test_every_section_is_described_in_its_order_with_its_picture(scene: bpy.types.Scene) -> None:
    there = sections()
    assert len(there) >= 10
    told = [heading for heading in re.findall(r"^## (.+)$", PAGE, re.M) if heading in there]
    assert told == there
    for label in there:
        assert f"## {label}\n\n![{label}](pictures/panel-{label.lower().replace(' ', '-')}.png)" in PAGE
