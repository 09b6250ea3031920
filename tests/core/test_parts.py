"""A network's parts: found in the modules' names, at most eight, or as chosen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core.trajectories.parts import MAX_PARTS, parts_of


def test_modules_are_told_apart_as_deep_as_they_can() -> None:
    names = ["encoder.embedding.weight", "encoder.rnn.weight_ih", "encoder.rnn.weight_hh", "decoder.embedding.weight", "decoder.out.bias"]
    assert parts_of(names, [1] * 5) == ("encoder.embedding", "encoder.rnn", "encoder.rnn", "decoder.embedding", "decoder.out")
    deep = [f"{side}.layers.{layer}.{kind}.weight" for side in ("encoder", "decoder") for layer in range(6) for kind in ("attention", "mlp")]
    assert set(parts_of(deep, [1] * 24)) == {"encoder.layers", "decoder.layers"}
    assert parts_of(["weight", "bias"], [3, 1]) == ("weight", "bias")


def test_a_long_list_of_layers_is_cut_by_size() -> None:
    names = [f"{layer}.weight" for layer in range(20)]
    parts = parts_of(names, [1] * 20)
    assert len(dict.fromkeys(parts)) == MAX_PARTS and parts[0] == "0 … 1"
    heavy = parts_of(names, [1000] + [1] * 19)
    assert heavy[0] == "0" and heavy[1] != "0"


def test_chosen_parts() -> None:
    names = ["embed.weight", "layers.0.w", "layers.1.w", "head.b"]
    assert parts_of(names, [1] * 4, {"words": "embed.*", "first": ["layers.0.*", "nothing"]}) == ("words", "first", "rest", "rest")
    with pytest.raises(ValueError, match=r"belongs to the part 'tail' \(tail\.\*\)"):
        parts_of(names, [1] * 4, {"tail": "tail.*"})
    with pytest.raises(ValueError, match="at most 8"):
        parts_of([f"l{n}" for n in range(10)], [1] * 10, {f"p{n}": f"l{n}" for n in range(9)})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.from_regex(r"[ab](\.[abc]){0,4}(\.[0-9])?", fullmatch=True), min_size=1, max_size=40, unique=True), st.integers(0, 10**6))
def test_there_are_never_more_than_eight(names: list[str], size: int) -> None:
    parts = parts_of(names, [size] * len(names))
    assert len(parts) == len(names) and 1 <= len(set(parts)) <= MAX_PARTS
