"""Choosing a palette: candidates are found while Blender stays at hand, and one is applied as keys of the Color Ramp."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty

from bloom_core import palettes

from .. import material, properties
from ..background import JobOperator, Work
from ..interface import EXPECTED, FINISHED, BloomOperator, NeedsBloom
from . import candidates, stops

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_find_palettes(NeedsBloom, JobOperator):
    """Find palettes in what the network's words and parts did: each swatch runs along the palette, and upwards through the training"""

    bl_idname, bl_label, bl_options = "bloom.find_palettes", "Find Palettes", {"REGISTER"}
    job_name, when_stopped = candidates.FINDING, "the palettes so far stay"

    shuffle: BoolProperty(name="Shuffle", description="Draw other words and hues", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def description(cls, _context: bpy.types.Context, options: Any) -> str:
        """Returns the tooltip of the button."""
        return "Draw other words and hues" if options.shuffle else str(cls.__doc__)

    def prepare(self, context: bpy.types.Context) -> Work:
        """Returns the search, begun anew; the panel shows each palette as soon as it is found."""
        if self.shuffle:
            properties.bloom_of(context.object).palette.seed += 1
        search, source = candidates.begin(context.scene, context.object)
        return partial(search.run, source)

    def apply(self, _context: bpy.types.Context, _result: Any) -> set[OperatorReturnItems]:
        """They are shown already."""
        return FINISHED


class BLOOM_OT_apply_palette(NeedsBloom, BloomOperator):
    """Key this palette into the material's Color Ramp. Locked stops stay as they are; nothing has to be baked again"""

    bl_idname, bl_label = "bloom.apply_palette", "Apply Palette"

    name: StringProperty(name="Palette", description="Name of the palette", default="design")  # type: ignore[valid-type]
    seed: IntProperty(name="Seed", description="The draw that the palette is of", min=0)  # type: ignore[valid-type]

    @classmethod
    def description(cls, _context: bpy.types.Context, options: Any) -> str:
        """Returns the tooltip of the swatch's button."""
        told = palettes.names().get(options.name) or f"Like {options.name.partition(' ')[0]}, in other hues that chance chose."
        return f"{told} {cls.__doc__}"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        obj, bloom = context.object, properties.bloom_of(context.object)
        known = {candidate.name: candidate for candidate in candidates.found(context.scene, obj) or ()} if self.seed == bloom.palette.seed else {}
        try:
            read = None if self.name in known else candidates.source(context.scene, obj, self.seed)
            ramp = known[self.name].ramp if read is None else read.candidate(self.name).ramp
            stops.apply(obj, ramp)
            glow = material.glow_of(obj)
            if ramp.base is None and glow is not None:
                material.set_exposure(glow, candidates.design_palette(obj))
        except EXPECTED as error:
            return self.refuse(error)
        bloom.palette.applied, bloom.palette.applied_seed = self.name, self.seed
        return FINISHED


CLASSES = (BLOOM_OT_find_palettes, BLOOM_OT_apply_palette)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
