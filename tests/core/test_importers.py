"""Folders of epoch embeddings: the original's own, and broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bloom_core.importers import import_embeddings
from bloom_core.trajectory import RunError, pack_run, read_run, write_run


def put(folder: Path, epoch: int, lines: list[str], side: str = "tgt") -> Path:
    path = folder / f"{epoch}.pt-{side}_embeddings.txt"
    path.write_bytes(("\n".join(lines) + "\n").encode())
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for epoch in range(1, 5):
        put(tmp_path, epoch, [f"w{row} {epoch / (row + 1):.6f} {row * epoch:.6f} {1 / epoch:.6f}" for row in range(6)])
    return tmp_path


def test_the_originals_embeddings(shared_data: Path, tmp_path: Path) -> None:
    run, warnings = import_embeddings(shared_data / "original-bloom" / "embeddings")
    assert run.embeddings is not None and run.embeddings.values.shape == (30, 345, 64)
    assert run.embeddings.words[:3] == ("<unk>", "<blank>", "que")
    expected = {1: 16.45, 2: 9.57, 4: 7.49, 7: 7.87, 12: 0.452, 29: 8e-6}  # ‖U‖ as learning.md §1c has it
    for step, size in expected.items():
        assert run.update_norm[step - 1, 0] == pytest.approx(size, rel=2e-3)
    assert len(warnings) == 1 and "from epoch 25 on" in warnings[0] and "1e-06" in warnings[0]
    assert np.linalg.norm(run.sketch[0, 0]) == pytest.approx(16.45, rel=0.3)
    assert run.reduction is not None and run.embeddings.reduction is not None
    write_run(run, tmp_path / "run")
    pack_run(tmp_path / "run", tmp_path / "run.bloom")
    again = read_run(tmp_path / "run.bloom")
    assert again.embeddings is not None and again.embeddings.words == run.embeddings.words
    np.testing.assert_array_equal(again.update_norm, run.update_norm)


def test_odd_tokens_are_kept(tmp_path: Path) -> None:
    tokens = ["a b", "", "\u00a0", "\x0b\x0c\u2028", "1.5 2.5", "é<>&\"'", "\ud55c\uae00", "\t"]
    for epoch in (1, 2):
        put(tmp_path, epoch, [f"{token} {epoch}.5 -1e-3 0" for token in [*tokens, "plain", "words", *"abcdefghijkl"]])
    run, _ = import_embeddings(tmp_path)
    assert run.embeddings is not None and run.embeddings.words[: len(tokens)] == tuple(tokens)
    np.testing.assert_allclose(run.embeddings.values[1, 0], [2.5, -1e-3, 0.0])


def test_header_line_and_windows_line_ends(tmp_path: Path) -> None:
    for epoch in (3, 4):
        (tmp_path / f"{epoch}.pt-tgt_embeddings.txt").write_bytes(f"2 3\r\na {epoch} 1 2\r\nb 1 2 3\r\n".encode())
    run, _ = import_embeddings(tmp_path)
    assert run.embeddings is not None and run.embeddings.words == ("a", "b")
    np.testing.assert_array_equal(run.embeddings.epochs, [3, 4])
    np.testing.assert_array_equal(run.epoch, [4])
    np.testing.assert_allclose(run.update_norm, [[1.0]])


def test_labels_of_the_sibling_file(folder: Path) -> None:
    labels = put(folder, 1, [f"right{row} 0 0 0" for row in range(6)], side="src")
    run, _ = import_embeddings(folder, labels=labels)
    assert run.embeddings is not None and run.embeddings.words[0] == "right0" and run.embeddings.values.shape == (4, 6, 3)
    put(folder, 1, ["right0 0 0 0"], side="src")
    with pytest.raises(RunError, match="1 tokens"):
        import_embeddings(folder, labels=labels)


def test_warns_of_gaps_and_identical_epochs(folder: Path) -> None:
    (folder / "4.pt-tgt_embeddings.txt").rename(folder / "6.pt-tgt_embeddings.txt")
    (folder / "2.pt-tgt_embeddings.txt").write_bytes((folder / "1.pt-tgt_embeddings.txt").read_bytes())
    _, warnings = import_embeddings(folder)
    assert any("epochs 4, 5 are missing" in warning for warning in warnings)
    assert any("epochs 1 and 2 hold identical" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("w3 1.0 2.0", "numbers where"),
        ("w3 1.0 2.0 three", "three"),
        ("w3 1.0 nan 2.0", "not finite"),
        ("w3 1.0 2.0 1e300", "not finite"),
        ("", "numbers where"),
    ],
)
def test_broken_lines_are_named(folder: Path, line: str, reason: str) -> None:
    path = folder / "2.pt-tgt_embeddings.txt"
    lines = path.read_text().splitlines()
    lines[3] = line
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(RunError, match=reason) as caught:
        import_embeddings(folder)
    assert f"{path}, line 4" in str(caught.value)


def test_epochs_that_do_not_belong_together(folder: Path) -> None:
    path = put(folder, 3, ["w0 1 2 3"] + [f"w{row} 1 2 3" for row in (1, 2, 9, 4, 5)])
    with pytest.raises(RunError, match="'w9' where the first epoch has 'w3'") as caught:
        import_embeddings(folder)
    assert str(path) in str(caught.value)
    put(folder, 3, ["w0 1 2 3"])
    with pytest.raises(RunError, match="must have the same words"):
        import_embeddings(folder)


def test_things_that_are_no_embeddings(folder: Path, tmp_path: Path) -> None:
    path = folder / "2.pt-tgt_embeddings.txt"
    path.write_bytes(path.read_bytes()[:40] + b"\xff\xfe")
    with pytest.raises(RunError, match="line 2: not UTF-8"):
        import_embeddings(folder)
    path.write_bytes(b"")
    with pytest.raises(RunError, match="no token followed by numbers"):
        import_embeddings(folder)
    with pytest.raises(RunError, match="holds 0 files"):
        import_embeddings(folder, side="src")
    with pytest.raises(RunError, match="is not a folder"):
        import_embeddings(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="side"):
        import_embeddings(folder, side="left")


def test_works_without_scikit_learn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bloom_core.reduction.available", lambda: False)
    run, _ = import_embeddings(folder)
    assert run.reduction is None and run.positions().shape == (3, 32)
