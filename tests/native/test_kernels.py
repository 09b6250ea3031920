"""Every instruction set that this processor runs gives the same bytes: farms mix machines, and a take must not show it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

SCRIPT = """
import hashlib, sys
from bloom_core import native
from bloom_core.designs import design
print(native.kernel_name())
for name in ("lotus", "peony", "waterlily"):
    flower = design(name)
    cloud = native.points(flower.bud, 200_000, seed=5)
    with native.accumulate(flower.open, 1 << 20, flower.box, 64, filter_radius=1.0, fade=0.1, seed=5) as grid:
        data = cloud.position.tobytes() + cloud.palette.tobytes() + grid.density(30.0).tobytes() + grid.palette().tobytes()
    print(hashlib.sha256(data).hexdigest())
"""


def play(kernel: str) -> tuple[str, list[str]]:
    """Returns the kernel that was used, and the digests of what it made."""
    out = subprocess.run([sys.executable, "-c", SCRIPT], env=os.environ | {"BLOOM_KERNEL": kernel}, capture_output=True, text=True, check=True)
    name, *digests = out.stdout.split()
    return name, digests


@pytest.mark.parametrize("kernel", ["v3", "v4"])
def test_wider_kernels_give_the_same_bytes(kernel: str) -> None:
    base, expected = play("v2")
    if base == "neon":
        pytest.skip("this processor has one kernel only")
    name, digests = play(kernel)
    if name != kernel:
        pytest.skip(f"this processor does not run x86-64-{kernel}")
    assert base == "v2"
    assert digests == expected
    assert hashlib.sha256(b"").hexdigest() not in digests
