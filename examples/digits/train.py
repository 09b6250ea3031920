"""Trains a small network on scikit-learn's handwritten digits and records every optimizer step: the run that comes with Bloom.

    python examples/digits/train.py [FOLDER]

The same as `bloom demo-train digits`. Needs the extra `train` (torch, scikit-learn). What is trained stands in `bloom_core/demo_digits.py`, what it
shows in README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bloom_core.demos import demo_train

if __name__ == "__main__":
    for file in demo_train.train("digits", Path(sys.argv[1] if len(sys.argv) > 1 else ".")):
        print(f"wrote {file}: {file.stat().st_size / 1e6:.2f} MB")
