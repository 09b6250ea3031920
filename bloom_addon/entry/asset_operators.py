"""Installing the flowers as an asset library, and taking it away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, StringProperty

from bloom_core.designs import Design

from ..background import JobOperator, Work, collect
from ..interface import FINISHED, RUNNING, BloomOperator
from . import assets, flowers
from .flowers import Flower

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_install_assets(JobOperator):
    """Put all flowers into an asset library, to be dragged from the Asset Browser into any scene. Pressed again, it brings the library up to date"""

    bl_idname, bl_label = "bloom.install_assets", "Install Flower Assets"
    bl_options, job_name = {"REGISTER"}, "reading flowers"
    directory: StringProperty(  # type: ignore[valid-type]
        name="Folder", description="Where the library goes; empty: Bloom's own folder", subtype="DIR_PATH", options={"SKIP_SAVE"}
    )
    filter_folder: BoolProperty(default=True, options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        if flowers.user_folder("assets") is None and assets.find_library(context.preferences) is None and not self.directory:
            context.window_manager.fileselect_add(self)  # Bloom is no extension here, and has no folder of its own
            return RUNNING
        return super().invoke(context, event)

    def prepare(self, context: bpy.types.Context) -> Work:
        there = assets.find_library(context.preferences)
        folder = Path(bpy.path.abspath(self.directory)) / "bloom_flowers" if self.directory else flowers.user_folder("assets", create=True)
        if folder is None and there is not None:
            folder = Path(there.path)
        if folder is None:
            raise ValueError("Choose a folder: Bloom does not run as an extension, so it has none of its own")
        self._folder: Path = folder
        self._read: list[tuple[Flower, Design]] = []
        chosen = flowers.flowers()
        return collect(assets.read(chosen), len(chosen), self._read)

    def apply(self, context: bpy.types.Context, _result: None) -> set[OperatorReturnItems]:
        count = assets.write(self._folder, self._read)
        assets.register_library(context.preferences, self._folder)
        self.report({"INFO"}, f"{count} flowers are in the asset library {assets.LIBRARY}: open an Asset Browser and drag one into the scene")
        return FINISHED


class BLOOM_OT_remove_assets(BloomOperator):
    """Take the asset library of flowers away again. Scenes that appended flowers keep them"""

    bl_idname, bl_label = "bloom.remove_assets", "Remove Flower Assets"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the library is installed."""
        return assets.find_library(context.preferences) is not None

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        folder = assets.unregister_library(context.preferences)
        try:
            if folder is not None:
                assets.remove(folder)
        except OSError as error:
            return self.refuse(error)
        self.report({"INFO"}, f"The asset library {assets.LIBRARY} is gone")
        return FINISHED


CLASSES = (BLOOM_OT_install_assets, BLOOM_OT_remove_assets)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
