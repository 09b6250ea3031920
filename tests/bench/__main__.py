"""`make bench`: what Bloom's speed is, as ratios against peers and against other ways of doing the same; medians of one run.

`python -m tests.bench live keys` runs only those that are named.
"""

from __future__ import annotations

import argparse

from bloom_core import native

from . import frame_change, kernels, keys, live, picture, recording, scaling, takes, training, truthfulness, volume
from .timing import machine

BENCHES = {
    "picture": picture.main,
    "volume": volume.main,
    "takes": takes.main,
    "kernels": kernels.main,
    "scaling": scaling.main,
    "recording": recording.main,
    "training": training.main,
    "keys": keys.main,
    "live": live.main,
    "frame_change": frame_change.main,
    "truthfulness": truthfulness.main,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; all where none is named")
    names = parser.parse_args().names
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        parser.error(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    print(f"Measured on {machine()}; kernel {native.kernel_name()}.")
    for name in names or BENCHES:
        BENCHES[name]()
