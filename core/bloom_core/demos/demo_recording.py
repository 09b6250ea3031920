"""Recording a demo's training into one packed run, kept also when the training is interrupted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bloom_core import recorder
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.trajectory import pack_run


@contextmanager
def recording(
    model: Any, optimizer: Any, file: Path, about: Mapping[str, Any], parts: Mapping[str, str | Sequence[str]] | None = None
) -> Iterator[recorder.Recorder]:
    """Gives the recorder of a training; at the end, and when it is interrupted with Ctrl-C, the steps made are packed into `file`.

    While it runs, the run is a folder beside `file` with the ending `.recording`, which can be opened too. An interrupt is passed on with a note that
    says what was kept. Raises RunError.
    """
    folder = file.with_suffix(".recording")
    if folder.exists():
        raise RunError(f"{folder}: left by a training that was cut off. It opens as a run; move it away or delete it, then train again.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{file.parent}: cannot be made a folder ({error.strerror}). Choose another.") from error
    run = recorder.record(model, optimizer, folder, meta=about, parts=parts)
    try:
        with run:
            yield run
    except KeyboardInterrupt as error:
        if run.step:
            error.add_note(f"{file}: keeps the steps made so far")
        raise
    finally:
        if run.step:
            pack_run(folder, file)
        shutil.rmtree(folder, ignore_errors=True)  # not where packing failed: then the folder is the run
