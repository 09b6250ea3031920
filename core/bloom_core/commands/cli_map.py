"""The commands `bloom map` and `bloom maps`: where training converges, as a picture, a zoom film or numbers."""

from __future__ import annotations

import argparse
import importlib.util
import math
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from bloom_core import native
from bloom_core.images import film
from bloom_core.images.image_files import check_place
from bloom_core.trainability import coloring, costs, engines, map_files, map_pictures, newton, presets, spots, views, zoom_frames, zooms
from bloom_core.trainability.experiment import SCORES, Experiment, MapError
from bloom_core.trainability.experiment_files import read_experiment
from bloom_core.trainability.making import make_map, map_of
from bloom_core.trainability.maps import Map
from bloom_core.trainability.newton import Newton
from bloom_core.trainability.outcomes import PRECISIONS, Engine
from bloom_core.trainability.views import View

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]

SIDE, VOLUME_SIDE = 256, 64
"""Pixels along each side of a map of two axes and of three, where nothing is said."""

SEARCH_SIDE = 128
"""Of the overview in which spots are sought."""

LEVELS = 12
"""How deep `--zoom auto` goes."""

_STILLS = (".png", ".exr", map_files.SUFFIX)


def add_commands(add: AddCommand) -> None:
    """Adds `map` and `maps`; `add` takes a name, a function and a text."""
    sub = add("map", _map, "Map where training converges, over two or three hyperparameters: a picture, a zoom film, or numbers.")
    sub.add_argument("config", metavar="CONFIG", help="a name that `bloom maps` lists, a .toml or .bloommap file, or a .png that it made")
    kinds = "ends in .png, .exr (with score and labels as channels), .bloommap (all numbers) or .mp4; else a folder for the frames of a film"
    sub.add_argument("-o", "--output", metavar="MAP.png", type=Path, help=kinds)
    sizes = f"networks along x, y (and z), or one number for all; of a film its frames (default: {SIDE}, with three axes {VOLUME_SIDE})"
    sub.add_argument("--size", metavar="N", type=_count, nargs="+", help=sizes)
    sub.add_argument("--at", metavar="X,Y", type=_exact, help="the centre: powers of ten along logarithmic axes (default: of the whole axes)")
    sub.add_argument("--span", metavar="S", type=_exact, help="how much is seen of both axes, or of each, as X,Y: decades along logarithmic axes")
    zoom = f"go in LEVELS times ×2 about --at, or about the best spot that a search finds; auto: {LEVELS} levels"
    sub.add_argument("--zoom", metavar="LEVELS", type=_levels, help=zoom)
    sought = "search for N detailed spots and tell where they are; with -o a sheet of their pictures"
    sub.add_argument("--spots", metavar="N", type=_count, help=sought)
    counted = "estimate the boundary's fractal dimension, of a zoom film at each level, and draw it with its slope against scale (.png, .svg, .pdf)"
    sub.add_argument("--dimension", metavar="PLOT.png", type=Path, help=counted)
    sub.add_argument("--cost", action="store_true", help="say what it would cost, and do nothing")
    sub.add_argument("--folder", metavar="FOLDER", type=Path, help="keep finished tiles (of a film, its keyframes) there; the same command goes on")

    look = sub.add_argument_group("looks")
    look.add_argument("--score", choices=SCORES, help="what is coloured (default: as CONFIG says)")
    names = "; ".join(f"{name}: {colormap.about}" for name, colormap in coloring.COLORMAPS.items())
    look.add_argument("--colors", choices=tuple(coloring.COLORMAPS), default=next(iter(coloring.COLORMAPS)), help=f"{names} (default: %(default)s)")
    look.add_argument("--plain", action="store_true", help="the picture alone, without the frame that says what is seen (needs no matplotlib)")

    films = sub.add_argument_group("zoom films")
    films.add_argument("--per-level", metavar="N", type=_count, default=45, help="frames for each ×2 (default: %(default)s)")
    films.add_argument("--fps", metavar="N", type=_rate, default=Fraction(30), help="frames a second (default: %(default)s)")
    finer = "keyframes are N times finer than frames: 2 never enlarges a pixel, 1 is for drafts, at a quarter of the cost (default: %(default)s)"
    films.add_argument("--supersample", metavar="N", type=_count, default=2, help=finer)
    films.add_argument("--format", choices=("png", "exr"), default="png", help="of frames in a folder (default: %(default)s)")

    work = sub.add_argument_group("work")
    work.add_argument("--engine", choices=engines.ENGINES, default=engines.ENGINES[0], help="what trains the networks (default: %(default)s)")
    work.add_argument("--device", choices=engines.DEVICES, default=engines.DEVICES[0], help="of the engine torch (default: %(default)s)")
    work.add_argument("--precision", choices=PRECISIONS, help="of the arithmetic (default: the quickest that is good for the view)")
    work.add_argument("--threads", metavar="N", type=_count, default=0, help="how many threads to use (default: one a core)")
    work.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a Dask scheduler, whose workers make the tiles")
    add("maps", _maps, "List the maps that come with Bloom, for `bloom map`.")


