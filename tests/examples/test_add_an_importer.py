"""docs/add-an-importer.md, carried out in a copy of the project: its importer imports, and refuses what it says it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from bloom_core.trajectories.trajectory import read_run
from tests.examples.pages import Copy, blocks


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = Copy(tmp_path_factory.mktemp("importer"))
    for block in blocks("add-an-importer.md"):
        made.work(block)
    return made


def test_the_page_s_run_is_the_training(copy: Copy) -> None:
    run = read_run(copy.folder / "saved.bloom")
    assert run.steps.tolist() == list(range(20, 201, 20)) and run.meta["source"] == "NumPy archives"
    assert [layer.name for layer in run.layers] == ["first.w", "second.w"] and run.parts == ("first", "second")
    with np.load(copy.folder / "saved" / "step_00020.npz") as before, np.load(copy.folder / "saved" / "step_00040.npz") as after:
        moved = [np.linalg.norm(after[name].astype(float) - before[name]) for name in ("first.w", "second.w")]
    np.testing.assert_allclose(run.update_norm[1], moved, rtol=1e-5)
    assert run.loss[-1] < 0.5 * run.loss[0] and np.all(run.lr == np.float32(0.1))


def test_the_command_lists_the_kind_and_its_options_work(copy: Copy) -> None:
    assert "numpy" in copy.run(".venv/bin/bloom import --help")
    copy.run(".venv/bin/bloom import saved -o parts.bloom --kind numpy --part all=*")
    assert read_run(copy.folder / "parts.bloom").parts == ("all",)


def test_a_damaged_archive_gives_one_line_and_no_run(copy: Copy) -> None:
    path = copy.folder / "saved" / "step_00100.npz"
    whole = path.read_bytes()
    try:
        for content in (b"", whole[:100], whole[:-10], whole.replace(b"'<f4'", b"'|O8'")):
            path.write_bytes(content)
            said = copy.run(".venv/bin/bloom import saved -o broken.bloom", code=1)
            assert "step_00100.npz" in said and "Traceback" not in said and said.count("\n") == 1
            assert not (copy.folder / "broken.bloom").exists()
    finally:
        path.write_bytes(whole)
