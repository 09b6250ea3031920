"""Which arithmetic a view needs: the finer its pixels, the more digits.

A pixel's neighbours must differ in their hyperparameters by much more than what rounding does to them. Measured on the reference experiment: at
1e-5 decades from pixel to pixel, float still tells neighbours apart (its own step is 5e-8 decades); double's step is 1e-16.
"""

from __future__ import annotations

from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.outcomes import PRECISIONS, Engine
from bloom_core.trainability.views import View

FINEST = {"float": 1e-5, "double": 1e-13, "double-double": 1e-27}
"""The smallest pitch of a view, in decades, that each precision is good for."""


def precision_for(view: View) -> str:
    """Returns the cheapest precision that is good for the view. Raises MapError for one that is too deep for any."""
    for precision in PRECISIONS:
        if view.pitch >= FINEST[precision]:
            return precision
    raise MapError(
        f"This view's pixels are {view.pitch:.1g} apart, closer than {FINEST['double-double']:g}, where Bloom's arithmetic ends. Zoom out."
    )


def check_precision(engine: Engine, precision: str) -> str:
    """Returns the precision. Raises MapError where it is not one, or the engine lacks it."""
    if precision not in PRECISIONS:
        raise MapError(f"There is no precision {precision!r}; choose from {', '.join(PRECISIONS)}")
    if precision not in engine.precisions:
        raise MapError(
            f"The engine {engine.name} has {' and '.join(engine.precisions)}, and this view needs {precision}. Use the native engine, or zoom out."
        )
    return precision


def suffices(precision: str, view: View) -> bool:
    """Says whether the view's pixels are far enough apart for the precision."""
    return view.pitch >= FINEST[precision]
