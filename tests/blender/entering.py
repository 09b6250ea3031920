"""Runs commands inside Debian roots, in namespaces of their own: what was mounted and started there is gone when the command is, however it ends."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def enter(
    root: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    places: Mapping[Path, Path],
    *,
    timeout: float,
    network: bool = True,
    screen: tuple[Path, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a command in a root, with an empty /tmp, this environment only, and folders from outside at `places`, each by its path in the root.

    `screen`, a root that has Xvfb and a size such as 1600x1000, gives the command a display that only exists in memory; what it shows is, at any
    time, the file /tmp/screen/Xvfb_screen0, in XWD. That display is only free without `network`. Raises subprocess.TimeoutExpired.
    """
    for place in places:
        (root / place.relative_to("/")).mkdir(parents=True, exist_ok=True)
    lines = [
        f"mount -t proc proc {root}/proc",
        f"mount --rbind /dev {root}/dev",
        f"mount -t tmpfs tmpfs {root}/tmp",
        *(f"mount --bind {outside} {root}{inside}" for inside, outside in places.items()),
    ]
    if screen is not None:
        server, size = screen
        lines += [
            f"mount --bind {root}/tmp {server}/tmp",
            f"mount --rbind /dev {server}/dev",
            f"mkdir {root}/tmp/screen",
            f"chroot {server} Xvfb :90 -screen 0 {size}x24 +extension GLX -fbdir /tmp/screen >/dev/null 2>&1 &",
            f"for _ in $(seq 100); do [ -e {root}/tmp/.X11-unix/X90 ] && break; sleep 0.1; done",
        ]
        environment = {**environment, "DISPLAY": ":90"}
    lines.append(f'exec chroot {root} /usr/bin/env -i "$@"')
    assigned = [f"{name}={value}" for name, value in environment.items()]
    unshared = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *([] if network else ["--net"])]
    return subprocess.run(
        [*unshared, "sh", "-ec", "\n".join(lines), "sh", *assigned, *command], capture_output=True, text=True, timeout=timeout, check=False
    )
