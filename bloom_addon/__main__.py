"""`python -m bloom_addon COMMAND …`, with Blender as a Python module (the bpy wheel)."""

from __future__ import annotations

import sys

import bloom_addon
from bloom_addon.headless import headless

bloom_addon.register()
code = headless.main(sys.argv[1:])
bloom_addon.unregister()
sys.exit(code)
