"""Run folders to be damaged: reading and replacing a shard, and being refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core.trajectories.run_files import npz_bytes
from bloom_core.trajectories.trajectory import RunError, read_run


def shard_of(directory: Path) -> dict[str, Any]:
    with np.load(directory / "steps-000000.npz", allow_pickle=False) as file:
        return dict(file)


def put_shard(directory: Path, arrays: dict[str, Any], name: str = "steps-000000.npz") -> None:
    (directory / name).write_bytes(npz_bytes(arrays))


def refused(path: Path, *parts: str) -> None:
    """The run is refused with a message that names the file and each of `parts`."""
    with pytest.raises(RunError) as caught:
        read_run(path)
    for part in (path.name, *parts):
        assert part in str(caught.value)
