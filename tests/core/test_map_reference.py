"""`make proof-map` in small: the native engine's float against an independent run with autograd in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bloom_core.trainability.making import make_map
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import overview

torch = pytest.importorskip("torch")
from ..proof import trainability  # noqa: E402

SIZE = 32


def test_agrees_with_an_independent_run(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        independent = trainability.independent_map(8, 100, SIZE, tmp_path)
    finally:
        torch.set_num_threads(before)
    experiment = PRESETS["preview"]
    found = trainability.compare(make_map(experiment, overview(experiment, (SIZE, SIZE)), engine=NativeEngine(1)).labels, independent)
    assert found.share >= trainability.BAR
    # The proof can fail: the map upside down, or of other data, does not agree.
    assert trainability.compare(independent[::-1].astype(np.uint8), independent).share < 0.7
    # Interrupted and taken up again, it trains nothing that is there.
    again = trainability.independent_map(8, 100, SIZE, tmp_path, lambda share: pytest.fail("a finished row was trained again"))
    assert (again == independent).all()
