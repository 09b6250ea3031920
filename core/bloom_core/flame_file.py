"""Reading and writing `.flame` files, the XML in which flam3 and Ember (Fractorium) keep flames.

A file comes from anywhere: it is parsed as a stream with every size bounded (`flame_xml`), every number is checked,
and what Bloom does not support is told by name instead of being dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from xml.sax.saxutils import quoteattr

import numpy as np

from . import flame_xml, native
from .flame import DIALECTS, MAX_XFORMS, Flame, FlameError, FloatArray, Variation, View, Xform, identity
from .flame_palette import PaletteReader, palette_lines
from .flame_xml import Source, clip
from .whole_file import whole_file

MAX_FLAMES = 10_000
"""Flames in one file."""

_LEAST_WEIGHT = 1e-6  # a variation below this counts as absent, as in Ember

_NOT_USED = frozenset(
    """
    time nick url notes plugins new_linear quality passes batches temporal_samples supersample oversample spatial_oversample
    filter filter_shape temporal_filter_type temporal_filter_width temporal_filter_exp sub_batch_size fuse rand_range
    estimator_radius estimator_minimum estimator_curve palette_mode interpolation interpolation_type interpolation_space
    palette_interpolation hsv_rgb_palette_blend hue curves overall_curve red_curve green_curve blue_curve blur_curve edits
    """.split()
)
"""Attributes of a flame that only concern the making of a flat picture, the blending of key frames, or the file's history."""

_SPATIAL = {"bloom_coefs": "coefs", "bloom_post": "post"}
"""Bloom's own attributes for affines in 3D, and the planar ones they stand in for."""

_XFORM_NOT_USED = frozenset({"symmetry", "var_color", "name"})
"""`symmetry` is obsolete beside color_speed; var_color only acts through direct-colour variations, and those are warned of by name."""

_VIEW_NUMBERS = tuple(entry.name for entry in fields(View) if entry.name not in ("size", "center", "background"))

_VERSIONS = dict(zip(DIALECTS, ("EMBER-BLOOM-25.25.12.1", "EMBER-BLOOM-1.0.0.14", "FLAM3-BLOOM-3.1.1"), strict=True))


def read_flames(path: Path | str) -> tuple[list[Flame], list[str]]:
    """Reads every flame of a file by flam3 or by Ember (1.0.0.14 and later), wherever the `<flame>` elements stand in it.

    The `version` attribute chooses the dialect. Returns the flames and warnings, each naming file, flame, xform and
    attribute, for all that is not supported or had to be brought into its range. Raises FlameError, naming file and
    line, for a file that is hostile, cut off or broken, or in which no flame has an xform.
    """
    source = Source(Path(path))
    reader = _Reader(source)
    flame_xml.parse(source.path, reader)
    if not reader.flames:
        raise FlameError(f"{source.path}: no flame with an xform stands in this file")
    return reader.flames, source.warnings()