@dataclass(frozen=True)
class _Job:
    """What is to be mapped and how.

    `view` is CONFIG's own, or of the whole axes; `found`: the map, where CONFIG is a finished one; `options`: the command line's.
    """

    subject: Experiment | Newton
    view: View
    found: Map | None
    options: argparse.Namespace
    engine: Engine | None

    def make(self, view: View, folder: Path | None = None, progress: native.Progress | None = None) -> Map:
        options = self.options
        how = {"precision": options.precision, "scheduler": options.scheduler}
        return make_map(self.subject, view, engine=self.engine, folder=folder, progress=progress, **how)

    def cost(self, view: View) -> costs.Cost:
        return costs.cost(self.subject, view, self.engine, self.options.precision)


def _map(options: argparse.Namespace) -> None:
    output: Path | None = options.output
    _check(options)
    subject, view, found = _config(options.config)
    if options.score and isinstance(subject, Experiment):
        subject = replace(subject, score=options.score)
    elif options.score:
        raise MapError(f"{options.config}: Newton's method has no scores; leave out --score")
    if found is not None and not (options.size or options.at or options.span or options.zoom or options.spots or options.cost):
        _finish(_scored(found, subject), options)
        return
    engine = None if isinstance(subject, Newton) else engines.open_engine(engines.EngineChoice(options.engine, options.device, options.threads))
    job = _Job(subject, view, found, options, engine)
    if options.spots:
        _spots(job)
    elif output is not None and output.suffix.lower() not in _STILLS:
        _film(job)
    else:
        _still(job)


def _maps(_options: argparse.Namespace) -> None:
    for name, subject in _known().items():
        along = ", ".join(axis.parameter for axis in subject.axes)
        print(f"{name}: {subject.title} ({along})")


def _known() -> dict[str, Experiment | Newton]:
    return {**presets.PRESETS, **newton.PRESETS}


def _check(options: argparse.Namespace) -> None:
    """Raises MapError and PictureError for what can be told before any work."""
    output: Path | None = options.output
    if output is None:
        if not (options.cost or options.spots or options.dimension):
            raise MapError("Say with -o what to make: MAP.png, MAP.exr, MAP.bloommap or FILM.mp4; or ask for --cost alone")
        if options.dimension:
            _check_libraries(options.dimension, options)
        return
    film_wanted = output.suffix.lower() not in _STILLS
    if film_wanted and output.suffix and output.suffix.lower() != ".mp4":
        raise MapError(f"{output}: its name must end in .png, .exr, .bloommap or .mp4, or in nothing, for a folder of frames")
    if options.spots and output.suffix.lower() != ".png":
        raise MapError(f"{output}: spots are drawn on a sheet; let its name end in .png")
    if film_wanted and not options.zoom:
        raise MapError(f"{output}: a film needs a zoom; say how deep with --zoom, such as --zoom {LEVELS}")
    if output.suffix:
        check_place(output, (output.suffix.lower(),))
    _check_libraries(output, options)


def _check_libraries(output: Path, options: argparse.Namespace) -> None:
    """Raises MapError where a library is missing that writing will need, hours of training later."""
    kind = output.suffix.lower() or f".{options.format}"
    framed = not options.plain and not options.spots and kind in (".png", ".mp4")
    for library, extra, needed in (
        ("matplotlib", "plot", framed or bool(options.dimension)),
        ("OpenEXR", "images", kind == ".exr"),
        ("av", "images", kind == ".mp4"),
    ):
        if needed and importlib.util.find_spec(library) is None:
            other = "; or ask for the plain picture, with --plain" if library == "matplotlib" and not options.dimension else ""
            raise MapError(f"{output}: writing it needs {library}, which is not installed: pip install 'bloom-core[{extra}]'{other}")


