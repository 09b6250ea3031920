"""The artist's session without a window; run by Blender itself."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path[:0] = json.loads(os.environ["BLOOM_TEST_PATHS"])

import bpy  # noqa: E402 - found on these paths
import session  # noqa: E402

import bloom_addon  # noqa: E402

bloom_addon.register()
for obj in list(bpy.data.objects):
    bpy.data.objects.remove(obj)
session.play_headless(Path(os.environ["BLOOM_TEST_FOLDER"]))
