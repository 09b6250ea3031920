"""The examples of docs/recording-callbacks.md, run as they are written there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bloom_core.trajectories.trajectory import read_run

torch = pytest.importorskip("torch", reason="PyTorch is not installed; the recorder is part of the extra `train`")

GUIDE = Path(__file__).parents[2] / "docs" / "recording-callbacks.md"
EXAMPLES = {
    "Lightning": ("lightning", "autoencoder.bloom", 48),
    "Hugging Face Trainer": ("transformers", "gpt.bloom", 32),
    "Keras": ("keras", "keras.bloom", 48),
}


@pytest.mark.filterwarnings("ignore")  # of the libraries' own
@pytest.mark.parametrize("heading", EXAMPLES)
def test_example_runs_as_written(heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, name, steps = EXAMPLES[heading]
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip(library, reason=f"{library} is not installed")
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    assert section is not None
    code = re.search(r"^```python\n(.*?)^```", section[1], re.M | re.S)
    assert code is not None
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    exec(compile(code[1], f"{GUIDE.name}: {heading}", "exec"), {"__name__": "example"})
    run = read_run(tmp_path / name)
    assert len(run.steps) == steps and run.meta["closed"] and run.meta["ended"] == "complete"
    for known in (run.loss, run.raw_gradient_norm, run.lr, run.epoch):
        assert np.isfinite(known).all()
    assert (run.update_size() > 0).all() and (run.embeddings is not None) == ("embeddings=" in code[1])