def _config(config: str) -> tuple[Experiment | Newton, View, Map | None]:
    """Returns what CONFIG is of, its view (that of the whole axes where it says nothing), and the map where it is a finished one. Raises MapError."""
    path = Path(config)
    if path.suffix.lower() == map_files.SUFFIX:
        found = map_files.read_map(path)
        return found.subject, found.view, found
    if path.suffix.lower() == ".png":
        return *map_pictures.read_configuration(path), None
    known = _known()
    if path.suffix.lower() != ".toml" and config not in known:
        raise MapError(f"There is no map {config!r}. Name a .toml, .bloommap or .png file, or one of: {', '.join(known)}")
    subject = read_experiment(path) if path.suffix.lower() == ".toml" else known[config]
    count = len(subject.axes)
    return subject, views.overview(subject, (SIDE if count == 2 else VOLUME_SIDE,) * count), None


def _scored(found: Map, subject: Experiment | Newton) -> Map:
    """Returns a finished map with the score of `subject`, without training again. Raises MapError where it lacks what that needs."""
    if found.subject == subject or not isinstance(subject, Experiment):
        return found
    if found.outcomes is None:
        raise MapError("This map keeps only the score it was made with; make it again from its configuration, or leave out --score")
    return map_of(subject, found.view, found.outcomes, found.made)


def _view(job: _Job, center: tuple[Fraction, ...] | None = None, levels: int = 0) -> View:
    """Returns the view that the command line asks for; `center` stands for --at, `levels` for those of a zoom. Raises MapError."""
    options, own, count = job.options, job.view, len(job.subject.axes)
    size, span = (given * count if given and len(given) == 1 else given for given in (tuple(options.size or ()), options.span or ()))
    at, span, size = center or options.at or own.center, span or own.span, size or own.size
    if not len(size) == len(at) == len(span) == count:
        raise MapError(f"This map has {count} axes: give --size, --at and --span {count} numbers each, or --size and --span one for all")
    return View(at, tuple(side / 2**levels for side in span), size)


def _still(job: _Job) -> None:
    options = job.options
    levels = options.zoom or 0
    view = _view(job, _point(job) if levels else None, levels)
    cost = job.cost(view)
    _tell(cost.text)
    if options.cost:
        return
    with _progress((options.output or options.dimension).name, cost) as show:
        found = job.make(view, options.folder, show)
    _finish(found, options)


def _finish(found: Map, options: argparse.Namespace) -> None:
    """Writes what is asked for of a map. Raises MapError, PictureError, OSError."""
    output: Path | None = options.output
    if output is not None:
        if output.suffix.lower() == map_files.SUFFIX:
            map_files.write_map(output, found)
        elif output.suffix.lower() in _STILLS:
            map_pictures.write(found, output, options.colors, plain=options.plain)
        else:
            raise MapError(f"{output}: a finished map is drawn as .png or .exr, or kept as .bloommap")
        print(f"{output}: {' × '.join(map(str, found.view.size))}, {found.made.precision} precision, {found.made.engine}")
    if options.dimension:
        from bloom_core.trainability import dimension_plot

        print(f"{options.dimension}: {dimension_plot.plot_dimension(found, options.dimension)}")


def _film(job: _Job) -> None:
    options, output, levels = job.options, job.options.output, job.options.zoom
    point = _point(job)
    zoom = zooms.Zoom(job.subject, _view(job, point), point, levels, options.supersample)
    folder = options.folder or output.with_name(f"{output.stem}.keyframes")
    each = _keyframe_costs(job, zoom, folder)
    whole = replace(each[0], networks=sum(cost.networks for cost in each), seconds=sum(cost.seconds for cost in each))
    precisions = dict.fromkeys(cost.precision for cost in each)
    _tell(f"{levels + 1} keyframes: {replace(whole, precision=' → '.join(precisions)).text}; kept in {folder}")
    if options.cost:
        return
    with _progress("keyframes", whole) as show:
        files = zooms.make_keyframes(zoom, folder, job.make, weights=[cost.seconds + 1e-6 for cost in each], progress=show)
    if options.dimension:
        from bloom_core.trainability import dimension_plot

        fits = dimension_plot.plot_levels([map_files.read_map(file) for file in files], options.dimension)
        for level, fit in enumerate(fits):
            print(f"level {level}: {fit}")
    frames = zoom_frames.frames(zoom, files, options.per_level, options.colors, plain=options.plain)
    count = zoom_frames.frame_count(zoom, options.per_level)
    sink = film.mp4(output, options.fps) if output.suffix else film.stills(output, suffix=f".{options.format}")
    with sink as add, _progress(output.name, replace(whole, seconds=0.0)) as show:
        for number, pixels in enumerate(frames, 1):
            add(number, pixels)
            show(number / count)
    print(f"{output}: {count} frames, {levels} levels about --at={spots.text_of(point)}")


