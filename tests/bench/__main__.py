"""`make bench`: what Bloom's speed is, as ratios against peers and against other ways of doing the same; medians of one run."""

from __future__ import annotations

from bloom_core import native

from . import kernels, keys, live, picture, recording, scaling, takes, truthfulness, volume
from .timing import machine

if __name__ == "__main__":
    print(f"Measured on {machine()}; kernel {native.kernel_name()}.")
    picture.main()
    volume.main()
    takes.main()
    kernels.main()
    scaling.main()
    recording.main()
    keys.main()
    live.main()
    truthfulness.main()
