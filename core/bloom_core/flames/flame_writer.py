"""Writing `.flame` files as flam3 and Ember do: what `flame_reader` reads back as the same flames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bloom_core.flames.flame import Flame, FlameError, FloatArray, Motion, Variation, Xform
from bloom_core.flames.flame_attributes import Settings, dialect_of, own_attributes, settings_attributes
from bloom_core.flames.flame_palette import palette_lines
from bloom_core.flames.flame_variations import in_flam3
from bloom_core.flames.flame_xml import element_start
from bloom_core.whole_file import whole_file


def write_flames(path: Path | str, flames: Sequence[Flame]) -> None:
    """Writes flames so that `read_flames` gives them back, and the program of each flame's dialect reads them.

    An affine that moves z, which the format does not know, is written whole as `bloom_coefs` or `bloom_post` (12 numbers, row by
    row) beside its planar part, which is what other programs read. The file appears whole or not at all. Raises FlameError
    where it cannot be written.
    """
    lines = ["<flames>"]
    for flame in flames:
        lines += _flame_lines(flame)
    text = "\n".join([*lines, "</flames>", ""])
    target = Path(path)
    try:
        with whole_file(target) as file:
            file.write(text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise FlameError(f"{target}: cannot be written ({error.strerror or error})") from error


def moves_z(affine: FloatArray) -> bool:
    """Says whether an affine, float64 (3, 4), does anything that the six numbers of the format cannot."""
    return not np.array_equal(affine[2], [0.0, 0.0, 1.0, 0.0]) or bool(affine[:2, 2].any())


def _flame_lines(flame: Flame) -> list[str]:
    attributes: dict[str, object] = {**own_attributes(flame.dialect)}
    if "version" in flame.extra and dialect_of(flame.extra["version"]) == flame.dialect:
        attributes["version"] = flame.extra["version"]
    attributes |= {"name": flame.name} | settings_attributes(Settings(flame.view, flame.rendering, flame.key), flame.dialect)
    attributes |= {key: text for key, text in flame.extra.items() if key not in attributes}
    lines = [element_start("flame", attributes) + ">"]
    for index, xform in enumerate(flame.xforms):
        row = {} if flame.xaos is None else {"chaos": tuple(flame.xaos[index])}
        lines += _xform_lines("xform", {"weight": xform.weight} | _xform_attributes(flame, f"xform {index}", xform) | row, xform)
    if flame.final is not None:
        lines += _xform_lines("finalxform", _xform_attributes(flame, "the final xform", flame.final), flame.final)
    kept = [element for element in flame.elements if flame.final is None or not element.startswith("<finalxform")]
    return [*lines, *palette_lines(flame.palette), *(f"   {element}" for element in kept), "</flame>"]


def _xform_lines(name: str, attributes: dict[str, object], xform: Xform) -> list[str]:
    begin = f"   {element_start(name, attributes)}"
    if not xform.motions:
        return [begin + "/>"]
    motions = [f"      {element_start('motion', _motion_attributes(motion))}/>" for motion in xform.motions]
    return [begin + ">", *motions, f"   </{name}>"]


def _xform_attributes(flame: Flame, place: str, xform: Xform) -> dict[str, object]:
    ember = flame.dialect != "flam3"
    attributes: dict[str, object] = {"color": xform.color}
    if ember or xform.var_color != 1.0:
        attributes["var_color"] = xform.var_color
    attributes["color_speed"] = xform.color_speed
    if ember:
        attributes["symmetry"] = 1.0 - 2.0 * xform.color_speed  # what older programs read in place of color_speed
    if ember or xform.name:
        attributes["name"] = xform.name
    attributes["animate"] = xform.animate
    for variation in xform.variations:
        terms = _variation_attributes(variation)
        if terms.keys() & attributes.keys():
            raise FlameError(f"flame {flame.name!r}, {place}: it has {variation.name} twice, which a .flame file cannot hold")
        attributes |= terms
    for key, affine in (("coefs", xform.pre), ("post", xform.post)):
        attributes |= _affine_attributes(key, affine, whole=moves_z(affine))
    attributes["opacity"] = xform.opacity
    return attributes | {key: text for key, text in xform.extra.items() if key not in attributes}


def _variation_attributes(variation: Variation) -> dict[str, object]:
    values: dict[str, object] = {variation.name: variation.weight, **variation.parameters}
    return {key.lower(): value for key, value in values.items()} if in_flam3(variation.name) else values  # Ember reads both, flam3 its own


def _affine_attributes(key: str, affine: FloatArray, *, whole: bool) -> dict[str, object]:
    planar: dict[str, object] = {key: tuple(affine[:2, [0, 1, 3]].T.ravel())}
    return planar | ({f"bloom_{key}": tuple(affine.ravel())} if whole else {})


def _motion_attributes(motion: Motion) -> dict[str, object]:
    """Returns the attributes of a motion element: only what moves, as flam3 writes them."""
    xform = motion.amplitude
    attributes: dict[str, object] = {"motion_frequency": motion.frequency}
    if motion.offset:
        attributes["motion_offset"] = motion.offset
    attributes["motion_function"] = motion.function
    numbers = ("weight", "color", "color_speed", "animate", "opacity", "var_color")
    attributes |= {name: getattr(xform, name) for name in numbers if getattr(xform, name)}
    for variation in xform.variations:
        attributes |= _variation_attributes(variation)
    for key, affine in (("coefs", xform.pre), ("post", xform.post)):
        if affine.any():
            attributes |= _affine_attributes(key, affine, whole=bool(affine[2].any() or affine[:2, 2].any()))
    return attributes | {key: text for key, text in xform.extra.items() if key not in attributes}
