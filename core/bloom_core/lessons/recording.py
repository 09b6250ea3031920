"""Recording a lesson: training its networks anew. Needs PyTorch."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bloom_core.lessons.lesson import Lesson
from bloom_core.lessons.lesson_files import LessonError, lessons


def record_lesson(name: str, seed: int | None = None) -> Lesson:
    """Trains the networks of lesson `name` and returns what was recorded; `seed`: of other first weights than those of the lesson that comes along.

    The same seed gives the same lesson, but for the seconds that its runs tell. Raises LessonError for an unknown name, or where PyTorch is missing.
    """
    if name not in lessons():
        raise LessonError(f"{name}: no such lesson. There are: {', '.join(lessons())}.")
    if importlib.util.find_spec("torch") is None:
        raise LessonError(
            f"To train the lesson {name} anew, PyTorch is needed, which is not installed. Install it with: pip install 'bloom-core[train]'. "
            "The recording that comes along needs none of it: bloom lesson --recorded."
        )
    record: Callable[..., Lesson] = importlib.import_module(f"bloom_core.lessons.{name}").record
    with _one_thread():
        return record() if seed is None else record(seed)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Lets PyTorch compute in one thread: such small networks gain nothing by more, and one always adds up in the same order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
