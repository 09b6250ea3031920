"""Registering a package of modules, each of which registers itself."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType


def in_order(*parts: ModuleType) -> tuple[Callable[[], None], Callable[[], None]]:
    """Returns `register` and `unregister` of a package: those of its modules `parts`, in their order and backwards."""

    def register() -> None:
        for part in parts:
            part.register()

    def unregister() -> None:
        for part in reversed(parts):
            part.unregister()

    return register, unregister
