"""The stages, as plain data: what each sets, and every choice that can be made in place of it. Title and description as the panel shows them."""

from __future__ import annotations

from dataclasses import dataclass

Choice = tuple[str, str, str]
"""Identifier, title and description, as Blender's enums take them."""


@dataclass(frozen=True)
class StagePreset:
    """A whole stage: a choice of each kind. `looks` are the finishing touches that are switched on."""

    title: str
    description: str
    move: str
    world: str = "void"
    ground: str = "none"
    lights: str = "none"
    looks: frozenset[str] = frozenset({"GLOW"})
    view: str = "Standard"


PRESETS = {
    "night": StagePreset(
        "Night",
        "Black all around; the camera backs off and rises as the flower opens. What Bloom's own films use, and what renders fastest",
        move="opening",
    ),
    "turntable": StagePreset("Turntable", "Black all around; once about the flower at constant speed, for films that loop", move="turntable"),
    "dawn": StagePreset(
        "Dawn",
        "A dim morning sky over misty ground, seen from low down",
        move="low",
        world="dawn",
        ground="mist",
        looks=frozenset({"GLOW", "VIGNETTE", "FILM"}),
    ),
    "pond": StagePreset(
        "Pond",
        "The flower lies on dark water under stars, and its light with it",
        move="shore",
        world="stars",
        ground="water",
        looks=frozenset({"GLOW", "VIGNETTE"}),
    ),
    "macro": StagePreset(
        "Macro",
        "Close to the heart through a long lens with hardly any depth of field, drifting",
        move="close",
        looks=frozenset({"GLOW", "LENS", "VIGNETTE"}),
    ),
    "mandala": StagePreset(
        "Mandala",
        "From the bud's side up until the camera looks straight down into the open flower",
        move="crane",
        looks=frozenset({"GLOW", "VIGNETTE"}),
    ),
    "studio": StagePreset(
        "Studio",
        "A dark seamless backdrop and three lamps, for flowers of smoke or velvet",
        move="push_in",
        world="studio",
        ground="backdrop",
        lights="rim",
        looks=frozenset({"GLOW", "VIGNETTE", "FILM"}),
        view="AgX",
    ),
}
"""The stages by name, in the order in which they are shown."""

MOVES: list[Choice] = [
    ("opening", "Opening", "Starts close beside the bud, backs off and rises with the bloom until it looks into the open flower"),
    ("push_in", "Push In", "Comes slowly nearer from far away"),
    ("turntable", "Turntable", "Once around at constant speed; the frame after the last is the first again, so the film loops"),
    ("orbit", "Orbit", "A third of the way around, rising as the flower opens"),
    ("low", "Low Drift", "Hardly moves, low above the ground, with a wide lens"),
    ("shore", "Shore", "A quarter of the way around, low enough to see reflections, slowly rising"),
    ("close", "Close-Up", "Drifts near the heart; a long lens with a wide open aperture leaves only a thin layer sharp"),
    ("crane", "Crane", "Rises from the side until it looks straight down into the flower"),
]
WORLDS: list[Choice] = [
    ("void", "Void", "Nothing but black: a glow is seen best on it"),
    ("stars", "Stars", "A deep blue night sky with faint stars"),
    ("dawn", "Dawn", "A dim gradient from the warm horizon to the night above, so that a glow still shows"),
    ("studio", "Studio", "An even, nearly black grey, as in a dark room"),
]
GROUNDS: list[Choice] = [
    ("none", "None", "The flower floats"),
    ("water", "Water", "Dark still water that mirrors the flower and fades out into the distance. Takes several times as long to render"),
    ("mist", "Mist", "Dark ground that catches the flower's light and fades into mist"),
    ("backdrop", "Backdrop", "A sheet of dark paper that rises behind the flower without a seam; only the camera's side is open"),
]
LIGHTS: list[Choice] = [
    ("none", "None", "Only the flower itself shines"),
    ("rim", "Rim", "A cool and a warm lamp from behind and a weak one in front: smoke and velvet get bright edges"),
    ("soft", "Soft", "One large soft lamp from above"),
]
LOOKS: list[Choice] = [
    ("GLOW", "Glow", "Light spreads around the bright hearts"),
    ("LENS", "Lens", "A slight bulge, and colors that part towards the corners, as through real glass"),
    ("VIGNETTE", "Vignette", "Darkens the corners and leads the eye to the middle"),
    ("DENOISE", "Denoise", "Takes grain out in the compositor, for any engine. Cycles' own denoiser is off meanwhile: twice would smear"),
    ("FILM", "Film", "The soft contrast of film: deeper shadows, gentle highlights, no grain"),
]
VIEWS: list[Choice] = [
    ("Standard", "Standard", "Shows light as it is. Best for a glow in the dark: blacks stay black and the palette keeps its colors"),
    ("AgX", "AgX", "Rolls bright light off as film does. Best for lit stages, smoke and velvet; a glow turns paler in it"),
]
ENGINES: list[Choice] = [
    ("CYCLES", "Cycles", "Traces rays through the volume: the finest silk, reflections and scattered light"),
    ("EEVEE", "EEVEE", "Draws on the graphics card: seconds a frame, a little softer; volumes are not seen in reflections"),
]
QUALITIES: list[Choice] = [
    ("DRAFT", "Draft", "Few samples and long steps through the volume: to judge motion and colors"),
    ("FINAL", "Final", "Eight times the samples and short steps: for the film"),
]
