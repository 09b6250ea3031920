"""Bloom without Blender: recorded training runs, fractal flames, growth, takes, and the native renderer."""

from bloom_core.recorder import record

__all__ = ["record"]
