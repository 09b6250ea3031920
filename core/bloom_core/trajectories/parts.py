"""The parts of a network: at most MAX_PARTS groups of neighbouring layers, each of which moves petals of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

MAX_PARTS = 8


def parts_of(names: Sequence[str], sizes: Sequence[int], chosen: Mapping[str, str | Sequence[str]] | None = None) -> tuple[str, ...]:
    """Returns the part of each parameter tensor, by its dotted name in the model; `sizes` are the numbers of parameters.

    `chosen` maps a part's name to patterns of tensor names (`encoder.*`, shell style), the first that fits counts; what none fits joins the part
    "rest". Without it, modules are told apart as deep as gives no more than MAX_PARTS parts; a flat list of more modules is cut into
    MAX_PARTS runs of about as many parameters. Raises ValueError for more than MAX_PARTS chosen parts, or patterns that fit nothing.
    """
    if chosen is not None:
        return _as_chosen(names, chosen)
    modules = [name.rpartition(".")[0] or name for name in names]
    deepest = max(name.count(".") for name in modules) + 1

    def at(depth: int) -> list[str]:
        return [".".join(name.split(".")[:depth]) for name in modules]

    fitting = [depth for depth in range(1, deepest + 1) if len(set(at(depth))) <= MAX_PARTS]
    if not fitting:
        return _cut(at(1), sizes)
    several = [depth for depth in fitting if len(set(at(depth))) > 1]
    return tuple(at((several or fitting)[-1]))


def _as_chosen(names: Sequence[str], chosen: Mapping[str, str | Sequence[str]]) -> tuple[str, ...]:
    patterns = {part: [wanted] if isinstance(wanted, str) else list(wanted) for part, wanted in chosen.items()}

    def part_of(name: str) -> str:
        fits: Callable[[str], bool] = lambda pattern: fnmatchcase(name, pattern)  # noqa: E731
        return next((part for part, wanted in patterns.items() if any(map(fits, wanted))), "rest")

    found = tuple(part_of(name) for name in names)
    missing = [part for part in patterns if part not in found]
    if missing:
        wanted = ", ".join(patterns[missing[0]])
        raise ValueError(f"no parameter of the model belongs to the part {missing[0]!r} ({wanted}). Their names are like {names[0]!r}.")
    if len(set(found)) > MAX_PARTS:
        raise ValueError(f"{len(set(found))} parts; at most {MAX_PARTS} can be told apart.")
    return found


def _cut(tops: Sequence[str], sizes: Sequence[int]) -> tuple[str, ...]:
    """Cuts the list of top modules where the share of the parameters before them passes another eighth; a part is named by its ends."""
    order = list(dict.fromkeys(tops))
    weight = {top: sum(size for name, size in zip(tops, sizes, strict=True) if name == top) for top in order}
    total, before = max(1, sum(weight.values())), 0
    runs: dict[int, list[str]] = {}
    for top in order:
        runs.setdefault(min(MAX_PARTS - 1, MAX_PARTS * (2 * before + weight[top]) // (2 * total)), []).append(top)
        before += weight[top]
    part = {top: run[0] if len(run) == 1 else f"{run[0]} … {run[-1]}" for run in runs.values() for top in run}
    return tuple(part[top] for top in tops)
