"""When moments are shown: captions can be read, later steps come faster, acts follow each other, and a flower has arrived where its moment begins."""

from __future__ import annotations

import numpy as np
import pytest

from bloom_core.lessons import lesson_files, timing
from bloom_core.lessons.lesson import Act, Caption, Lesson


def act(stages: list[str], captions: dict[int, str] | None = None) -> Act:
    count = len(stages)
    rows = np.cumsum([stage in ("whole", "update") for stage in stages]).astype(np.int64)
    steps = np.arange(rows[-1] + 1, dtype=np.int64) * 2
    said = tuple(Caption(moment, text) for moment, text in (captions or {}).items())
    empty = np.zeros((count, 0))
    return Act("act", "Act", (), (), steps, {}, np.zeros(len(steps)), rows, np.zeros(count, np.int64), tuple(stages), empty, empty, said)


def lesson(*acts: Act) -> Lesson:
    return Lesson("test", "Test", acts, (b"",) * len(acts))


def lasting(times: timing.Timing, number: int = 0) -> np.ndarray:
    return np.diff(np.append(times.frames[number], times.act_ends()[number] + 1)) / times.fps


def test_captions_stay_until_they_are_read() -> None:
    words = " ".join(["word"] * 40)
    times = timing.time_lesson(lesson(act(["input", "sum", "loss", "update"], {0: "a short one", 1: words})))
    found = lasting(times)
    assert found[0] == pytest.approx(timing.WALKED, abs=0.05)
    assert found[1:].sum() - timing.PAUSE == pytest.approx(timing.GLANCE + 40 / timing.WORDS_PER_SECOND, abs=0.1)


def test_the_same_words_with_other_numbers_are_not_waited_for() -> None:
    text = "the weight is now {weight:+.2f}, and everything else is as it was before this step, as one can see in the picture"
    told = act(["whole"] * 60, {moment: text for moment in range(60)})
    assert timing.time_lesson(lesson(told)).seconds < timing.PASSING + timing.PAUSE + timing.reading_time(told.captions[0])


def test_later_steps_come_ever_faster_by_the_power_law() -> None:
    found = lasting(timing.time_lesson(lesson(act(["whole"] * 5)), fps=1000.0))[:-1]
    assert found == pytest.approx([5.0 * k ** (-1 / 3) for k in range(1, 5)], abs=0.01)
    long = lasting(timing.time_lesson(lesson(act(["whole"] * 200)), fps=1000.0))[:-1]
    assert (np.diff(long) <= 0.002).all() and long[0] / long[-1] == pytest.approx(5.0, rel=0.05)
    assert long.sum() == pytest.approx(timing.PASSING, rel=0.02)


def test_acts_follow_each_other_and_speed_shortens_them() -> None:
    two = lesson(act(["input", "sum"] + ["whole"] * 20, {0: "one two three"}), act(["whole"] * 10))
    slow, fast, fastest = (timing.time_lesson(two, speed=speed, first=7) for speed in (1.0, 4.0, 100.0))
    assert fast.seconds == pytest.approx(slow.seconds / 4, rel=0.02)
    for times in (slow, fast, fastest):
        every = np.concatenate([*times.frames, [times.last + 1]])
        assert every[0] == 7 and (np.diff(every) >= 1).all(), "each moment has its frame"
        assert times.act_ends() == (int(times.frames[1][0]) - 1, times.last)
    assert fastest.last - 7 + 1 < 1.5 * 32


def test_a_frame_is_found_again_in_both_directions() -> None:
    times = timing.time_lesson(lesson(act(["input"] * 3), act(["whole"] * 4)))
    begins = [int(frame) for frames in times.frames for frame in frames]
    frame, visited = begins[0], [begins[0]]
    for _ in begins[1:]:
        frame = times.neighbour(frame, 1)
        visited.append(frame)
    assert visited == begins and times.neighbour(frame, 1) == begins[-1] and times.neighbour(begins[0], -1) == begins[0]
    assert times.neighbour(begins[3] + 2, -1) == begins[3] and times.neighbour(begins[3], -1) == begins[2]
    assert [times.at(begin) for begin in begins] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 3)]
    assert times.at(begins[4] - 1) == (1, 0) and times.at(-50) == (0, 0) and times.at(times.last + 50) == (1, 3)
    again = timing.read(times.text())
    assert again is not None and again.text() == times.text()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"frames":[[3,2]],"last":9,"fps":24}', '{"frames":[],"last":9,"fps":24}', '{"frames":[[1]],"last":0,"fps":24}']
)
def test_what_is_no_timing_is_not_taken_for_one(text: str) -> None:
    assert timing.read(text) is None


def test_what_a_flower_shows_has_arrived_when_its_moment_begins() -> None:
    told = act(["input", "update", *["whole"] * 30], {0: "one two three four five six"})
    times = timing.time_lesson(lesson(told))
    frames, last = times.frames[0], times.last
    shown = timing.shown_steps(told, frames, last, times.fps)
    assert len(shown) == last - int(frames[0]) + 1 and (np.diff(shown) >= 0).all()
    assert shown[frames - frames[0]].tolist() == told.steps[told.rows].tolist()
    before = shown[int(frames[1]) - int(frames[0]) - 3]
    assert 0.0 < before < 2.0, "it moves on shortly before a moment that follows slowly"
    for moment in range(len(frames) - 1):
        if frames[moment + 1] - frames[moment] < times.fps * timing.EASED:
            assert set(shown[frames[moment] - frames[0] : frames[moment + 1] - frames[0]]) == {told.steps[told.rows[moment]]}


@pytest.mark.parametrize("name", lesson_files.lessons())
def test_the_acts_last_as_long_as_they_may(name: str) -> None:
    told = lesson_files.read_lesson(name)
    times = timing.time_lesson(told)
    assert 45.0 < times.seconds < 180.0 * len(told.acts), times.seconds
    for number, each in enumerate(told.acts):
        assert (np.diff(each.rows) >= 0).all(), "a flower cannot grow backwards"
        assert len(times.frames[number]) == len(each.stages)


@pytest.mark.parametrize(("speed", "fps"), [(0.0, 24.0), (101.0, 24.0), (1.0, 0.0), (float("nan"), 24.0)])
def test_numbers_out_of_range_are_refused(speed: float, fps: float) -> None:
    with pytest.raises(ValueError, match="choose"):
        timing.time_lesson(lesson(act(["whole"])), speed=speed, fps=fps)