def _keyframe_costs(job: _Job, zoom: zooms.Zoom, folder: Path) -> list[costs.Cost]:
    """Returns what each keyframe still costs, one of each precision being measured: nothing where it is there."""
    measured: dict[str, costs.Cost] = {}
    found = []
    for level, view in enumerate(zoom.views):
        precision = job.options.precision or zooms.precision_of(zoom.subject, view)
        if precision not in measured:
            measured[precision] = job.cost(view)
        there = zooms.keyframe_file(folder, level).exists()
        found.append(replace(measured[precision], networks=0, seconds=0.0) if there else measured[precision])
    return found


def _spots(job: _Job) -> None:
    options, output = job.options, job.options.output
    found = _search(job, options.spots)
    for spot in found:
        print(f"--at={spot.text} (detail {spot.interest:.2f})")
    if output is not None and found:
        map_pictures.write_sheet([spot.looks for spot in found], output, options.colors)
        print(f"{output}: {len(found)} spots, from the overview inwards, ×{spots.FACTOR} from each picture to the next")


def _point(job: _Job) -> tuple[Fraction, ...]:
    """Returns what a zoom goes into: --at, or the best spot; where the cost alone is asked for, the middle stands for it."""
    if job.options.at:
        at: tuple[Fraction, ...] = job.options.at
        return at
    found = _search(job, 1)
    return found[0].at if found else _view(job).center


def _search(job: _Job, count: int) -> list[spots.Spot]:
    """Tells what the search costs. Returns the spots that it finds, or none where the cost alone is asked for."""
    levels = job.options.zoom or LEVELS
    if len(job.subject.axes) != 2:
        raise MapError("The search for spots needs a map of two axes; say with --at where to go")
    start = replace(_view(job), size=(SEARCH_SIDE, SEARCH_SIDE))
    cost = job.cost(start)
    there = job.found if job.found and min(job.view.size) >= spots.LOOK and not (job.options.at or job.options.span) else None
    small, looks = spots.LOOK**2 / SEARCH_SIDE**2, spots.looks_needed(count, levels)
    work = (0.0 if there else 1.0) + small * looks
    cost = replace(cost, networks=round(cost.networks * work), seconds=cost.seconds * work)
    _tell(f"search for detailed spots: at most {cost.text}")
    if job.options.cost:
        return []
    done = 0.0
    with _progress("search", cost) as show:

        def look(view: View) -> Map:
            nonlocal done
            if there and view == there.view:
                return there
            found = job.make(view)
            done += math.prod(view.size) / SEARCH_SIDE**2
            show(done / work)
            return found

        return spots.find_spots(look, there.view if there else start, count=count, levels=levels)


def _tell(text: str) -> None:
    print(text, flush=True)


@contextmanager
def _progress(what: str, cost: costs.Cost) -> Iterator[native.Progress]:
    """Gives a progress callback that shows on a terminal what is done and how long it still takes; elsewhere it stays silent."""
    forecast = costs.Forecast(cost)
    shown = ""

    def show(share: float) -> bool:
        nonlocal shown
        text = f"{what}: {100.0 * share:.0f} %, {costs.duration(forecast.left(share))} to go"
        if text != shown and sys.stderr.isatty():
            print("\r" + text.ljust(len(shown)), end="", file=sys.stderr, flush=True)
            shown = text
        return True

    try:
        yield show
    finally:
        if shown:
            print(file=sys.stderr)


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")


def _levels(text: str) -> int:
    if text == "auto":
        return LEVELS
    if text.isascii() and text.isdigit() and 1 <= int(text) <= zooms.MOST_LEVELS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of levels from 1 to {zooms.MOST_LEVELS}, nor auto")


def _exact(text: str) -> tuple[Fraction, ...]:
    parts = text.split(",")
    if not all(re.fullmatch(r" *-?[0-9]{1,30}(\.[0-9]{1,60})? *", part) for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 1.5,2.25")
    return tuple(Fraction(part.strip()) for part in parts)


def _rate(text: str) -> Fraction:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if 1 <= value <= 1000:
        return value.limit_denominator(1001)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of frames a second from 1 to 1000")
