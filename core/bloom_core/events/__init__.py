"""Events: the steps of a run worth jumping to, found from what was recorded."""

from bloom_core.events.finding import KINDS, TITLES, VALUES, caption, find, number

__all__ = ["KINDS", "TITLES", "VALUES", "caption", "find", "number"]
