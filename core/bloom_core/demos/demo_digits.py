"""Training of the digits demos: a 64-64-64-10 network on scikit-learn's handwritten digits, with one optimizer or another.

Imports PyTorch; `demo_train` imports this when it is asked to train.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from bloom_core.commands.training_progress import Progress
from bloom_core.demos.demo_recording import recording

BATCH = 32
SEED = 7
TEST_IMAGES = 360
FIRST_RATE, LAST_RATE, DECAY = 0.8, 0.2, 0.8
"""The rate of the run "digits" falls from the first towards the last, its excess by DECAY an epoch: it first overshoots, and never comes to rest."""
WORDS = tuple(f"digit {digit}" for digit in range(10))
"""The rows of the output layer: 10 vectors of 64 numbers, one for each class. They stand in for word embeddings."""

Data = tuple[Tensor, Tensor, Tensor, Tensor]
Make = Callable[[Iterator[Any]], Any]


@dataclass(frozen=True)
class Choice:
    """One way to train the network: the run's name and title, its epochs, the optimizer, and the rate's factor by epoch (0 first)."""

    name: str
    title: str
    epochs: int
    optimizer: Make
    rate: Callable[[int], float] = lambda epoch: 1.0


DIGITS = Choice(
    "digits",
    "handwritten digits",
    28,
    lambda parameters: torch.optim.SGD(parameters, lr=FIRST_RATE),
    lambda epoch: (LAST_RATE + (FIRST_RATE - LAST_RATE) * DECAY**epoch) / FIRST_RATE,
)

OPTIMIZERS = (
    Choice("digits-sgd", "digits: SGD, rate 0.1", 30, lambda parameters: torch.optim.SGD(parameters, lr=0.1)),
    Choice("digits-momentum", "digits: SGD, rate 0.1, momentum 0.9", 30, lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9)),
    Choice("digits-adam", "digits: Adam, rate 0.001", 30, lambda parameters: torch.optim.Adam(parameters, lr=1e-3)),
    Choice("digits-adamw", "digits: AdamW, rate 0.01", 30, lambda parameters: torch.optim.AdamW(parameters, lr=1e-2)),
    Choice("digits-exploding", "digits: SGD, rate 3.0: it explodes", 30, lambda parameters: torch.optim.SGD(parameters, lr=3.0)),
)
"""The same first weights and the same batches in the same order for all of them; only the optimizer differs."""


def load() -> Data:
    """Returns train images (1437, 64) in [0, 1] and labels, then 360 test images and labels, of a seeded split."""
    digits = load_digits()
    images = torch.tensor(digits.data, dtype=torch.float32) / 16.0
    labels = torch.tensor(digits.target)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(SEED))
    train, test = order[TEST_IMAGES:], order[:TEST_IMAGES]
    return images[train], labels[train], images[test], labels[test]


def train(choice: Choice, file: Path, progress: Progress, epochs: int | None = None) -> list[float]:
    """Trains as `choice` says and writes the packed run to `file`. Returns the test accuracy after each epoch. Raises RunError."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    images, labels, test_images, test_labels = load()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = choice.optimizer(model.parameters())
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, choice.rate)
    measure = nn.CrossEntropyLoss()
    accuracy: list[float] = []
    epochs = choice.epochs if epochs is None else epochs
    about = {"title": choice.title, "seed": SEED, "batch": BATCH, "model": "64-64-64-10, ReLU"}
    with recording(model, optimizer, file, about) as run, progress.of(choice.title, model, epochs, -(-len(images) // BATCH)) as bar:
        run.describe(test_accuracy=accuracy)
        run.embeddings(model[4].weight, WORDS, epoch=0)
        for epoch in range(1, epochs + 1):
            order = torch.randperm(len(images)).split(BATCH)
            for batch_id, chosen in enumerate(order):
                loss = measure(model(images[chosen]), labels[chosen])
                optimizer.zero_grad()
                loss.backward()
                with bar.step(loss):
                    optimizer.step()
                run.log(loss=loss, batch_id=batch_id, epoch=epoch - 1 + (batch_id + 1) / len(order))
            schedule.step()
            run.embeddings(model[4].weight, WORDS, epoch=epoch)
            with torch.no_grad():
                accuracy.append(round(float((model(test_images).argmax(1) == test_labels).float().mean()), 4))
            bar.epoch_done(f"loss {loss.item():.4f}  test accuracy {accuracy[-1]:.4f}")
    return accuracy
