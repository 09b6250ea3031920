"""One line on each flower of the package: what it looks like, and what it is good for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "anemone": "A ruffled blue crown around a dark eye, with points of light; cool and dense, for a slow camera from above",
        "bellflower": "A hanging bell of violet veils on blue tips, the only flower that opens downwards; seen best from below or the side",
        "chrysanthemum": "Golden petals bent back over a bright heart, wild at the rim; a loose, restless shape",
        "cornflower": "A blue whorl around a rose heart, with drifting seeds; a clear spiral, seen best from above",
        "crocus": "A violet cup with a golden heart and clear single petals; its bud is closed to a point, so the opening is plain to see",
        "dahlia": "Rows of crimson petals around a glowing orange heart; three of its xforms move petals, so three parts of a network show apart",
        "dandelion": "A green cushion with a fountain of sparks over it; three of its xforms move, for trainings of several parts",
        "edelweiss": "White-silver petals around gold, in a pale veil; bright and sober, a good first flower",
        "fern": "Green fronds curled into a spiral, flat and lacy; seen best from above",
        "lily": "Tall magenta petals around ivory stamens, open to one side; a portrait seen from low",
        "lotus": "A violet bowl of veined petals around an orange heart; the flower Bloom is known by",
        "nigella": "A blue spiral under a fountain of white threads that drop like rain; made for a turning camera",
        "orchid": "Five slender lips in violet and rose, the fewest petals of all; large, slow shapes that suit long films",
        "passionflower": "A pale wheel of rays on violet gauze; fine detail for close views and depth of field",
        "peony": "Broad crimson leaves around a bright ivory heart; soft and full, it reads well even when small",
        "physalis": "A lantern of amber threads around a net; a globe that looks alike from all sides",
        "rose": "Nested red cups, smooth and dark at the rim; calm surfaces on which shading and smoke look well",
        "sunflower": "A crown of amber flames around a black disc of ordered seeds; three of its xforms move, and the seeds with them",
        "thistle": "A violet burst of fine threads over a rose cushion; the threads stand out in motion blur and close up",
        "tulip": "A closed orange chalice with burning stamens; its bud is a single flame",
        "waterlily": "Blue and pale green petals in tiers around a white heart, with loose stamens; cool, for dark water and fog",
    }
)
"""By the name of the design; without a final period, as in a tooltip."""


def describe(name: str) -> str:
    """Returns the line on a design of the package; of any other flower, what it is."""
    return DESCRIPTIONS.get(name, "A flower of your own")
