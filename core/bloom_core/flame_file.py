"""`.flame` files: reading and writing in one place."""

from .flame_reader import read_flames as read_flames
from .flame_writer import write_flames as write_flames
