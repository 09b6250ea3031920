"""What a command tells while it works: lines for people, or JSON lines for programs."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import openjd

_form: str | None = None


def set_form(form: str | None) -> None:
    """Chooses lines for programs on standard output in place of text on standard error: "json" (an object a line, key `event`) or "openjd"."""
    global _form
    _form = form


def say(text: str) -> None:
    """Tells something to people; programs get it as `{"event": "message"}`."""
    if _form:
        _tell("message", text=text)
    else:
        print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Tells what was not done as it was asked."""
    if _form:
        _tell("warning", text=text)
    else:
        print(f"bloom: warning: {text}", file=sys.stderr, flush=True)


def fail(text: str) -> None:
    """Tells why a command ends without its result."""
    if _form:
        _tell("error", text=text)
    else:
        print(f"bloom: {text}", file=sys.stderr, flush=True)


def made(path: os.PathLike[str] | str) -> None:
    """Tells programs of a file or folder that is ready; people are told by `say`."""
    if _form:
        _tell("made", path=str(path))


def reporter(what: str) -> Callable[[float], bool]:
    """Returns a progress callback: on a terminal a line with percent and time to go, elsewhere a line for each tenth, for programs each percent."""
    begin, last = time.monotonic(), -1
    on_terminal = sys.stderr.isatty() and not _form
    step = 100 if on_terminal or _form else 10

    def report(fraction: float) -> bool:
        nonlocal last
        done = int(fraction * step)
        if done > last:
            last = done
            left = (time.monotonic() - begin) * (1.0 - fraction) / fraction if fraction > 0.0 else None
            if _form:
                _tell("progress", what=what, fraction=round(fraction, 4), seconds_left=None if left is None else round(left, 1))
                return True
            line = f"{what}: {fraction:4.0%}" + (f", {left:.0f} s to go" if left is not None and fraction < 1.0 else "")
            if not on_terminal or fraction >= 1.0:
                say(f"{line:<60}" if on_terminal else line)
            else:
                print(f"{line:<60}", end="\r", file=sys.stderr, flush=True)
        return True

    return report


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps Blender's line per rendered tile off the terminal: it writes to the process's own standard output."""
    global _out
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    _out = kept
    try:
        yield
    finally:
        _out = 1
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


_out = 1
"""Where JSON lines go: standard output, also while Blender is kept off it."""


def _tell(event: str, **fields: object) -> None:
    told = [json.dumps({"event": event, **fields})] if _form == "json" else openjd.lines(event, fields)
    sys.stdout.flush()
    os.write(_out, "".join(f"{line}\n" for line in told).encode())
