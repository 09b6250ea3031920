"""Many small pieces of work on all cores, given back in their order.

For what numpy and the renderer do, which both let other Python threads run meanwhile.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

MOST = 8
"""Threads at most: between the native calls they wait for one another."""


def side_by_side(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Yields `make(item)` of each item, in order, as `map` does; the same number begins ahead as there are threads.

    What `make` raises is raised in its place. Nothing more begins once the iterator is closed, which waits for what has.
    """
    at_once = min(MOST, os.cpu_count() or 1)
    if at_once == 1:
        yield from map(make, items)
        return
    pool = ThreadPoolExecutor(at_once, "Bloom")
    begun: deque[Future[Made]] = deque()
    try:
        for item in items:
            begun.append(pool.submit(make, item))
            if len(begun) > at_once:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
