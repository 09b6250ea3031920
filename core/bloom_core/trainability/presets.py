"""Experiments that come along: those of arXiv 2402.06184, their relatives, and two that are quick."""

from __future__ import annotations

from dataclasses import replace

from bloom_core.trainability.experiment import Axis, Experiment

_RATE = Axis("rate", 1e-3, 1e6)
_REFERENCE = Experiment()
_PREVIEW = replace(_REFERENCE, name="preview", title="tanh, small and quick", width=8, steps=100)

_ALL = (
    _REFERENCE,
    replace(_REFERENCE, name="relu", title="ReLU, whole batch", activation="relu"),
    replace(_REFERENCE, name="identity", title="linear network", activation="identity", points=16),
    replace(_REFERENCE, name="minibatch", title="tanh, minibatches of 16", batch_size=16),
    replace(_REFERENCE, name="single", title="tanh, a single point", points=1),
    replace(_REFERENCE, name="offset", title="tanh, offset of the first weights", x=Axis("offset", 1e-3, 1e6), y=_RATE),
    replace(_REFERENCE, name="momentum", title="tanh, momentum 0.9", optimizer="momentum"),
    replace(_REFERENCE, name="adam", title="tanh, Adam", optimizer="adam", x=Axis("input_rate", 1e-5, 1e2), y=Axis("output_rate", 1e-3, 1e6)),
    replace(_REFERENCE, name="sensitivity", title="tanh, sensitivity", score="sensitivity", sensitivity=True),
    _PREVIEW,
    replace(_PREVIEW, name="seeds", title="tanh, data and weights of its own at each place", seeds="pixel"),
    replace(_PREVIEW, name="width", title="tanh, learning rate and width", points=72, x=_RATE, y=Axis("width", 2, 34, False)),
    replace(_PREVIEW, name="batches", title="tanh, learning rate and batch size", x=_RATE, y=Axis("batch_size", 1, 72)),
    replace(_PREVIEW, name="inertia", title="tanh, learning rate and momentum", optimizer="momentum", x=_RATE, y=Axis("momentum", 0.0, 1.0, False)),
    replace(_PREVIEW, name="decay", title="tanh, learning rate and weight decay", x=_RATE, y=Axis("weight_decay", 1e-6, 1e3)),
    replace(
        _PREVIEW,
        name="cube",
        title="tanh, minibatches of 8: both learning rates and the size of the first weights",
        batch_size=8,
        x=Axis("input_rate", 1e2, 1e6),
        y=Axis("output_rate", 1e-2, 1e3),
        z=Axis("init_scale", 1e-1, 1e1),
    ),
)

PRESETS: dict[str, Experiment] = {experiment.name: experiment for experiment in _ALL}
"""By name. `preview` has the axes of the reference at 1/75 of its work; `cube` has three axes."""
