"""Sets up Debian roots with a Blender each: `python -m tests.blender.setup_root NAME …`, for `make test-blender` and `make test-installs`.

Needs root, and debootstrap, which it installs on Debian. A root stays in the project's folder, 1.2 to 2 GB; a second run reuses it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Root:
    """A Debian root: where it is, which Debian, and the packages that are installed there without what they only recommend."""

    path: Path
    suite: str
    packages: tuple[str, ...]
    told: str

    def ready(self) -> bool:
        """Says whether it is set up, and may be entered."""
        return (self.path / "ready").is_file() and os.geteuid() == 0


MISSING_IN_DEBIAN = ("python3-numpy", "python3-cattr", "python3-requests")
"""What Debian's blender package does not ask for, though Blender does not work without: its extensions fail to register without the last two."""
DRIVER = ("libgl1", "libegl1", "libgl1-mesa-dri")
"""OpenGL in software. Every desktop has a driver; a minimal root has none, and Blender opens no window."""

ROOTS = {
    "newest": Root(
        PROJECT / ".blender-root",
        "sid",
        ("blender", *MISSING_IN_DEBIAN, *DRIVER, "xvfb", "xdotool", "imagemagick", "xauth", "ca-certificates", "python3-openvdb"),
        "the newest Blender, an X server without a screen, software OpenGL: 2 GB",
    ),
    "bare": Root(
        PROJECT / ".blender-root-bare",
        "sid",
        ("blender", *MISSING_IN_DEBIAN, *DRIVER),
        "the newest Blender, and nothing that it can do without: 1.3 GB",
    ),
    "old": Root(PROJECT / ".blender-root-4.3", "trixie", ("blender", "python3-numpy"), "Blender 4.3, too old for Bloom: 1.7 GB"),
}


def main() -> int:
    """Makes the roots that are asked for and missing; returns an exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.blender.setup_root", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(ROOTS)}; default: newest")
    names = parser.parse_args().names or ["newest"]
    unknown = [name for name in names if name not in ROOTS]
    if unknown:
        parser.error(f"{unknown[0]!r} is none of {', '.join(ROOTS)}")
    wanted = [ROOTS[name] for name in names if not (ROOTS[name].path / "ready").is_file()]
    if wanted and (os.geteuid() != 0 or not Path("/etc/debian_version").is_file()):
        print("Blender is set up in Debian roots of its own: that needs Debian, and to be root", file=sys.stderr)
        return 1
    for root in wanted:
        make(root)
    return 0


def make(root: Root) -> None:
    """Makes a root anew. Raises SystemExit where a program fails."""
    if shutil.which("debootstrap") is None:
        _run("apt-get", "install", "-y", "-q", "--no-install-recommends", "debootstrap")
    shutil.rmtree(root.path, ignore_errors=True)
    print(f"Setting up {root.path.name} ({root.told}, once) ...", flush=True)
    _run("debootstrap", "--variant=minbase", root.suite, str(root.path))
    install = f"exec chroot {root.path} apt-get install -y --no-install-recommends {' '.join(root.packages)}"
    _run("unshare", "--mount", "sh", "-ec", f"mount -t proc proc {root.path}/proc; mount --rbind /dev {root.path}/dev; {install}")
    _run("chroot", str(root.path), "apt-get", "clean")
    (root.path / "ready").touch()


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout[-4000:], file=sys.stderr)
        raise SystemExit(f"{command[0]} failed: see above")


if __name__ == "__main__":
    sys.exit(main())
