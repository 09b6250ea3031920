"""Bloom without Blender: recorded training runs, fractal flames, growth, takes, and the native renderer."""

from bloom_core.recorder import record

__version__ = "0.1.0"  # follows from pyproject.toml: python -m release.manifest
__all__ = ["record"]