def write_flames(path: Path | str, flames: Sequence[Flame]) -> None:
    """Writes flames as Ember does, so that `read_flames` gives them back; palettes are rounded to 8 bits.

    An affine that moves z, which the format does not know, is written whole as `bloom_coefs` or `bloom_post` (12 numbers, row by
    row) beside its planar part, which is what other programs read. The file appears whole or not at all. Raises FlameError
    where it cannot be written.
    """
    lines = ["<flames>"]
    for flame in flames:
        lines += _flame_lines(flame)
    text = "\n".join([*lines, "</flames>", ""])
    target = Path(path)
    try:
        with whole_file(target) as file:
            file.write(text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise FlameError(f"{target}: cannot be written ({error.strerror or error})") from error


@dataclass
class _Draft:
    """A flame while its element is read."""

    attributes: Mapping[str, str]
    place: str
    palette: PaletteReader
    xforms: list[Xform] = field(default_factory=list)
    final: Xform | None = None
    final_seen: bool = False
    chaos: dict[int, list[float]] = field(default_factory=dict)


class _Reader:
    """Builds flames from the elements of a file, in their order (a `flame_xml.Handler`)."""

    def __init__(self, source: Source) -> None:
        self.flames: list[Flame] = []
        self._source = source
        self._draft: _Draft | None = None
        self._begun = 0
        self._hex: list[str] | None = None  # the text of a <palette> while it is read
        self._hex_attributes: Mapping[str, str] = {}
        self._aside = 0  # > 0 within <edit>

    def start(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        self._source.line = line
        draft = self._draft
        if self._aside or name == "edit":
            self._aside += 1
        elif name == "flame":
            self._begin(attributes)
        elif draft is None:
            pass  # <flames>, <Flames name="…"> and whatever else a collection is wrapped in
        elif name in ("xform", "finalxform"):
            self._xform(draft, attributes, final=name == "finalxform")
        elif name == "color":
            draft.palette.color(attributes)
        elif name == "colors":
            draft.palette.colors(attributes)
        elif name == "palette":
            self._hex, self._hex_attributes = [], attributes
        else:
            self._source.warn(draft.place, f"the element <{clip(name)}> is not supported; it is left out")

    def text(self, text: str, line: int) -> None:
        if self._hex is not None:
            self._hex.append(text)

    def end(self, name: str, line: int) -> None:
        self._source.line = line
        if self._aside:
            self._aside -= 1
        elif name == "palette" and self._hex is not None and self._draft is not None:
            self._draft.palette.palette("".join(self._hex), self._hex_attributes)
            self._hex = None
        elif name == "flame" and self._draft is not None:
            self._finish(self._draft)
            self._draft = None

    def _begin(self, attributes: Mapping[str, str]) -> None:
        name = clip(attributes.get("name", ""))
        place = f"flame {self._begun} ({name!r})" if name else f"flame {self._begun}"
        if self._draft is not None:
            self._source.fail(self._draft.place, "a <flame> stands inside it")
        self._begun += 1
        if self._begun > MAX_FLAMES:
            self._source.fail(place, f"more than {MAX_FLAMES} flames in one file; split it")
        self._draft = _Draft(attributes, place, PaletteReader(self._source, place))

    def _finish(self, draft: _Draft) -> None:
        view = _view(self._source, draft)
        palette = draft.palette.result(draft.attributes.get("palette"))
        if not draft.xforms:
            self._source.warn(draft.place, "it has no xform; it is left out")
            return
        count = len(draft.xforms)
        xaos = np.ones((count, count)) if draft.chaos else None
        for index, row in draft.chaos.items():
            assert xaos is not None
            if len(row) > count:
                self._source.warn(f"{draft.place}, xform {index}", f"chaos has {len(row)} numbers for {count} xforms; the rest is left out")
            xaos[index, : len(row)] = row[:count]
        dialect = _dialect(draft.attributes.get("version", ""))
        self.flames.append(Flame(tuple(draft.xforms), draft.final, palette, xaos, draft.attributes.get("name", ""), dialect, view))

    def _xform(self, draft: _Draft, attributes: Mapping[str, str], *, final: bool) -> None:
        source, place = self._source, f"{draft.place}, {'final xform' if final else f'xform {len(draft.xforms)}'}"
        if final and draft.final_seen:
            source.fail(place, "there is more than one final xform")
        if not final and len(draft.xforms) >= MAX_XFORMS:
            source.fail(place, f"more than {MAX_XFORMS} xforms; Bloom cannot use this flame")
        numbers = {"weight": 1.0 if final else 0.0, "color": 0.0, "opacity": 1.0, "color_speed": 0.5, "animate": 1.0, "enabled": 1.0}
        affines = {"coefs": identity(), "post": identity()}
        spatial: dict[str, FloatArray] = {}
        variations: dict[str, str] = {}
        if "symmetry" in attributes and "color_speed" not in attributes and _dialect(draft.attributes.get("version", "")) == "flam3":
            symmetry = source.number(place, "symmetry", attributes["symmetry"])
            numbers["color_speed"], numbers["animate"] = (1.0 - symmetry) / 2.0, float(symmetry <= 0.0)
        for key, text in attributes.items():
            if key == "color" and len(text.split()) == 2:  # flam3's first files gave it two coordinates; the second one never meant anything
                numbers[key] = source.number(place, key, text.split()[0])
            elif key in numbers and (final or key != "enabled"):
                numbers[key] = source.number(place, key, text)
            elif key in _SPATIAL:
                spatial[_SPATIAL[key]] = np.reshape(source.numbers(place, key, text, 12), (3, 4))
            elif key in affines:
                affines[key][:2, [0, 1, 3]] = np.reshape(source.numbers(place, key, text, 6), (3, 2)).T
            elif key == "chaos" and not final:
                row = text.split(maxsplit=MAX_XFORMS)
                draft.chaos[len(draft.xforms)] = [source.within(place, key, source.number(place, key, part), 0.0) for part in row]
            elif key not in _XFORM_NOT_USED:
                variations[key] = text
        affines |= spatial
        if not final and "weight" not in attributes:
            source.warn(place, "it has no weight, so it is never chosen")
        xform = Xform(
            variations=_variations(source, place, variations),
            name=attributes.get("name", ""),
            weight=source.within(place, "weight", numbers["weight"], 0.0),
            color=source.within(place, "color", numbers["color"], 0.0, 1.0),
            color_speed=source.within(place, "color_speed", numbers["color_speed"], -1.0, 1.0),
            opacity=source.within(place, "opacity", numbers["opacity"], 0.0, 1.0),
            pre=affines["coefs"],
            post=affines["post"],
            animate=numbers["animate"] != 0.0,
        )
        if not final:
            draft.xforms.append(xform)
        else:
            draft.final, draft.final_seen = xform if numbers["enabled"] != 0.0 else None, True


def _dialect(version: str) -> str:
    """Returns the entry of DIALECTS for the program that calls itself `version`, as in "EMBER-LNX-1.0.0.14"."""
    if "EMBER" not in version.upper():
        return "flam3"
    number = re.search(r"\d{1,9}(\.\d{1,9})*", version, re.ASCII)
    return "ember-1.0.0.14" if number and [int(part) for part in number[0].split(".")] <= [1, 0, 0, 14] else "ember-25"


def _view(source: Source, draft: _Draft) -> View:
    place, attributes = draft.place, draft.attributes
    width, height = View.size
    center, background = View.center, View.background
    numbers: dict[str, float] = {}
    for key, text in attributes.items():
        if key == "size":
            width, height = (int(source.within(place, key, value, 1.0, 1e6)) for value in source.numbers(place, key, text, 2))
        elif key == "center":
            x, y = source.numbers(place, key, text, 2)
            center = (x, y)
        elif key == "background":
            red, green, blue = source.numbers(place, key, text, 3)
            background = (red, green, blue)
        elif key in _VIEW_NUMBERS:
            numbers[key] = source.number(place, key, text)
        elif key not in _NOT_USED and key not in ("name", "version", "palette"):
            source.warn(place, f"{clip(key)}={clip(text)!r} is not known; it is left out")
    return View(size=(width, height), center=center, background=background, **numbers)


def _variations(source: Source, place: str, attributes: Mapping[str, str]) -> tuple[Variation, ...]:
    """Sorts an xform's remaining attributes into variations and their parameters; warns of those that are neither."""
    table = native.variations()
    owners = {parameter.name.lower(): (key, parameter.name) for key, info in table.items() for parameter in info.parameters}
    weights: dict[str, float] = {}
    parameters: dict[str, dict[str, float]] = {}
    unknown: dict[str, str] = {}
    for key, text in attributes.items():
        lower = key.lower()
        if lower.startswith("oscope_"):  # another name of flam3's for it
            lower = "oscilloscope_" + lower.removeprefix("oscope_")
        if lower in table and lower not in weights:
            weights[lower] = source.number(place, key, text)
        elif lower in owners:
            owner, name = owners[lower]
            parameters.setdefault(owner, {})[name] = source.number(place, key, text)
        else:
            unknown[key] = text
    _warn_of_unknown(source, place, unknown)
    used = [name for name, weight in weights.items() if abs(weight) >= _LEAST_WEIGHT]
    return tuple(Variation(table[name].name, weights[name], MappingProxyType(parameters.get(name, {}))) for name in used)


def _warn_of_unknown(source: Source, place: str, attributes: Mapping[str, str]) -> None:
    """Warns once for each unknown variation, together with the attributes that look like its parameters."""
    groups: dict[str, list[str]] = {}
    for key in sorted(attributes, key=len):
        parts = key.split("_")
        heads = ("_".join(parts[:count]) for count in range(1, len(parts)))
        head = next((name for name in heads if name in groups), None)
        if head is None:
            groups[key] = []
        else:
            groups[head].append(key)
    for key, parameters in groups.items():
        if re.fullmatch(r"[+-]?0*(\.0*)?", attributes[key].strip()):
            continue  # a weight of zero: the variation is absent
        why = "variations before and after the sum are not there yet" if key.lower().startswith(("pre_", "post_")) else "Bloom does not know it"
        more = f", with {', '.join(clip(name) for name in parameters[:8])}" if parameters else ""
        source.warn(place, f"{clip(key)}={clip(attributes[key])!r}{more}: {why}, and it is left out")


def _flame_lines(flame: Flame) -> list[str]:
    view = flame.view
    attributes: dict[str, object] = {"version": _VERSIONS[flame.dialect], "name": flame.name, "size": view.size, "center": view.center}
    attributes |= {name: getattr(view, name) for name in _VIEW_NUMBERS} | {"background": view.background}
    lines = [f"<flame{_attributes(attributes)}>"]
    for index, xform in enumerate(flame.xforms):
        row = {} if flame.xaos is None else {"chaos": tuple(flame.xaos[index])}
        lines.append(f"   <xform{_attributes({'weight': xform.weight} | _xform_attributes(flame, f'xform {index}', xform) | row)}/>")
    if flame.final is not None:
        lines.append(f"   <finalxform{_attributes(_xform_attributes(flame, 'the final xform', flame.final))}/>")
    return [*lines, *palette_lines(flame.palette), "</flame>"]


def _xform_attributes(flame: Flame, place: str, xform: Xform) -> dict[str, object]:
    place = f"flame {flame.name!r}, {place}"
    attributes: dict[str, object] = {"color": xform.color, "color_speed": xform.color_speed, "name": xform.name, "animate": float(xform.animate)}
    for variation in xform.variations:
        if variation.name in attributes:
            raise FlameError(f"{place}: it has {variation.name} twice, which a .flame file cannot hold")
        attributes |= {variation.name: variation.weight, **variation.parameters}
    for key, affine in (("coefs", xform.pre), ("post", xform.post)):
        attributes[key] = tuple(affine[:2, [0, 1, 3]].T.ravel())
        if not (np.array_equal(affine[2], [0.0, 0.0, 1.0, 0.0]) and not affine[:2, 2].any()):
            attributes[f"bloom_{key}"] = tuple(affine.ravel())
    attributes["opacity"] = xform.opacity
    return attributes


def _attributes(values: Mapping[str, object]) -> str:
    """Returns XML attributes; numbers in the shortest form that reads back as the same double."""

    def text(value: object) -> str:
        if isinstance(value, tuple):
            return " ".join(map(text, value))
        if isinstance(value, str):
            return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", value)
        return repr(float(value)).removesuffix(".0")  # type: ignore[arg-type]

    return "".join(f" {key}={quoteattr(text(value))}" for key, value in values.items())
