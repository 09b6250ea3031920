"""Trains a small network on scikit-learn's handwritten digits and records every optimizer step.

    python examples/digits/train.py [OUT.bloom]

Needs the extra `train` (torch, scikit-learn). Takes well under a minute on one core; see README.md beside this file.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from bloom_core import recorder
from bloom_core.trajectory import pack_run

EPOCHS = 28
BATCH = 32
FIRST_RATE, LAST_RATE, DECAY = 0.8, 0.2, 0.8
"""The learning rate falls from the first towards the last, its excess by DECAY an epoch: the first steps overshoot, the last ones never rest."""
SEED = 7
WORDS = [f"digit {digit}" for digit in range(10)]
"""The rows of the output layer: 10 vectors of 64 numbers, one for each class. They stand in for word embeddings."""


def load() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns train images (1437, 64) in [0, 1] and labels, then 360 test images and labels, of a seeded split."""
    digits = load_digits()
    images = torch.tensor(digits.data, dtype=torch.float32) / 16.0
    labels = torch.tensor(digits.target)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(SEED))
    train, test = order[360:], order[:360]
    return images[train], labels[train], images[test], labels[test]


def main(out: Path) -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    images, labels, test_images, test_labels = load()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=FIRST_RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: (LAST_RATE + (FIRST_RATE - LAST_RATE) * DECAY**epoch) / FIRST_RATE)
    measure = nn.CrossEntropyLoss()
    accuracy: list[float] = []
    meta = {"title": "handwritten digits", "seed": SEED, "batch": BATCH}
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "digits"
        with recorder.record(model, optimizer, directory, meta=meta) as run:
            run.embeddings(model[4].weight, WORDS, epoch=0)
            for epoch in range(1, EPOCHS + 1):
                order = torch.randperm(len(images)).split(BATCH)
                for batch_id, chosen in enumerate(order):
                    loss = measure(model(images[chosen]), labels[chosen])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    run.log(loss=loss, batch_id=batch_id, epoch=epoch - 1 + (batch_id + 1) / len(order))
                schedule.step()
                run.embeddings(model[4].weight, WORDS, epoch=epoch)
                with torch.no_grad():
                    accuracy.append(round(float((model(test_images).argmax(1) == test_labels).float().mean()), 4))
                print(f"epoch {epoch:2}  loss {loss.item():.4f}  test accuracy {accuracy[-1]:.4f}")
            run.describe(test_accuracy=accuracy)
        pack_run(directory, out)
    print(f"wrote {out}: {out.stat().st_size / 1e6:.2f} MB, {run.step} steps")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "digits.bloom"))
