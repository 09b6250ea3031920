"""Folders of word vectors, a text file an epoch: the original's own, other tools' forms, swapped words, and broken files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from bloom_core.cli import main
from bloom_core.importers import token_embeddings, word_vector_files
from bloom_core.importers.word_vectors import import_word_vectors, looks_like
from bloom_core.trajectories.run_model import Trajectory
from bloom_core.trajectories.trajectory import RunError, pack_run, read_run, write_run

SPECIALS = ("<unk>", "<blank>", "<s>", "</s>")


def put(folder: Path, epoch: int, lines: list[str], side: str = "tgt") -> Path:
    path = folder / f"{epoch}.pt-{side}_embeddings.txt"
    path.write_bytes(("\n".join(lines) + "\n").encode())
    return path


def write_epochs(folder: Path, words: tuple[str, ...], still: tuple[int, ...], side: str = "tgt", seed: int = 0) -> None:
    """Writes 4 epochs of random walks; the rows `still` never move."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(len(words), 8))
    for epoch in range(1, 5):
        put(folder, epoch, [f"{word} " + " ".join(f"{value:.6f}" for value in row) for word, row in zip(words, table, strict=True)], side)
        step = rng.normal(size=table.shape)
        step[list(still)] = 0.0
        table = table + step


def words_of(run: Trajectory) -> tuple[str, ...]:
    assert run.embeddings is not None
    return run.embeddings.words


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "vectors"
    folder.mkdir()
    for epoch in range(1, 5):
        put(folder, epoch, [f"w{row} {epoch / (row + 1):.6f} {row * epoch:.6f} {1 / epoch:.6f}" for row in range(6)])
    return folder


def test_the_originals_embeddings(shared_data: Path, tmp_path: Path) -> None:
    run, warnings = import_word_vectors(shared_data / "original-bloom" / "embeddings")
    assert run.embeddings is not None and run.embeddings.values.shape == (30, 345, 64)
    assert words_of(run)[:3] == ("<unk>", "<blank>", "que")
    expected = {1: 16.45, 2: 9.57, 4: 7.49, 7: 7.87, 8: 5.05, 9: 2.74, 12: 0.452, 16: 0.0324, 20: 2.0e-3, 29: 8e-6}
    for step, size in expected.items():  # ‖U‖ as it was measured before
        assert run.update_norm[step - 1, 0] == pytest.approx(size, rel=2e-2 if step == 20 else 2e-3)
    swapped, rounded = warnings
    assert "line 4 of 1.pt-tgt_embeddings.txt, 'no', never moves" in swapped and "--labels" in swapped
    assert "from epoch 25 on" in rounded and "1e-06" in rounded
    assert run.sketch is not None and np.linalg.norm(run.sketch[0, 0]) == pytest.approx(16.45, rel=0.3)
    assert run.reduction is not None and run.embeddings.reduction is not None
    write_run(run, tmp_path / "run")
    pack_run(tmp_path / "run", tmp_path / "run.bloom")
    again = read_run(tmp_path / "run.bloom")
    assert words_of(again) == words_of(run)
    np.testing.assert_array_equal(again.update_norm, run.update_norm)


