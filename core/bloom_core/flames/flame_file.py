"""`.flame` files: reading and writing in one place."""

from bloom_core.flames.flame_reader import read_flames as read_flames
from bloom_core.flames.flame_writer import write_flames as write_flames
