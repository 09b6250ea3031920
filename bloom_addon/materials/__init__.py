"""Materials: what a flower is made of, besides the glow that every bloom begins with."""

from __future__ import annotations

from .variants import points_material, set_variant

__all__ = ["points_material", "set_variant"]