def test_the_original_with_the_words_of_the_other_side(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    for entry in (shared_data / "original-bloom" / "embeddings").iterdir():
        (folder / entry.name).symlink_to(entry)
    words = (*SPECIALS, *(f"english{row}" for row in range(4, 345)))
    put(folder, 1, [f"{word} 0.5 0.25" for word in words], side="src")
    _, warnings = import_word_vectors(folder)
    assert "swapped" in warnings[0] and "'</s>' in 1.pt-src_embeddings.txt" in warnings[0] and "--swap-labels" in warnings[0]
    assert main(["import", str(folder), "-o", str(tmp_path / "run.bloom"), "--swap-labels"]) == 0
    run = read_run(tmp_path / "run.bloom")
    assert words_of(run) == words
    # What never moves bears the names of what is never fed to a decoder, and <s>, which always is, moves.
    assert run.embeddings is not None
    moved = np.ptp(run.embeddings.values, axis=0).max(axis=1) > 0.0
    assert [words[row] for row in np.flatnonzero(~moved)] == ["<unk>", "<blank>", "</s>"]
    assert "swapped" not in capsys.readouterr().err


def neighbours(run: Trajectory, word: str) -> set[str]:
    """Returns the two words whose last vectors make the smallest angles with a word's."""
    assert run.embeddings is not None
    last = run.embeddings.values[-1] / np.linalg.norm(run.embeddings.values[-1], axis=1, keepdims=True)
    order = np.argsort(-last @ last[words_of(run).index(word)])
    return {words_of(run)[row] for row in order[1:3]}


def test_swapped_labels_make_sense_of_neighbours(tmp_path: Path) -> None:
    """Two tables whose rows mean something, written with each other's words as OpenNMT-py did."""
    english = (*SPECIALS, *(f"{group}{number}" for number in range(3) for group in ("he", "is", "yes", "the", "of", "to", "red", "one")))
    spanish = (*SPECIALS[:2], *(f"{group}{number}" for group in ("el", "es", "sí", "la", "de", "a", "rojo", "uno") for number in range(3)), "¿", "¡")
    rng = np.random.default_rng(3)
    meaning = rng.normal(size=(8, 16))
    table = np.concatenate([rng.normal(size=(4, 16)), np.tile(meaning, (3, 1)) + 0.2 * rng.normal(size=(24, 16))])
    for epoch in range(1, 4):
        step = 0.05 * rng.normal(size=table.shape) * (epoch > 1)
        step[[0, 1, 3]] = 0.0
        table = table + step
        put(tmp_path, epoch, [f"{word} " + " ".join(f"{value:.6f}" for value in row) for word, row in zip(spanish, table, strict=True)])
        put(tmp_path, epoch, [f"{word} " + " ".join(["0.1"] * 16) for word in english], side="src")
    run, warnings = import_word_vectors(tmp_path)
    assert any("--swap-labels" in warning for warning in warnings) and neighbours(run, "es0") != {"es1", "es2"}
    run, warnings = import_word_vectors(tmp_path, swap_labels=True)
    assert neighbours(run, "he0") == {"he1", "he2"} and neighbours(run, "yes0") == {"yes1", "yes2"}
    assert not any("swap" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("words", "still"),
    [
        ((*SPECIALS, *"abcdefghijklmnop"), (0, 1, 3)),
        (("<pad>", *"abcdefghijklmnopqrs"), (0,)),
        (("[PAD]", "[UNK]", *"abcdefghijklmnopqr"), (0, 19)),
        (tuple("abcdefghijklmnopqrst"), (3,)),
        ((*SPECIALS, *"abcdefghijklmnop"), tuple(range(4, 12))),
    ],
    ids=["decoder", "padding", "rare word", "no special tokens", "hardly trained"],
)
def test_clean_folders_are_not_suspected(tmp_path: Path, words: tuple[str, ...], still: tuple[int, ...]) -> None:
    write_epochs(tmp_path, words, still)
    assert import_word_vectors(tmp_path)[1] == []


def test_the_other_sides_words_must_explain_the_row(tmp_path: Path) -> None:
    words = ("<unk>", "<blank>", *"abcdefghijklmnopqr")
    write_epochs(tmp_path, words, (0, 1, 3))
    assert "words seem to be those of another table" in import_word_vectors(tmp_path)[1][0]
    put(tmp_path, 1, [f"{word} 1 2" for word in ("<unk>", "<blank>", *"ABCDEFGHIJKLMNOPQR")], side="src")
    assert import_word_vectors(tmp_path)[1] == []


def test_other_tools_forms(tmp_path: Path) -> None:
    """GloVe's bare lines, word2vec's and fastText's header and spaces at the ends of lines, all of them compressed or not."""
    body = {epoch: [f"{word} {epoch / 3:.5f} {index}.25 -1e-3" for index, word in enumerate(("the", "of", "años"))] for epoch in (1, 2, 3)}
    forms = {
        "glove": ("vectors.00{}.txt", lambda lines: "\n".join(lines) + "\n"),
        "word2vec": ("w2v-epoch-{}.txt.gz", lambda lines: "3 3\n" + "".join(f"{line} \n" for line in lines)),
        "fasttext": ("model.2024.dim3.epoch{}.vec", lambda lines: "3 3\n" + "".join(f"{line} \n" for line in lines)),
        "windows": ("{}.vec.gz", lambda lines: "\r\n".join(lines)),
    }
    for name, (pattern, form) in forms.items():
        folder = tmp_path / name
        folder.mkdir()
        for epoch, lines in body.items():
            data = form(lines).encode()
            (folder / pattern.format(epoch)).write_bytes(gzip.compress(data) if pattern.endswith(".gz") else data)
        assert looks_like(folder)
        run, warnings = import_word_vectors(folder)
        assert words_of(run) == ("the", "of", "años") and not warnings
        np.testing.assert_array_equal(run.epoch, [2, 3])
        np.testing.assert_allclose(run.update_norm, np.sqrt(3) / 3, rtol=1e-4)


def test_epochs_with_other_words_or_orders(folder: Path) -> None:
    whole, _ = import_word_vectors(folder)
    path = folder / "3.pt-tgt_embeddings.txt"
    path.write_text("\n".join(reversed(path.read_text().splitlines())) + "\n")
    run, warnings = import_word_vectors(folder)
    assert any("different orders" in warning for warning in warnings)
    np.testing.assert_array_equal(run.update_norm, whole.update_norm)
    path.write_text(path.read_text() + "new 1 2 3\n")
    run, warnings = import_word_vectors(folder)
    assert any("1 are not in every epoch" in warning and "the 6 common ones" in warning for warning in warnings)
    np.testing.assert_array_equal(run.update_norm, whole.update_norm)
    with pytest.raises(RunError, match="epochs have different words"):
        import_word_vectors(folder, labels=folder / "1.pt-tgt_embeddings.txt")
    put(folder, 3, ["x 1 2 3", "y 2 3 4"])
    with pytest.raises(RunError, match="no word is in all of its files"):
        import_word_vectors(folder)
    put(folder, 3, [f"w{row} 1 2" for row in range(6)])
    with pytest.raises(RunError, match=r"3\.pt-tgt_embeddings\.txt: vectors of 2 numbers"):
        import_word_vectors(folder)


def test_large_vocabularies_keep_what_moved_farthest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = token_embeddings.MAX_ROWS + 100
    for epoch in (1, 2):
        put(tmp_path, epoch, [f"w{row} {epoch * row}.0 1.0" for row in range(count)])
    run, warnings = import_word_vectors(tmp_path)
    assert words_of(run) == tuple(f"w{row}" for row in range(100, count)) and "moved farthest" in warnings[0]
    assert run.update_norm[0, 0] == pytest.approx(np.linalg.norm(np.arange(count)))
    assert run.layers[0].shape == (count, 2)
    monkeypatch.setattr(word_vector_files, "MAX_TABLE_BYTES", 30_000)
    with pytest.raises(RunError, match="claims"):
        import_word_vectors(tmp_path)


def test_odd_tokens_are_kept(tmp_path: Path) -> None:
    tokens = ["a b", "", "\u00a0", "\x0b\x0c\u2028", "1.5 2.5", "é<>&\"'", "\ud55c\uae00", "\t"]
    for epoch in (1, 2):
        put(tmp_path, epoch, [f"{token} {epoch}.5 -1e-3 0" for token in [*"mnopqrstuv", *tokens, "plain", "words", *"abcdefghijkl"]])
    run, _ = import_word_vectors(tmp_path)
    assert words_of(run)[10 : 10 + len(tokens)] == tuple(tokens)
    assert run.embeddings is not None
    np.testing.assert_allclose(run.embeddings.values[1, 10], [2.5, -1e-3, 0.0])


def test_warns_of_gaps_and_identical_epochs(folder: Path) -> None:
    (folder / "4.pt-tgt_embeddings.txt").rename(folder / "6.pt-tgt_embeddings.txt")
    (folder / "2.pt-tgt_embeddings.txt").write_bytes((folder / "1.pt-tgt_embeddings.txt").read_bytes())
    _, warnings = import_word_vectors(folder)
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
@pytest.mark.parametrize("epoch", [1, 2])
def test_broken_lines_are_named(folder: Path, line: str, reason: str, epoch: int) -> None:
    path = folder / f"{epoch}.pt-tgt_embeddings.txt"
    lines = path.read_text().splitlines()
    lines[3] = line
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(RunError, match=reason) as caught:
        import_word_vectors(folder)
    assert f"{path}, line 4" in str(caught.value)


def test_things_that_are_no_word_vectors(folder: Path, tmp_path: Path) -> None:
    path = folder / "2.pt-tgt_embeddings.txt"
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + b"\xff\xfe")
    with pytest.raises(RunError, match="line 2: not UTF-8"):
        import_word_vectors(folder)
    path.write_bytes(b"")
    with pytest.raises(RunError, match="no token followed by numbers"):
        import_word_vectors(folder)
    path.write_bytes(b"7 3\n" + whole)
    with pytest.raises(RunError, match="ends after 6 words of 7"):
        import_word_vectors(folder)
    with pytest.raises(RunError, match="no two files of the side src"):
        import_word_vectors(folder, side="src")
    with pytest.raises(RunError, match="is not a folder"):
        import_word_vectors(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="side"):
        import_word_vectors(folder, side="left")
    with pytest.raises(RunError, match="no files of the other side"):
        import_word_vectors(folder, swap_labels=True)
    for epoch in (1, 2, 3):
        (folder / f"{epoch}.pt-tgt_embeddings.txt").unlink()
    with pytest.raises(RunError, match="two epochs at least"):
        import_word_vectors(folder)
    assert not looks_like(folder) and not looks_like(path)


def test_broken_compression(tmp_path: Path) -> None:
    data = gzip.compress(b"".join(b"word%d 0.5 %d.0\n" % (row, row) for row in range(2000)))
    for epoch in (1, 2):
        (tmp_path / f"{epoch}.txt.gz").write_bytes(data)
    (tmp_path / "2.txt.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(RunError, match=r"2\.txt\.gz, after line \d+: cannot be read"):
        import_word_vectors(tmp_path)
    (tmp_path / "2.txt.gz").write_bytes(gzip.compress(b"a" * (word_vector_files.MAX_LINE_BYTES * 3)))
    with pytest.raises(RunError, match="line 1: longer than"):
        import_word_vectors(tmp_path)


def test_works_without_scikit_learn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bloom_core.trajectories.reduction.available", lambda: False)
    run, _ = import_word_vectors(folder)
    assert run.reduction is None
