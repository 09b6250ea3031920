"""Live numbers: words that Geometry Nodes write from a keyed value, so they play back without the add-on and in any render."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from bloom_core.flames.flame import FloatArray

from .. import compat, keyframes
from . import look
from .look import MARK

NAME = "Lesson Number"
_SOCKETS = (("Value", "NodeSocketFloat"), ("Decimals", "NodeSocketInt"), ("Size", "NodeSocketFloat"), ("Sign", "NodeSocketString"))


def write(obj: Any, size: float, frames: NDArray[np.int64], values: FloatArray, signed: bool, decimals: int) -> None:
    """Gives an object the letters of its `values` (n,), each from its frame to the next.

    What is keyed is the rounded number: so keys, which are single precision, cannot show another last digit than the recording's.
    """
    modifier: Any = obj.modifiers.new(NAME, "NODES")
    group = modifier.node_group = _group()
    sockets = {entry.name: entry.identifier for entry in group.interface.items_tree if entry.in_out == "INPUT"}
    for name, value in (("Decimals", decimals), ("Size", size), ("Sign", "+" if signed else "")):
        compat.modifier_input(modifier, sockets[name], value)
    rounded = np.round(values, decimals) + 0.0  # -0.0 becomes 0.0
    kept = np.concatenate([[True], np.diff(rounded) != 0.0])
    path = compat.modifier_input(modifier, sockets["Value"], float(rounded[0]))
    keyframes.key_held(obj, path, 0, "Number", frames[kept].astype(np.float64), rounded[kept])


def _group() -> Any:
    """Returns the node group that writes a number, made where it is missing."""
    found = next((group for group in bpy.data.node_groups if group.name == NAME and look.is_ours(group)), None)
    if found is not None:
        return found
    group: Any = bpy.data.node_groups.new(NAME, "GeometryNodeTree")
    group[MARK] = "numbers"
    group.interface.new_socket(name="Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    group.interface.new_socket(name="Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    for name, kind in _SOCKETS:
        group.interface.new_socket(name=name, in_out="INPUT", socket_type=kind)

    def node(kind: str, place: float) -> Any:
        made = group.nodes.new(kind)
        made.location = (place, 0.0)
        return made

    given, result = node("NodeGroupInput", -800), node("NodeGroupOutput", 800)
    digits, positive, sign, joined = (
        node("FunctionNodeValueToString", -600),
        node("FunctionNodeCompare", -500),
        node("GeometryNodeSwitch", -400),
        node("GeometryNodeStringJoin", -200),
    )
    minus = node("FunctionNodeReplaceString", -300)
    letters, filled, real, dyed = (
        node("GeometryNodeStringToCurves", 0),
        node("GeometryNodeFillCurve", 200),
        node("GeometryNodeRealizeInstances", 400),
        node("GeometryNodeSetMaterial", 600),
    )
    sign.input_type, positive.data_type, positive.operation = "STRING", "FLOAT", "GREATER_EQUAL"
    positive.inputs[1].default_value = 0.0
    dyed.inputs["Material"].default_value = look.material("Ink")
    minus.inputs["Find"].default_value, minus.inputs["Replace"].default_value = "-", "−"  # as wide as a plus
    compat.center_strings(letters)
    for source, target in (
        (given.outputs["Value"], digits.inputs["Value"]),
        (given.outputs["Decimals"], digits.inputs["Decimals"]),
        (given.outputs["Value"], positive.inputs[0]),
        (positive.outputs[0], sign.inputs["Switch"]),
        (given.outputs["Sign"], sign.inputs["True"]),
        (digits.outputs[0], minus.inputs["String"]),
        (minus.outputs[0], joined.inputs["Strings"]),
        (sign.outputs[0], joined.inputs["Strings"]),  # the one linked last comes first
        (joined.outputs[0], letters.inputs["String"]),
        (given.outputs["Size"], letters.inputs["Size"]),
        (letters.outputs[0], filled.inputs[0]),
        (filled.outputs[0], real.inputs[0]),
        (real.outputs[0], dyed.inputs["Geometry"]),
        (dyed.outputs[0], result.inputs[0]),
    ):
        group.links.new(source, target)
    return group
