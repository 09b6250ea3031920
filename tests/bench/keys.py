"""Key insertion: a growth's curves as Blender's F-curves, against Blender's own keyframe_insert, one by one, on a smaller sample."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from .timing import heading, table

ROOT = Path(__file__).parents[2]
FRAMES, CHANNELS, SAMPLE = 2000, 100, 5
"""Frames and channels that are written; channels of the sample that is inserted one by one, of as many frames."""

SCRIPT = """
import json, os, statistics, sys, time
root, frames, channels, sample = sys.argv[-4], *map(int, sys.argv[-3:])
sys.path.insert(0, root)
import bpy, numpy as np
from dataclasses import replace
bpy.ops.wm.read_factory_settings(use_empty=True)
import bloom_addon
bloom_addon.register()
from bloom_addon import bloom_object, keyframes
from bloom_core import designs
from bloom_core.growth import bezier_keys
from bloom_core.growth.animation import Animation, Channel
from bloom_core.palettes import Ramp
flower = designs.design("waterlily")
fields = {"pre": 12, "post": 12, "weight": 1, "opacity": 1, "color": 1}
flower = replace(flower, open=replace(flower.open, xforms=flower.open.xforms[:1] * -(-channels // sum(fields.values()))))
every = [Channel(xform, field, i) for xform in range(len(flower.open.xforms)) for field, size in fields.items() for i in range(size)]
chosen = tuple(every[:channels])
random = np.random.default_rng(1)
ramp = Ramp(np.array([1]), np.array([0.0, 1.0]), np.array([[[0.0] * 3, [1.0] * 3]]))
def animation(count, bezier):
    values = random.uniform(0.1, 0.9, (count, channels))
    numbers = np.arange(count) + 1.0
    ends = lambda column: bezier_keys.Keys(numbers, column, column, column)
    fitted = tuple(ends(column) for column in values.T) if bezier else None
    return Animation(flower.open, 1, chosen, values, ramp, (), np.zeros(count, np.int64), np.ones(count), fitted)
def ours(obj, told):
    begin = time.perf_counter()
    keyframes.write_animation(obj, told, replace_edited=True)
    return time.perf_counter() - begin
def theirs(obj):
    begin = time.perf_counter()
    for frame in range(1, frames + 1):
        for channel in chosen[:sample]:
            one = channel.field in ("weight", "opacity", "color")
            obj.keyframe_insert(f"bloom.xforms[{channel.xform}].{channel.field}", index=-1 if one else channel.index, frame=frame)
    return time.perf_counter() - begin
times = {"linear": [], "bezier": [], "again": [], "one": []}
linear, bezier = animation(frames, False), animation(frames, True)
for _ in range(5):
    for name in times:
        obj = bloom_object.new_bloom(bpy.context, flower)
        obj.data.materials.clear()  # the curves alone
        if name == "one":
            times[name].append(theirs(obj))
        else:
            told = bezier if name == "bezier" else linear
            first = ours(obj, told)
            times[name].append(ours(obj, told) if name == "again" else first)
        bpy.data.objects.remove(obj)
        for action in list(bpy.data.actions):
            bpy.data.actions.remove(action)
print("\\nKEYS" + json.dumps({name: statistics.median(values) for name, values in times.items()}), flush=True)
os._exit(0)  # the wheel may crash at exit once all is done
"""


def measure(python: str) -> dict[str, float]:
    """Returns median seconds: `linear` and `bezier` keys of all channels, the same `again` in place, and the sample inserted `one` by one."""
    command = [python, "-c", SCRIPT, str(ROOT), str(FRAMES), str(CHANNELS), str(SAMPLE)]
    run = subprocess.run(command, capture_output=True, text=True)
    told = [line for line in run.stdout.splitlines() if line.startswith("KEYS")]
    if not told:
        raise RuntimeError(run.stderr)
    return dict(json.loads(told[0].removeprefix("KEYS")))


def main() -> None:
    """Prints the table; without bpy only a line that says so."""
    heading(f"Keys: {FRAMES} frames of {CHANNELS} channels")
    if subprocess.run([sys.executable, "-c", "import bpy"], capture_output=True).returncode:
        print("bpy is not installed here: not measured.")
        return
    found = measure(shutil.which(sys.executable) or sys.executable)
    count = FRAMES * CHANNELS
    one = found["one"] / (SAMPLE * FRAMES)
    names = {"linear": "A key on every frame", "bezier": "Bézier keys", "again": "Grown again, keys replaced in place"}
    rows = [
        [label, f"{found[name]:.2f} s", f"{count / found[name] / 1e6:.2f} M/s", f"{one * count / found[name]:.0f}×"]
        for name, label in names.items()
    ]
    table(["Written as", "Time", "Keys", f"Faster than keyframe_insert ({one * 1e6:.0f} µs a key)"], rows)


if __name__ == "__main__":
    main()
