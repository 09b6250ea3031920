"""The original Bloom's own mapping from embeddings to flame parameters, as its notebook computes it.

With E_e the embeddings at epoch e (V, D) and p the flame's parameters (weight, opacity and the six in-plane coefficients of each regular xform):

1. U_e = E_{e+1} − E_e, for the first 29 updates.
2. W = the n = 8 · xforms first right singular vectors of U_1 less its column means. R_e = U_e Wᵀ, not centred.
3. The columns of R are permuted: component k moves a random parameter. (There unseeded; here `seed` decides.)
4. The rows of `<unk>` and `<blank>` are dropped and the first 20 epochs laid one after the other: every word of every epoch is a step in time.
5. F blocks of B = ⌊rows / F⌋ steps; the first B · F are kept.
6. v_tj = R_tj · s_j / |Σ_t R_tj| with s_j = |p_j|, or 1 where p_j is 0.
7. Time is flipped and p_{i+1} = p_i + Σ_{block i} v; frame i is named F − i.

Played by name the film therefore begins with every parameter at 0 or 2 p_j (±1 where p_j is 0) and ends at the hand-made flame. Its known
flaws are kept: the flutter is the order of the words, not of the batches; dividing by the net displacement lets a component that drifts weakly
roam (weights down to −78 in the published film); post-affines, the final xform and colours never move. The original writes p_1 as its last
frame; here the design itself, p_0, follows it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bloom_core import palettes
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.growth.animation import Animation, Channel, read_channel
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Embeddings, Trajectory

DoubleArray = NDArray[np.float64]

EPOCHS = 20
UPDATES = 29
DROPPED = ("<unk>", "<blank>")
COEFFICIENTS = (0, 4, 1, 5, 3, 7)
"""Ember's order of the six coefficients (xx, yx, xy, yy, x0, y0) in the row-major (3, 4) affine."""


def original_channels(flame: Flame) -> tuple[Channel, ...]:
    """Returns the 8 channels of each regular xform, in the original's order."""
    channels: list[Channel] = []
    for xform in range(len(flame.xforms)):
        channels += [Channel(xform, "weight"), Channel(xform, "opacity"), *(Channel(xform, "pre", index) for index in COEFFICIENTS)]
    return tuple(channels)


def reduced_rows(embeddings: Embeddings, count: int) -> DoubleArray:
    """Returns equations 1, 2 and 4 without the permutation, float64 (rows, count): time along the rows, largest component first.

    A component's sign, which the original leaves to chance, is such that the largest entry of its direction is positive. Raises RunError when there
    are too few epochs, words or dimensions.
    """
    values = embeddings.values.astype(np.float64)
    updates = np.diff(values, axis=0)[:UPDATES]
    if not len(updates) or count > min(updates.shape[1:]):
        raise RunError(
            f"the run's embeddings: {values.shape[0]} epochs of {values.shape[1]} words in {values.shape[2]} dimensions cannot move {count} "
            "parameters as the original did (it needs two epochs, and as many words and dimensions as parameters). Use mapping='path'."
        )
    _, _, directions = np.linalg.svd(updates[0] - updates[0].mean(axis=0), full_matrices=False)
    basis = directions[:count]
    largest = np.argmax(np.abs(basis), axis=1)
    basis = basis * np.where(basis[np.arange(count), largest] < 0.0, -1.0, 1.0)[:, None]
    kept = np.array([word not in DROPPED for word in embeddings.words])
    return np.asarray((updates[:EPOCHS] @ basis.T)[:, kept].reshape(-1, count))


def original_states(embeddings: Embeddings, flame: Flame, blocks: int, seed: int = 0) -> DoubleArray:
    """Returns the film's parameters, float64 (blocks + 1, 8 · xforms), in playing order: p_F … p_1, then p_0, the design. Raw: nothing is limited.

    Raises RunError when the embeddings cannot serve, or hold fewer steps than blocks.
    """
    parameters = np.array([read_channel(flame, channel) for channel in original_channels(flame)])
    rows = reduced_rows(embeddings, len(parameters))
    rows = rows[:, np.random.default_rng(seed).permutation(len(parameters))]
    size = len(rows) // blocks
    if size == 0:
        raise RunError(f"the run's embeddings: {len(rows)} words in all epochs cannot fill {blocks + 1} frames. Ask for fewer frames.")
    rows = rows[: size * blocks]
    net = np.abs(rows.sum(axis=0))
    scale = np.where(parameters == 0.0, 1.0, np.abs(parameters))
    steps = np.divide(rows * scale, net, out=np.zeros_like(rows), where=net > 0.0)
    moves = steps[::-1].reshape(blocks, size, -1).sum(axis=1)
    states = parameters + np.vstack([np.zeros(len(parameters)), np.cumsum(moves, axis=0)])
    return np.asarray(states[::-1])


def limited(channels: tuple[Channel, ...], values: DoubleArray, design: DoubleArray) -> DoubleArray:
    """Returns `values` (F, C) as a renderer can take them: weights ≥ 0, opacity in [0, 1].

    Where that leaves no xform a weight, the frame keeps the weights of `design` (C,).
    """
    weights, opacity = (np.array([channel.field == field for channel in channels]) for field in ("weight", "opacity"))
    values = np.where(weights, np.maximum(values, 0.0), np.where(opacity, np.clip(values, 0.0, 1.0), values))
    empty = values[:, weights].sum(axis=1) <= 0.0
    values[np.ix_(empty, weights)] = design[weights]
    return values


def grow_as_original(
    trajectory: Trajectory, flame: Flame, *, frames: int, frame_start: int, strength: float = 1.0, palette: str = "design", seed: int = 0
) -> Animation:
    """Returns the original's film of `flame` in `frames` frames (frames − 1 blocks and the design), limited to what can be rendered.

    `strength` scales the distance from the design (1: the original's); `palette`: as in `growth.grow`. No contraction guard: frames may fly apart,
    as the original's do. Raises RunError for a run without embeddings or with too few, FlameError for more than 8 xforms.
    """
    if trajectory.embeddings is None:
        raise RunError("the run has no embeddings, and the original's mapping is made of nothing else. Use mapping='path', or import embeddings.")
    if len(flame.xforms) > 8:
        raise FlameError(f"{flame.name or 'the design'}: {len(flame.xforms)} xforms, and the original's mapping moves at most 8. Use mapping='path'.")
    channels = original_channels(flame)
    raw = original_states(trajectory.embeddings, flame, frames - 1, seed)
    design = raw[-1]
    values = limited(channels, design + strength * (raw - design), design)
    values[-1] = design
    epochs = min(EPOCHS, UPDATES, len(trajectory.embeddings.steps) - 1)
    taken = np.searchsorted(trajectory.steps, trajectory.embeddings.steps, side="right").astype(np.float64)
    states = np.interp(np.linspace(0.0, epochs, frames), np.arange(len(taken)), taken)
    colors = palettes.chosen(trajectory, flame.palette, states, frame_start, palette, seed)
    return Animation(
        flame=flame if colors.base is None else replace(flame, palette=colors.base),
        frame_start=frame_start,
        channels=channels,
        values=values,
        ramp=colors,
        markers=(),
        steps=np.maximum(np.round(states).astype(np.int64) - 1, 0),
        guard=np.ones(frames),
    )
