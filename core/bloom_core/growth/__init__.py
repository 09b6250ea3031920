"""Growth: a trajectory and a flower design become an animation, curves that Blender takes as ordinary keys."""

from bloom_core.growth.animation import Animation, Channel, Drive, Marker
from bloom_core.growth.growing import MAPPINGS, TOLERANCE, grow
from bloom_core.growth.growth_frames import PACES, spread_frames
from bloom_core.growth.growth_mapping import common_scale

__all__ = ["MAPPINGS", "PACES", "TOLERANCE", "Animation", "Channel", "Drive", "Marker", "common_scale", "grow", "spread_frames"]
