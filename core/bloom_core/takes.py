"""Takes: baked sequences on disk, of OpenVDB volumes or PLY points, named by their content.

Under the folder the user chose:

    frames/KEY.vdb            one file per distinct frame, KEY being a hash of all that its bytes depend on; KEY.ply for points
    take-HASH/bloom_0001.vdb  a take: hard links (or copies) to its frames, numbered from 1, in the order of the timeline
    take-HASH/take.json       what the take was made of; written before the folder has its name, so a folder without it is no take
    take-HASH/about.json      whose it is, where it begins and how long it took; may be missing, and nothing depends on it

A changed frame has another key and an unchanged one is never baked again. Every file is written under a temporary name and
renamed when it is whole: a bake killed at any time leaves only whole frames behind, and the next one goes on from them.
Several processes may bake one take in one folder, each its share of the frames; the one that finds all of them there publishes it.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bloom_core.flames.flame import Flame
from bloom_core.native import Cancelled, NativeError, Progress
from bloom_core.take_files import TakeError, advice, link, part_name, remove_leftovers, replace, unwritable, write_json
from bloom_core.take_frames import FORMAT as FORMAT
from bloom_core.take_frames import RENDERING as RENDERING
from bloom_core.take_frames import BakeSettings, FrameBaker, PointSettings, Settings, described, frame_key, frame_keys, kind_of, suffix

STORE, JSON, ABOUT = "frames", "take.json", "about.json"


@dataclass(frozen=True)
class Take:
    """A baked sequence: `files[i]` is the i-th frame of the timeline; `baked` of them were made by this bake, the rest was there.

    `kind`: volume or points. `missing`: how many frames are still to be baked, by others or later; until it is 0 the take is not
    published, and neither its folder nor its files are there.
    """

    folder: Path
    files: tuple[Path, ...]
    baked: int
    kind: str = "volume"
    missing: int = 0

    @property
    def complete(self) -> bool:
        """Says whether every frame is there, and the take with them."""
        return not self.missing


def take_name(keys: Sequence[str]) -> str:
    """Returns the folder name of the take that has these frames."""
    return f"take-{sha256(' '.join(keys).encode()).hexdigest()[:16]}"


def missing(folder: Path | str, flames: Sequence[Flame], settings: Settings, only: Collection[int] | None = None) -> list[int]:
    """Returns the frames, from 0, that a bake would have to make; each distinct one once. Raises TakeError."""
    return _missing(Path(folder), frame_keys(flames, settings), kind_of(settings), only)


def _missing(root: Path, keys: Sequence[str], kind: str, only: Collection[int] | None) -> list[int]:
    wanted = {key: number for number, key in reversed(list(enumerate(keys))) if only is None or number in only}
    return sorted(number for key, number in wanted.items() if not (root / STORE / f"{key}{suffix(kind)}").is_file())


def bake(
    folder: Path | str,
    flames: Sequence[Flame],
    settings: Settings,
    *,
    threads: int = 0,
    progress: Progress | None = None,
    only: Collection[int] | None = None,
    about: Mapping[str, object] | None = None,
) -> Take:
    """Bakes the flames, one per frame of the timeline, into a take under `folder`; what is already there is used again.

    `threads` 0 uses every core; the bytes do not depend on it. `only`: the frames to bake now, by their place in `flames` from 0; the others
    are left to other bakes, and the take is published by the one that finds all of them there. `about` goes into about.json.
    Raises TakeError (folder not writable, disk full), NativeError or FlameError naming the frame (a flame that diverges), Cancelled; frames
    that are finished stay for the next bake.
    """
    root, kind = Path(folder), kind_of(settings)
    if not flames:
        raise TakeError("there is nothing to bake: the range has no frames")
    keys = frame_keys(flames, settings)
    store = root / STORE
    try:
        store.mkdir(parents=True, exist_ok=True)
        remove_leftovers(store)
        remove_leftovers(root)
    except OSError as error:
        raise unwritable(root, error) from error
    todo, baker, begin = _missing(root, keys, kind, only), FrameBaker(flames, settings, threads), time.monotonic()
    for done, number in enumerate(todo):
        with frame_written(store / f"{keys[number]}{suffix(kind)}", f"frame {number + 1} of the range") as part:
            baker.bake(number, part, _part_of(progress, done, len(todo)))
    left = len(_missing(root, keys, kind, None))
    take = root / take_name(keys)
    if not left:
        publish(root, keys, kind, described(settings))
        if about is not None:
            tell(take, {**about, "seconds": (time.monotonic() - begin) / len(todo) if todo else None})
    return Take(take, tuple(take / file_name(number, kind) for number in range(1, len(keys) + 1)), len(todo), kind, left)


def file_name(number: int, kind: str = "volume") -> str:
    """Returns the name of the take's n-th file, from 1; Blender reads the number from its end."""
    return f"bloom_{number:04d}{suffix(kind)}"


