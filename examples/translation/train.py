"""Trains a network to translate Spanish to English on the texts of an installed Blender's interface, and records every optimizer step.

    python examples/translation/train.py [FOLDER] [blender.mo]

The same as `bloom demo-train translation`. Needs the extra `train` (torch, scikit-learn) and sentencepiece. What is trained stands in
`bloom_core/demo_translation.py`; what it shows, and where the texts come from, in README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bloom_core.demos import demo_train

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    catalogue = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    for file in demo_train.train("translation", folder, catalogue=catalogue):
        print(f"wrote {file}: {file.stat().st_size / 1e6:.2f} MB")
