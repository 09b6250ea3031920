"""Recording a PyTorch training run, optimizer step by optimizer step.

    import bloom_core

    with bloom_core.record(model, optimizer, "run.bloom") as run:
        for batch_id, batch in enumerate(batches):
            ...
            optimizer.step()
            run.log(loss=loss, batch_id=batch_id)

Needs PyTorch (extra `train`), which is imported only when a recording starts. Every step is measured on the device where the parameters
are, without waiting for it, and written by a thread of its own; whatever goes wrong there ends the recording with one warning, never the
training.
"""

from __future__ import annotations

from bloom_core.recorder.session import FLUSH_STEPS, Recorder, record

__all__ = ["FLUSH_STEPS", "Recorder", "record"]
