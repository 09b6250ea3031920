"""Reading `.flame` files, the XML in which flam3 and Ember (Fractorium) keep flames.

A file comes from anywhere: it is parsed as a stream with every size bounded (`flame_xml`), every number is checked,
and what Bloom does not know is told by name, and carried along to be written again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bloom_core.flames import flame_xml
from bloom_core.flames.flame import DIALECTS, MAX_XFORMS, Flame, FlameError, FloatArray, Motion, Xform
from bloom_core.flames.flame_attributes import dialect_of, own_attributes, read_settings
from bloom_core.flames.flame_palette import PaletteReader
from bloom_core.flames.flame_xforms import read_motion, read_xform, symmetry_xforms
from bloom_core.flames.flame_xml import Source, clip, element_start, escape

MAX_FLAMES = 10_000
"""Flames in one file."""

MAX_KEPT = 1 << 20
"""Characters of elements without a meaning to Bloom that are carried along with one flame."""

_HISTORY = frozenset({"edit", "sheep"})


def read_flames(path: Path | str, dialect: str | None = None) -> tuple[list[Flame], list[str]]:
    """Reads every flame of a file by flam3 or by Ember, wherever the `<flame>` elements stand in it; the file may be gzipped.

    The `version` attribute chooses the dialect of each flame, unless `dialect`, one of DIALECTS, does. Returns the flames and
    warnings, each naming file, flame, xform and attribute, for all that has no effect or had to be brought into its range.
    Raises FlameError, naming file and line, for a file that is hostile, cut off or broken, or in which no flame has an xform;
    and for a dialect that there is not.
    """
    if dialect is not None and dialect not in DIALECTS:
        raise FlameError(f"the dialect {dialect!r} is not one of {', '.join(DIALECTS)}")
    source = Source(Path(path))
    reader = _Reader(source, dialect)
    flame_xml.parse(source.path, reader)
    if not reader.flames:
        raise FlameError(f"{source.path}: no flame with an xform stands in this file")
    return reader.flames, source.warnings()


@dataclass
class _Draft:
    """A flame while its element is read."""

    attributes: Mapping[str, str]
    place: str
    dialect: str
    palette: PaletteReader
    xforms: list[Xform] = field(default_factory=list)
    final: Xform | None = None
    final_seen: bool = False
    chaos: dict[int, list[float]] = field(default_factory=dict)
    motions: list[Motion] = field(default_factory=list)  # of the xform that is open
    kept: list[str] = field(default_factory=list)  # pieces of the element that is open
    elements: list[str] = field(default_factory=list)
    size: int = 0  # characters kept


class _Reader:
    """Builds flames from the elements of a file, in their order (a `flame_xml.Handler`)."""

    def __init__(self, source: Source, dialect: str | None) -> None:
        self.flames: list[Flame] = []
        self._source = source
        self._dialect = dialect
        self._draft: _Draft | None = None
        self._begun = 0
        self._hex: list[str] | None = None  # the text of a <palette> while it is read
        self._hex_attributes: Mapping[str, str] = {}
        self._open: tuple[Mapping[str, str], bool] | None = None  # the xform that is open: its attributes, whether it is the final one
        self._aside = 0  # > 0 within an element that is only carried along

    def start(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        self._source.line = line
        draft = self._draft
        if draft is None:
            if name == "flame":
                self._begin(attributes)
            return  # <flames>, <Flames name="…"> and whatever else a collection is wrapped in
        if self._aside == 0 and self._begins_known(draft, name, attributes):
            return
        if self._aside == 0 and name not in _HISTORY:
            self._source.warn(draft.place, f"the element <{clip(name)}> is not known; it is kept, without effect")
        self._aside += 1
        self._keep(draft, element_start(name, attributes) + ">")

    def _begins_known(self, draft: _Draft, name: str, attributes: Mapping[str, str]) -> bool:
        """Begins an element that means something to Bloom; says whether it was one."""
        if name == "flame":
            self._source.fail(draft.place, "a <flame> stands inside it")
        if self._open is not None:
            if name == "motion":
                place = f"{self._place(draft, final=self._open[1])}, motion {len(draft.motions)}"
                draft.motions.append(read_motion(self._source, place, attributes))
            return name == "motion"
        if name in ("xform", "finalxform"):
            self._open, draft.motions = (attributes, name == "finalxform"), []
        elif name == "color":
            draft.palette.color(attributes)
        elif name == "colors":
            draft.palette.colors(attributes)
        elif name == "palette":
            self._hex, self._hex_attributes = [], attributes
        elif name == "symmetry":
            self._symmetry(draft, attributes)
        else:
            return False
        return True

    def text(self, text: str, line: int) -> None:
        if self._aside and self._draft is not None:
            self._keep(self._draft, escape(text))
        elif self._hex is not None:
            self._hex.append(text)

    def end(self, name: str, line: int) -> None:
        self._source.line = line
        draft = self._draft
        if draft is None:
            return
        if self._aside:
            self._aside -= 1
            self._keep(draft, f"</{name}>")
            if self._aside == 0:
                self._keep_element(draft)
        elif name == "palette" and self._hex is not None:
            draft.palette.palette("".join(self._hex), self._hex_attributes)
            self._hex = None
        elif name in ("xform", "finalxform") and self._open is not None:
            self._xform(draft, *self._open)
            self._open = None
        elif name == "flame":
            self._finish(draft)
            self._draft = None

    def _keep(self, draft: _Draft, piece: str) -> None:
        draft.size += len(piece)
        if draft.size <= MAX_KEPT:
            draft.kept.append(piece)

    def _keep_element(self, draft: _Draft) -> None:
        if draft.size <= MAX_KEPT:
            draft.elements.append("".join(draft.kept))
        draft.kept = []

    def _begin(self, attributes: Mapping[str, str]) -> None:
        name = clip(attributes.get("name", ""))
        place = f"flame {self._begun} ({name!r})" if name else f"flame {self._begun}"
        self._begun += 1
        if self._begun > MAX_FLAMES:
            self._source.fail(place, f"more than {MAX_FLAMES} flames in one file; split it")
        self._draft = _Draft(attributes, place, dialect_of(attributes.get("version", "")), PaletteReader(self._source, place))

    def _place(self, draft: _Draft, *, final: bool) -> str:
        return f"{draft.place}, {'final xform' if final else f'xform {len(draft.xforms)}'}"

    def _xform(self, draft: _Draft, attributes: Mapping[str, str], final: bool) -> None:
        source, place = self._source, self._place(draft, final=final)
        if final and draft.final_seen:
            source.fail(place, "there is more than one final xform")
        if not final:
            self._check_count(draft)
        read = read_xform(source, place, attributes, len(draft.xforms), final=final, dialect=draft.dialect)
        xform = replace(read.xform, motions=tuple(draft.motions))
        if read.chaos is not None:
            draft.chaos[len(draft.xforms)] = read.chaos
        if not final:
            draft.xforms.append(xform)
        elif read.enabled:
            draft.final, draft.final_seen = xform, True
        else:
            draft.final_seen = True
            self._keep(draft, element_start("finalxform", attributes) + "/>")
            self._keep_element(draft)

    def _symmetry(self, draft: _Draft, attributes: Mapping[str, str]) -> None:
        kind = self._source.number(draft.place, "symmetry kind", attributes.get("kind", "1"))
        if kind != int(kind) or abs(kind) > MAX_XFORMS:
            self._source.fail(draft.place, f"symmetry kind={kind:g} is not a whole number from -{MAX_XFORMS} to {MAX_XFORMS}")
        if kind == 0.0:
            self._source.warn(draft.place, "symmetry kind=0 asks flam3 for any symmetry; none is used")
        for xform in symmetry_xforms(int(kind)):
            self._check_count(draft)
            draft.xforms.append(xform)

    def _check_count(self, draft: _Draft) -> None:
        if len(draft.xforms) >= MAX_XFORMS:
            self._source.fail(self._place(draft, final=False), f"more than {MAX_XFORMS} xforms; Bloom cannot use this flame")

    def _finish(self, draft: _Draft) -> None:
        source = self._source
        settings, extra = read_settings(source, draft.place, draft.attributes, draft.dialect)
        if draft.size > MAX_KEPT:
            source.warn(draft.place, f"its elements without a meaning to Bloom have more than {MAX_KEPT >> 10} KiB; not all are kept")
        palette = draft.palette.result(extra)
        for key, text in own_attributes(draft.dialect).items():  # what the writer puts there itself
            if extra.get(key) == text:
                del extra[key]
        if not draft.xforms:
            source.warn(draft.place, "it has no xform; it is left out")
            return
        xforms = _solo(source, draft, extra)
        self.flames.append(
            Flame(
                xforms,
                draft.final,
                palette,
                _xaos(source, draft),
                extra.pop("name", ""),
                self._dialect or draft.dialect,
                settings.view,
                settings.rendering,
                settings.key,
                extra,
                tuple(draft.elements),
            )
        )


def _solo(source: Source, draft: _Draft, extra: dict[str, str]) -> tuple[Xform, ...]:
    """Returns the xforms; with flam3's `soloxform` the hits of all others are not seen."""
    solo = source.number(draft.place, "soloxform", extra.pop("soloxform", "-1"))
    return tuple(xform if solo < 0.0 or index == solo else replace(xform, opacity=0.0) for index, xform in enumerate(draft.xforms))


def _xaos(source: Source, draft: _Draft) -> FloatArray | None:
    count = len(draft.xforms)
    xaos = np.ones((count, count)) if draft.chaos else None
    for index, row in draft.chaos.items():
        assert xaos is not None
        if len(row) > count:
            source.warn(f"{draft.place}, xform {index}", f"chaos has {len(row)} numbers for {count} xforms; the rest is left out")
        xaos[index, : len(row)] = row[:count]
    return xaos
