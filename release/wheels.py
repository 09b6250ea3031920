"""The wheels of bloom-core, one for each platform that Blender runs on, all built on this computer: `python -m release.wheels`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from release.manifest import ROOT, TARGETS, version, wheel_name


def build(target: tuple[str, str], out: Path, core: Path = ROOT / "core") -> Path:
    """Builds the wheel of one platform, a key of TARGETS, from the folder `core` into the folder `out`; returns it.

    Raises subprocess.CalledProcessError, with the compiler's message shown.
    """
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(core)]
    subprocess.run(wheel, check=True, env={**os.environ, "BLOOM_TARGET": "-".join(target)})
    return out / wheel_name(version(core.parent), TARGETS[target][1])


def main() -> int:
    """Builds the wheels that the folder lacks and says how large they are and how long each took; returns an exit code."""
    parser = argparse.ArgumentParser(prog="python -m release.wheels", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "wheels", help="folder for the wheels; default: wheels")
    parser.add_argument("--missing", action="store_true", help="keep the wheels that are there: `make setup` deletes those of other sources")
    given = parser.parse_args()
    for target, (_, tag, _) in TARGETS.items():
        wheel = given.out / wheel_name(version(), tag)
        if given.missing and wheel.is_file():
            told = "was there"
        else:
            started = time.monotonic()
            try:
                wheel = build(target, given.out)
            except subprocess.CalledProcessError:
                print(f"the wheel for {'-'.join(target)} could not be built; the compiler's message stands above", file=sys.stderr)
                return 1
            told = f"{time.monotonic() - started:.0f} s"
        print(f"{wheel.stat().st_size / 1e6:6.1f} MB  {wheel.name}  {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
