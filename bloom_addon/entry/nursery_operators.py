"""Mutate and breed flowers, put a child into the bloom, save it among the flowers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from bloom_core import designs, flower_children, thumbnails
from bloom_core.designs import Design
from bloom_core.flower_children import Child
from bloom_core.images.image_files import write_picture

from .. import bloom_object, properties
from ..background import JobOperator, Work, collect, redraw
from ..interface import EXPECTED, FINISHED, BloomOperator, NeedsBloom
from . import flowers, nursery, previews, saving

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_NEXT = -1  # the seed that means: others than last time


class _MakesChildren(NeedsBloom, JobOperator):
    """What Mutate and Breed share: the grid fills as the children come. The scene is not touched."""

    bl_options = {"REGISTER"}
    job_name, when_stopped = nursery.GROWING, "the children so far stay"
    seed: IntProperty(  # type: ignore[valid-type]
        name="Seed", description="Each seed gives eight other children; -1: others than last time", min=_NEXT, default=_NEXT, options={"SKIP_SAVE"}
    )

    def second(self, context: bpy.types.Context) -> Design | None:
        """Returns the other parent, if there is one."""
        raise NotImplementedError

    def prepare(self, context: bpy.types.Context) -> Work:
        library = getattr(context.window_manager, "bloom_library")  # noqa: B009
        if self.seed == _NEXT:
            self.seed, library.seed = library.seed, library.seed + 1
        parents = bloom_object.flower_of(context.object), self.second(context)
        nursery.clear()
        self._born: list[Child] = []
        return collect(flower_children.litter(*parents, library.strength, self.seed), flower_children.LITTER, self._born)

    def arrived(self, _context: bpy.types.Context) -> None:
        while self._born:
            nursery.add(self._born.pop(0))

    def apply(self, _context: bpy.types.Context, _result: None) -> set[OperatorReturnItems]:
        return FINISHED


class BLOOM_OT_mutate(_MakesChildren):
    """Show eight children of this bloom's flower, each changed a little. Take one, mutate again, and so walk to the flower you want"""

    bl_idname, bl_label = "bloom.mutate", "Mutate"

    def second(self, context: bpy.types.Context) -> Design | None:
        return None


class BLOOM_OT_breed(_MakesChildren):
    """Show eight children of this bloom's flower and another one, from nearly the first to nearly the second"""

    bl_idname, bl_label = "bloom.breed", "Breed"
    partner: EnumProperty(name="With", description="Flower that this bloom's flower is crossed with", items=flowers.items)  # type: ignore[valid-type]

    def second(self, context: bpy.types.Context) -> Design | None:
        chosen = getattr(context.window_manager, "bloom_library").partner  # noqa: B009
        return bloom_object.read_flower(self.partner if self.properties.is_property_set("partner") else chosen)[0]


class BLOOM_OT_take_child(NeedsBloom, BloomOperator):
    """Put this child into the bloom. Keys of the old flower go with it: press Grow again"""

    bl_idname, bl_label = "bloom.take_child", "Take"
    index: IntProperty(name="Child", description="Which of the children, from 0", min=0)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        litter = nursery.children()
        if self.index >= len(litter):
            return self.refuse("That child is not there any more: press Mutate or Breed")
        had_keys = context.object.animation_data is not None and context.object.animation_data.action is not None
        try:
            bloom_object.set_design(context.object, litter[self.index].design)
        except EXPECTED as error:
            return self.refuse(error)
        grown = had_keys and properties.bloom_of(context.object).run
        self.report({"INFO"}, f"{litter[self.index].design.title}" + (": press Grow to open it with the run" if grown else ""))
        return FINISHED


class BLOOM_OT_save_flower(NeedsBloom, BloomOperator):
    """Save this bloom's flower as it stands at this frame, with what you changed of it and with its bud, among the flowers of the library"""

    bl_idname, bl_label = "bloom.save_flower", "Save as Flower"
    title: StringProperty(name="Name", description="What the flower shall be called", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    folder: StringProperty(  # type: ignore[valid-type]
        name="Folder", description="Where its .flame goes; empty: into Bloom's own library", subtype="DIR_PATH", options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        self.title = flowers.title_of(properties.bloom_of(context.object).design)
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.prop(self, "title")
        if flowers.saved_folder() is None:
            layout.prop(self, "folder")

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        name = bpy.path.clean_name(self.title.strip())
        folder = Path(bpy.path.abspath(self.folder)) if self.folder else flowers.saved_folder(create=True)
        if not name:
            return self.refuse("The flower needs a name: write one")
        if folder is None:
            return self.refuse("Choose a folder: Bloom does not run as an extension, so it has none of its own")
        path = folder / f"{name}.flame"
        if path.exists() or name in designs.designs():
            return self.refuse(f"There is a flower called {name} already: choose another name")
        try:
            design = saving.shown_flower(context.object)
            designs.write_design(path, design)
            write_picture(path.with_suffix(".png"), thumbnails.thumbnail(design, thumbnails.SIZE))
        except EXPECTED as error:
            return self.refuse(error)
        previews.forget(str(path))
        properties.bloom_of(context.object).design = str(path)
        redraw()
        self.report({"INFO"}, f"Saved as {path}")
        return FINISHED


CLASSES = (BLOOM_OT_mutate, BLOOM_OT_breed, BLOOM_OT_take_child, BLOOM_OT_save_flower)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
