"""What the lesson "songs" teaches is so: no single neuron can learn the four songs, and a hidden layer can."""

from __future__ import annotations

import numpy as np
import pytest

from bloom_core.lessons import songs_words
from bloom_core.lessons.lesson_files import read_lesson

SONGS = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=np.float64)
LIKED = np.array([0, 1, 1, 0], dtype=np.float64)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(values, -700.0, 700.0)))


def losses(weights: np.ndarray) -> np.ndarray:
    """Returns the mean loss of single neurons with weights (…, 3)."""
    return np.mean((sigmoid(weights @ SONGS.T) - LIKED) ** 2, axis=-1)


def test_no_single_neuron_is_better_than_one_quarter() -> None:
    random = np.random.default_rng(1)
    for size in (0.01, 0.3, 1.0, 5.0, 50.0):
        weights = random.normal(size=(20_000, 3)) * size
        assert losses(weights).min() >= 0.25 - 1e-12
    weights = random.normal(size=(400, 3)) * 3.0
    for _ in range(3000):  # and downhill from many places, too, none gets below it
        outputs = sigmoid(weights @ SONGS.T)
        weights = weights - 2.0 * ((outputs - LIKED) / 2.0 * outputs * (1.0 - outputs)) @ SONGS
        assert losses(weights).min() >= 0.25 - 1e-12
    assert losses(np.zeros(3)) == 0.25


def test_every_line_leaves_a_song_on_the_wrong_side() -> None:
    weights = np.random.default_rng(2).normal(size=(200_000, 3)) * [1.0, 1.0, 1.5]
    answers = weights @ SONGS.T > 0.0
    assert not np.any(np.all(answers == (LIKED == 1.0), axis=1))
    patterns = {"".join(map(str, row.astype(int))) for row in answers}
    assert patterns == set(songs_words.MEANINGS)  # all that a neuron can stand for has a name, and only that


def test_the_lesson_shows_it() -> None:
    alone, hidden = read_lesson("songs").acts
    assert alone.losses.min() >= 0.25 and alone.losses[-1] == pytest.approx(0.25, abs=1e-7)
    assert np.abs(alone.parameters["answer.weight"][-1]).max() < 0.005
    last = alone.rows == len(alone.steps) - 1
    sure = alone.node_values[last, [node.name for node in alone.nodes].index("sigmoid")]
    assert set(alone.examples[last]) == {0, 1, 2, 3} and sure == pytest.approx(np.full(len(sure), 0.5), abs=1e-3)
    assert hidden.losses[-1] < 0.005
    inner = sigmoid(SONGS @ hidden.parameters["hidden.weight"][-1].T)
    outputs = sigmoid(inner @ hidden.parameters["answer.weight"][-1][0] + hidden.parameters["answer.bias"][-1])
    assert np.array_equal(outputs >= 0.5, LIKED == 1.0)


def test_the_film_says_why() -> None:
    alone, hidden = read_lesson("songs").acts
    said = [caption for caption in hidden.captions if "meaning" in caption.values]
    inner = sigmoid(SONGS @ hidden.parameters["hidden.weight"][-1].T)
    assert [caption.values["meaning"] for caption in said] == ["modern or sad", "modern and sad"]
    for unit, caption in enumerate(said):
        assert [caption.values[f"say_{place}"] for place in (1, 2, 3, 4)] == pytest.approx(inner[:, unit].tolist(), abs=1e-12)
        named = {"modern or sad": [0, 1, 1, 1], "modern and sad": [0, 0, 0, 1]}[str(caption.values["meaning"])]
        assert (inner[:, unit] >= 0.5).astype(int).tolist() == named
        assert np.abs(inner[:, unit] - 0.5).min() > 0.3  # and clearly so
    (combined,) = [caption.values for caption in hidden.captions if "sense_1" in caption.values]
    assert (combined["sense_1"], combined["sense_2"]) == ("for it", "against it")
    assert float(combined["weight_1"]) > 0.0 > float(combined["weight_2"])
    (corners,) = [caption.values for caption in hidden.captions if "liked_1" in caption.values]
    liked = [[corners["liked_1"], corners["liked_2"]], [corners["liked_3"], corners["liked_4"]]]
    assert np.ptp(np.array(liked, dtype=np.float64), axis=0).max() < 0.05  # the two have come to the same place
    texts = {caption.text for act in (alone, hidden) for caption in act.captions}
    assert {songs_words.CORNERS, songs_words.ONE_WEIGHT, songs_words.EITHER, songs_words.SAME_PLACE, songs_words.END_HIDDEN} <= texts


def test_other_first_weights_that_get_stuck_are_told_as_such() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; this trains networks")
    from bloom_core.lessons import songs
    from bloom_core.lessons.songs_telling import hidden_act

    torch.set_num_threads(1)
    training = songs.train_network(songs.hidden_model(5), songs.RATE_HIDDEN, 200, "stuck").only([1, 10, 100, 200])
    act = hidden_act(training, 84)
    assert training.right[-1] < 4 and {songs_words.NOT_LEARNT, songs_words.OTHERS} <= {caption.text for caption in act.captions}
    assert not {songs_words.MEANING_1, songs_words.EITHER, songs_words.END_HIDDEN} & {caption.text for caption in act.captions}


def test_another_solution_is_told_as_what_it_is() -> None:
    """Hidden neurons may find other lines: then the liked songs do not come to the same place, and nothing says that they do."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; this trains networks")
    from bloom_core.lessons import songs
    from bloom_core.lessons.songs_telling import hidden_act

    torch.set_num_threads(1)
    training = songs.train_network(songs.hidden_model(6), songs.RATE_HIDDEN, songs.STEPS_HIDDEN, "another").only([1, 10, 100, 1000])
    act = hidden_act(training, 84)
    assert training.right[-1] == 4
    texts = {caption.text for caption in act.captions}
    assert songs_words.PARTED in texts and songs_words.SAME_PLACE not in texts and songs_words.EITHER in texts
    meanings = [caption.values["meaning"] for caption in act.captions if "meaning" in caption.values]
    assert sorted(meanings) == ["sad or not modern", "sad, but not modern"]
