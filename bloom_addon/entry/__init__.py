"""Getting in and out: Add ▸ Bloom, import, export, drag and drop, the library of flowers."""

from __future__ import annotations

from ..registration import in_order
from . import asset_operators, import_operators, menus, nursery, nursery_operators, operators, previews

register, unregister = in_order(previews, nursery, operators, import_operators, nursery_operators, asset_operators, menus)
