"""Fetches Debian's Python and numpy for aarch64 into .arm64-root, for `make test-foreign`: 24 MB to download, 100 MB unpacked, no root needed.

Nothing of this computer's own apt is changed: its lists, its cache and what it believes to be installed are folders of their own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from release.manifest import ROOT

FOLDER = ROOT / ".arm64-root"
SUITE = "trixie"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def main() -> int:
    """Makes the folder where it is missing; returns an exit code."""
    if (FOLDER / "ready").is_file():
        return 0
    if shutil.which("apt-get") is None or not Path(KEYS).is_file():
        print("Python for aarch64 is fetched with Debian's apt-get, which is not here", file=sys.stderr)
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    apt = FOLDER / "apt"
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True)
    (apt / "sources.list").write_text(f"deb [signed-by={KEYS}] http://deb.debian.org/debian {SUITE} main\n")
    settings = {
        "Dir::State": apt / "state", "Dir::State::status": "/dev/null", "Dir::Cache": apt / "cache",
        "Dir::Etc::sourcelist": apt / "sources.list", "Dir::Etc::sourceparts": "-", "APT::Architecture": "arm64", "APT::Architectures": "arm64",
        "APT::Install-Recommends": "false", "APT::Sandbox::User": "root", "Debug::NoLocking": "1",
    }  # fmt: skip
    options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    subprocess.run(["apt-get", "-q", *options, "update"], check=True)
    subprocess.run(["apt-get", "-q", "-y", *options, "install", "--download-only", "python3-numpy"], check=True)
    for name in ("bin", "lib", "sbin"):  # Debian's packages count on these being links
        (FOLDER / "usr" / name).mkdir(parents=True)
        (FOLDER / name).symlink_to(f"usr/{name}")
    for package in sorted((apt / "cache" / "archives").glob("*.deb")):
        tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], check=True, capture_output=True).stdout
        subprocess.run(["tar", "--extract", "--keep-directory-symlink", "--directory", str(FOLDER)], input=tar, check=True)
    shutil.rmtree(apt)
    (FOLDER / "ready").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
