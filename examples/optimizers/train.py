"""Trains one network on handwritten digits with five optimizers, from the same first weights and on the same batches, and prints how they differ.

    python examples/optimizers/train.py [FOLDER]

The trainings are those of `bloom demo-train optimizers` (`bloom_core/demo_digits.py`). Needs the extra `train` (torch, scikit-learn).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from bloom_core.demos import demo_train
from bloom_core.trajectories.trajectory import Trajectory, read_run

EPOCHS_SHOWN = (1, 5, 30)


def line(name: str, run: Trajectory) -> str:
    """Returns the run's row of the table in README.md."""
    size, last = run.update_size(), round(float(run.epoch[-1]))
    shown = [epoch for epoch in EPOCHS_SHOWN if epoch <= last]
    epochs = [(run.epoch > epoch - 1 + 1e-4) & (run.epoch <= epoch + 1e-4) for epoch in shown]
    sizes = " / ".join(f"{size[chosen].mean():.3g}" for chosen in epochs)
    cosines = " / ".join(f"{np.nanmean(run.cosine[chosen, 0]):+.2f}" for chosen in epochs)
    worst = int(size.argmax())
    return f"{name:17} | {run.meta['test_accuracy'][-1]:.3f} | {sizes:22} | {cosines:21} | {size[worst]:.3g} at step {run.steps[worst]}"


if __name__ == "__main__":
    table = []
    for file in demo_train.train("optimizers", Path(sys.argv[1] if len(sys.argv) > 1 else ".")):
        table.append(line(file.stem, read_run(file)))
    print(f"{'run':17} | test  | mean update, epochs {'/'.join(map(str, EPOCHS_SHOWN))} | cosine with the step before | largest update")
    print("\n".join(table))
