"""Render settings that suit a flower, for Cycles and EEVEE, as draft and as final quality."""

from __future__ import annotations

from typing import Any

from .. import compat

CYCLES = {
    "DRAFT": {"samples": 8, "volume_step_rate": 3.0, "volume_max_steps": 512},
    "FINAL": {"samples": 64, "volume_step_rate": 1.0, "volume_max_steps": 1024},
}
EEVEE = {"DRAFT": {"taa_render_samples": 16, "volumetric_samples": 128}, "FINAL": {"taa_render_samples": 64, "volumetric_samples": 256}}
_COLUMNS = {"DRAFT": 480, "FINAL": 960}
"""How many columns EEVEE cuts what it sees into, at most: a small picture gets all it has, a large one does not fill the card's memory."""
_LIT_BOUNCES = {"max_bounces": 1, "diffuse_bounces": 1, "glossy_bounces": 1, "volume_bounces": 1}
"""One is enough: from the flower to the ground or through its smoke. Each further one costs as much again and is hardly seen."""


def apply(scene: Any, engine: str, quality: str, *, lit: bool, denoised: bool, reach: tuple[float, float]) -> None:
    """Sets the scene to render.

    `lit`: light meets something, a ground or a flower of smoke; else bounces are switched off, for a glow alone needs none. `denoised`: the
    compositor takes the grain out, so Cycles need not. `reach`: how near and how far from the camera volumes are.
    """
    scene.render.engine = "CYCLES" if engine == "CYCLES" else compat.eevee()
    _set_cycles(scene.cycles, quality, lit, denoised)
    compat.prepare_volumes(scene)
    _set_eevee(scene.eevee, quality, lit, reach, scene.render.resolution_x * scene.render.resolution_percentage / 100)
    scene.render.use_lock_interface = True


def _set_cycles(cycles: Any, quality: str, lit: bool, denoised: bool) -> None:
    for name, value in CYCLES[quality].items():
        setattr(cycles, name, value)
    cycles.use_denoising = compat.has_denoiser() and not denoised
    cycles.denoising_input_passes = "RGB"  # a glow has neither albedo nor normals, and they cost a quarter of the time
    for name, value in _LIT_BOUNCES.items():
        setattr(cycles, name, value if lit else 0)


def _set_eevee(eevee: Any, quality: str, lit: bool, reach: tuple[float, float], width: float) -> None:
    for name, value in EEVEE[quality].items():
        setattr(eevee, name, value)
    eevee.volumetric_tile_size = next((str(tile) for tile in (1, 2, 4, 8) if width <= tile * _COLUMNS[quality]), "16")
    eevee.use_volume_custom_range = True
    eevee.volumetric_start, eevee.volumetric_end = reach
    eevee.volumetric_sample_distribution = 0.6
    eevee.use_volumetric_shadows = eevee.use_raytracing = lit
