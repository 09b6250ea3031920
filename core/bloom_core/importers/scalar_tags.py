"""What the names in logs of scalars mean: which is the loss, the learning rate, the epoch, a gradient's norm, a norm of one layer.

Trainers agree on no names. A name is taken apart into words ("train/lossStep" → train, loss, step), and the words are looked at: this covers the
usual names of PyTorch's examples, Lightning, Hugging Face, Keras, fairseq, and W&B.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

HELD_OUT = frozenset(("val", "valid", "validation", "eval", "evaluation", "test", "testing", "dev", "heldout"))
_TRAINING = frozenset(("train", "training", "trainer"))
_LOSS_FILLERS = _TRAINING | frozenset(("loss", "losses", "total", "step", "batch", "epoch", "iter", "iteration", "avg", "mean", "running", "current"))
_NO_LOSS = frozenset(("scale", "scaler", "weight", "coef", "ratio", "lambda", "lr", "grad", "gradient", "norm"))
_NO_RATE = frozenset(("momentum", "decay", "scale", "mult", "multiplier", "ratio"))
_EPOCH_FILLERS = _TRAINING | frozenset(("epoch", "epochs", "current", "global", "progress", "charts"))
_GRADIENT = frozenset(("grad", "grads", "gradient", "gradients", "gnorm"))
_GRADIENT_FILLERS = (
    _TRAINING | _GRADIENT | frozenset(("norm", "total", "global", "all", "l2", "2", "0", "optim", "model", "raw", "unclipped", "pre", "clip"))
)
_CLOCKS = frozenset(
    "time runtime timestamp seconds second sec ms samples tokens memory mem gpu cpu step steps fps speed throughput eta flos flops epoch epochs lr "
    "rate momentum decay hparams hp seed".split()
)
_LAYER = re.compile(
    r"(?:^|/)(norms?|(?:grad(?:ient)?s?(?:_?\d+(?:\.\d+)?)?|param(?:eter)?s?|weights?|updates?)(?:_?norms?)?)/(.+)$",
    re.IGNORECASE,
)
_TOTALS = frozenset(("norm", "total", "global", "all", "total_norm", "global_norm", "l2", "norm_total", "grad_norm"))


def words(tag: str) -> tuple[str, ...]:
    """Returns the words of a name, in small letters."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", tag[:1000])
    return tuple(re.findall(r"[a-z]+\d*|\d+", apart.lower()))


def is_held_out(tag: str) -> bool:
    """Returns whether the name speaks of data that is not trained on."""
    return not HELD_OUT.isdisjoint(words(tag))


def loss_rank(tag: str) -> int | None:
    """Returns how far a name is from a plain "loss" (0: it means just that), None when it names none. Held-out losses have ranks too."""
    said = words(tag)
    if ("loss" not in said and "losses" not in said) or not _NO_LOSS.isdisjoint(said):
        return None
    return len([word for word in said if word not in _LOSS_FILLERS and word not in HELD_OUT])


def is_learning_rate(tag: str) -> bool:
    """Returns whether the name is that of a learning rate."""
    said = words(tag)
    named = "lr" in said or ("learning", "rate") in pairwise(said) or "learningrate" in said
    return named and _NO_RATE.isdisjoint(said) and HELD_OUT.isdisjoint(said)


def is_epoch(tag: str) -> bool:
    """Returns whether the name is that of the epoch's number."""
    said = words(tag)
    return not {"epoch", "epochs"}.isdisjoint(said) and all(word in _EPOCH_FILLERS for word in said)


def gradient_rank(tag: str) -> int | None:
    """Returns how far a name is from a plain "gradient norm of the whole network" (0: it means just that), None when it names none."""
    said = words(tag)
    norm = "norm" in said or "gnorm" in said
    if _GRADIENT.isdisjoint(said) or not norm or is_held_out(tag) or layer_of(tag) is not None:
        return None
    return len([word for word in said if word not in _GRADIENT_FILLERS])


def layer_of(tag: str) -> str | None:
    """Returns the layer that a name such as `grad_norm/encoder.0.weight` or `gradients/encoder.0.weight` speaks of, None when it speaks of none."""
    match = _LAYER.search(tag[:1000])
    return None if match is None or match[2].lower() in _TOTALS else match[2].replace("/", ".")


def is_clock(tag: str) -> bool:
    """Returns whether a name is of time, machine or settings rather than of what the network does."""
    return tag.startswith(("_", "system/")) or not _CLOCKS.isdisjoint(words(tag))


def natural_order(tags: Iterable[str]) -> list[str]:
    """Returns names in the order in which people count: `layer.2` before `layer.10`."""

    def key(tag: str) -> list[tuple[int, str]]:
        return [(int(piece), "") if piece[0] in "0123456789" else (-1, piece) for piece in re.findall(r"[0-9]{1,18}|[^0-9]+", tag)]

    return sorted(tags, key=key)
