"""The README's example of recording runs as it is written there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bloom_core.trajectories.trajectory import read_run

README = Path(__file__).parents[2] / "README.md"


def test_the_recording_example_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; the recorder is part of the extra `train`")
    examples = [code for code in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S) if "bloom_core.record(" in code]
    assert len(examples) == 1
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 2)
    there = {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "batches": [(torch.randn(8, 4), torch.randn(8, 2)) for _ in range(12)],
        "loss_of": torch.nn.functional.mse_loss,
    }
    monkeypatch.chdir(tmp_path)
    exec(compile(examples[0], str(README), "exec"), there)
    found = read_run(tmp_path / "run")
    assert found.meta["closed"] and len(found.steps) == 12 and np.isfinite(found.loss).all()
    np.testing.assert_array_equal(found.batch_id, np.arange(12))
