"""What Bloom costs at every change of frame: Blender's own evaluation of a bloom's keys, with and without Bloom's handlers, and reading the flame."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .timing import heading, table

ROOT = Path(__file__).parents[2]
FRAMES, ROUNDS = 96, 5

SCRIPT = """
import json, os, statistics, sys, time
root, frames, rounds = sys.argv[-3], *map(int, sys.argv[-2:])
sys.path.insert(0, root)
import bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
import bloom_addon
bloom_addon.register()
from bloom_addon import posing
scene = bpy.context.scene
bpy.ops.bloom.add(design="dahlia")
obj = bpy.context.object
bpy.ops.bloom.use_run(run="translation")
scene.bloom_growth.frames = frames
bpy.ops.bloom.grow()
bpy.ops.bloom.add_wind()
bpy.ops.bloom.handle_add(every=True)
def play(after):
    took = []
    for frame in range(1, frames + 1):
        begin = time.perf_counter()
        scene.frame_set(frame)
        after()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)
ours = [(listed, function) for name in dir(bpy.app.handlers) if isinstance(listed := getattr(bpy.app.handlers, name), list)
        for function in listed if "bloom_addon" in function.__module__]
found = {"alone": [], "handlers": [], "flame": []}
for _ in range(rounds):
    found["handlers"].append(play(lambda: None))
    found["flame"].append(play(lambda: posing.read_flame(scene, obj)))
    for listed, function in ours:
        listed.remove(function)
    found["alone"].append(play(lambda: None))
    for listed, function in ours:
        listed.append(function)
print("RESULT " + json.dumps({name: statistics.median(values) for name, values in found.items()}), flush=True)
os._exit(0)
"""


def main() -> None:
    """Prints the table; without bpy only a line that says so."""
    if subprocess.run([sys.executable, "-c", "import bpy"], capture_output=True, check=False).returncode:
        heading("A change of frame")
        print("bpy is not installed here: not measured.")
        return
    command = [sys.executable, "-c", SCRIPT, str(ROOT), str(FRAMES), str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise RuntimeError(done.stdout + done.stderr)
    found = {name: value * 1000 for name, value in json.loads(line.removeprefix("RESULT ")).items()}
    heading(f"A change of frame: a dahlia with {FRAMES} frames of growth, wind, and a handle for each petal")
    table(
        ["What happens", "Median", "Against Blender alone"],
        [
            [label, f"{found[name]:.2f} ms", f"{found[name] / found['alone']:.2f}×"]
            for name, label in (
                ("alone", "Blender evaluates the keys"),
                ("handlers", "with Bloom's handlers"),
                ("flame", "and the flame is read, wind and handles in it"),
            )
        ],
    )


if __name__ == "__main__":
    main()
