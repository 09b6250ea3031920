"""Showing how a training goes: epoch, loss, size of the update and time left, as a bar of rich or tqdm where one is installed."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

REFRESH_SECONDS = 0.2
"""Between two looks at the network; only then is the update measured (a copy of the parameters is made for it)."""


class Line(Protocol):
    """Something that shows one training: `update` while it goes, `write` a line above it, `close`."""

    def update(self, step: int, text: str) -> None: ...

    def write(self, text: str) -> None: ...

    def close(self) -> None: ...


class Progress:
    """Where trainings are shown: a live bar on a terminal, else only a line per epoch, on `stream` (standard error)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    @contextmanager
    def of(self, title: str, model: Any, epochs: int, steps: int) -> Iterator[Bar]:
        """Gives the bar of one training of `epochs` epochs of `steps` optimizer steps each."""
        line = _line(title, epochs * steps, self._stream)
        try:
            yield Bar(line, model, epochs, steps)
        finally:
            line.close()


class Bar:
    """The bar of one training; made by `Progress.of`."""

    def __init__(self, line: Line, model: Any, epochs: int, steps: int) -> None:
        self._line, self._model, self._epochs, self._steps = line, model, epochs, steps
        self._done = 0
        self._shown = -REFRESH_SECONDS

    @contextmanager
    def step(self, loss: Any) -> Iterator[None]:
        """Wraps the optimizer's step; `loss` is read only when the bar is due."""
        due = time.monotonic() - self._shown >= REFRESH_SECONDS or self._done + 1 == self._epochs * self._steps
        before = [parameter.detach().clone() for parameter in self._model.parameters()] if due else []
        yield
        self._done += 1
        if due:
            moved = (parameter.detach() - old for parameter, old in zip(self._model.parameters(), before, strict=True))
            size = sum(float(part.square().sum()) for part in moved) ** 0.5
            epoch = 1 + (self._done - 1) // self._steps
            self._line.update(self._done, f"epoch {epoch}/{self._epochs}  loss {float(loss.detach()):.4f}  update {size:.2e}")
            self._shown = time.monotonic()

    def epoch_done(self, text: str) -> None:
        """Writes a line about the epoch that the last step ended."""
        self._line.write(f"epoch {self._done // self._steps:2}  {text}")


class _Plain:
    """One line that is written over and over on a terminal; elsewhere it stays silent between the epochs."""

    def __init__(self, title: str, total: int, stream: TextIO) -> None:
        self._total, self._stream, self._started = total, stream, time.monotonic()
        self._width = 0
        print(title, file=stream)

    def update(self, step: int, text: str) -> None:
        if self._stream.isatty():
            left = (time.monotonic() - self._started) * (self._total - step) / max(1, step)
            text = f"{100 * step // self._total:3} %  {text}  {left:.0f} s left"
            print("\r" + text.ljust(self._width), end="", file=self._stream, flush=True)
            self._width = len(text)

    def write(self, text: str) -> None:
        self._clear()
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._width:
            print("\r" + " " * self._width + "\r", end="", file=self._stream, flush=True)
            self._width = 0


class _Rich:
    """A bar of rich."""

    def __init__(self, title: str, total: int, stream: TextIO) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (TextColumn(escape(title)), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[text]}"), TimeRemainingColumn())
        self._progress = RichProgress(*columns, console=Console(file=stream))
        self._progress.start()
        self._task = self._progress.add_task("", total=total, text="")

    def update(self, step: int, text: str) -> None:
        self._progress.update(self._task, completed=step, text=text)

    def write(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, markup=False)

    def close(self) -> None:
        self._progress.stop()


class _Tqdm:
    """A bar of tqdm."""

    def __init__(self, title: str, total: int, stream: TextIO) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=total, desc=title, file=stream, dynamic_ncols=True, leave=True)

    def update(self, step: int, text: str) -> None:
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(step - self._bar.n)

    def write(self, text: str) -> None:
        self._bar.write(text, file=self._bar.fp)

    def close(self) -> None:
        self._bar.close()


def _line(title: str, total: int, stream: TextIO) -> Line:
    """Returns the best bar there is for `stream`."""
    if stream.isatty():
        for name, kind in (("rich", _Rich), ("tqdm", _Tqdm)):
            if importlib.util.find_spec(name) is not None:
                return kind(title, total, stream)
    return _Plain(title, total, stream)