def read_take(folder: Path | str) -> Take:
    """Opens a finished take. Raises TakeError where the folder is none, or lost files."""
    root = Path(folder)
    try:
        text = json.loads((root / JSON).read_text("utf-8"))
        count, kind = len(text["frames"]), str(text.get("kind", "volume"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TakeError(f"{root}: this is not a finished take ({error}). Bake again.") from error
    files = tuple(root / file_name(number, kind) for number in range(1, count + 1))
    lost = [path.name for path in files if not path.is_file()]
    if lost:
        raise TakeError(f"{root}: {len(lost)} of {count} files are missing, {lost[0]} first. Bake again.")
    return Take(root, files, 0, kind)


def _part_of(progress: Progress | None, done: int, count: int) -> Progress | None:
    if progress is None:
        return None
    reached = 0.0

    def report(fraction: float) -> bool:
        nonlocal reached
        reached = max(reached, fraction)  # a frame of points is made of several clouds
        return progress((done + reached) / count)

    return report


@contextmanager
def frame_written(target: Path, what: str) -> Iterator[Path]:
    """Gives the name under which to write a frame, which becomes `target` once it is whole.

    Raises TakeError: for a folder that cannot be written, and, naming `what`, where the renderer fails.
    """
    part = part_name(target.parent, target.stem)
    try:
        yield part
        if not target.is_file():  # another task has made the same meanwhile, and on Windows a file that is read cannot be replaced
            replace(part, target)
    except OSError as error:
        raise unwritable(target.parent, error) from error
    except NativeError as error:
        raise TakeError(f"{what}: {error}{advice(target.parent)}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def publish(root: Path, keys: Sequence[str], kind: str, settings: Mapping[str, object]) -> None:
    """Makes the take of frames that are all there, its folder whole under a temporary name, then gives it its own. Raises TakeError.

    `settings`: what they were made with, as the take keeps it.
    """
    take = root / take_name(keys)
    if _is_whole(take):
        return
    part = part_name(root, take.name)
    content: dict[str, object] = {"format": FORMAT, "frames": list(keys), "settings": dict(settings)}
    if kind != "volume":
        content["kind"] = kind
    try:
        part.mkdir()
        for number, key in enumerate(keys, 1):
            link(root / STORE / f"{key}{suffix(kind)}", part / file_name(number, kind))
        write_json(part / JSON, content)
        try:
            replace(part, take)
        except OSError:
            if not take.exists():
                raise
            # Another bake has just published the same, or it is a take that lost files: it gets them back, and keeps what else lies there.
            for path in () if _is_whole(take) else sorted(part.iterdir(), key=lambda path: path.name == JSON):
                replace(path, take / path.name)
    except OSError as error:
        raise unwritable(root, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def tell(take: Path, about: Mapping[str, object]) -> None:
    """Leaves a note beside a take, in about.json; a list adds to what is there. A take without one is as good: what cannot be written is not."""
    told: dict[str, object] = {}
    with suppress(OSError, ValueError, TypeError):
        told = dict(json.loads((take / ABOUT).read_text("utf-8")))
    for name, value in about.items():
        known = told.get(name)
        if isinstance(value, list) and isinstance(known, list):
            value = [*known, *(entry for entry in value if entry not in known)]
        if value is not None:
            told[name] = value
    part = part_name(take, ABOUT)
    with suppress(OSError):
        write_json(part, told)
        os.replace(part, take / ABOUT)


def _is_whole(folder: Path) -> bool:
    try:
        read_take(folder)
    except TakeError:
        return False
    return True


__all__ = [
    "BakeSettings", "Cancelled", "PointSettings", "Settings", "Take", "TakeError",
    "bake", "file_name", "frame_key", "frame_keys", "missing", "publish", "read_take", "take_name", "tell",
]  # fmt: skip
