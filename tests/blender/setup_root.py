"""Sets up a Debian root with the newest Blender, an X server without a screen and software OpenGL, for `make test-blender`.

Needs root and debootstrap, which it installs on Debian. The root stays in `.blender-root`, about 2 GB; a second run reuses it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2] / ".blender-root"
READY = ROOT / "ready"
PACKAGES = (
    "blender", "xvfb", "xdotool", "imagemagick", "libgl1-mesa-dri", "libegl1", "xauth", "ca-certificates",
    "python3-numpy", "python3-openvdb", "python3-cattr", "python3-requests",  # without the last two Blender's extensions fail to register
)  # fmt: skip


def main() -> int:
    """Makes the root where it is missing; returns an exit code."""
    if READY.is_file():
        return 0
    if os.geteuid() != 0 or not Path("/etc/debian_version").is_file():
        print("make test-blender sets up Blender in a Debian root of its own: it needs Debian, and to be root", file=sys.stderr)
        return 1
    if shutil.which("debootstrap") is None:
        _run("apt-get", "install", "-y", "-q", "--no-install-recommends", "debootstrap")
    shutil.rmtree(ROOT, ignore_errors=True)
    print("Setting up Blender in .blender-root (about 2 GB, once) ...", flush=True)
    _run("debootstrap", "--variant=minbase", "sid", str(ROOT))
    install = f"exec chroot {ROOT} apt-get install -y --no-install-recommends {' '.join(PACKAGES)}"
    _run("unshare", "--mount", "sh", "-ec", f"mount -t proc proc {ROOT}/proc; mount --rbind /dev {ROOT}/dev; {install}")
    READY.touch()
    return 0


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout[-4000:], file=sys.stderr)
        raise SystemExit(f"{command[0]} failed: see above")


if __name__ == "__main__":
    sys.exit(main())
