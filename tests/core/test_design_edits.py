"""A design with another open pose: the bud, and numbers that Blender rounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bloom_core import designs
from bloom_core.design_edits import with_open
from bloom_core.flames.flame import Flame, Variation, Xform


def rounded(flame: Flame) -> Flame:
    """Returns the flame as Blender's properties give it back."""

    def of(xform: Xform) -> Xform:
        single = {name: float(np.float32(getattr(xform, name))) for name in ("weight", "color", "color_speed", "opacity")}
        variations = tuple(
            Variation(v.name, float(np.float32(v.weight)), {name: float(np.float32(value)) for name, value in v.parameters.items()})
            for v in xform.variations
        )
        affines = {name: getattr(xform, name).astype(np.float32).astype(np.float64) for name in ("pre", "post")}
        return Xform(variations, name=xform.name or "Source 1", **single, **affines)

    return replace(flame, xforms=tuple(of(xform) for xform in flame.xforms), final=of(flame.final) if flame.final is not None else None)


@pytest.mark.parametrize("name", designs.designs())
def test_rounding_alone_changes_nothing(name: str) -> None:
    flower = designs.design(name)
    assert with_open(flower, rounded(flower.open)) is flower


def test_an_edit_moves_the_open_flower_and_leaves_the_bud() -> None:
    flower = designs.design("lotus")
    first = flower.open.xforms[0]
    variations = (replace(first.variations[0], weight=0.125), *first.variations[1:])
    edited = rounded(replace(flower.open, xforms=(replace(first, weight=7.0, variations=variations), *flower.open.xforms[1:])))
    made = with_open(flower, edited)
    assert made.open.xforms[0].weight == 7.0 and made.bud.xforms[0].weight == flower.bud.xforms[0].weight
    assert made.bud.xforms[0].variations == made.open.xforms[0].variations and made.open.xforms[0].variations[0].weight == 0.125
    np.testing.assert_array_equal(made.open.xforms[1].pre, flower.open.xforms[1].pre)
    assert designs.structure(made.bud) == designs.structure(made.open)


def test_another_xform_makes_another_bud() -> None:
    flower = designs.design("lotus")
    made = with_open(flower, replace(flower.open, xforms=(*flower.open.xforms, flower.open.xforms[0])))
    assert designs.structure(made.bud) == designs.structure(made.open) and made.name == "lotus"
    assert made.bud.xforms[-1].opacity < 0.1 * made.open.xforms[-1].opacity
