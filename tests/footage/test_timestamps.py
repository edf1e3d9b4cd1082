"""From the times that a container claims to seconds: made-up claims, of every kind that goes wrong."""

import itertools
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from surveil.footage.timestamps import (
    LEARNING_STEPS,
    LONE_JUMP_SECONDS,
    LOOKAHEAD,
    MAX_GAP_SECONDS,
    FrameLoss,
    FrameTimes,
)

BASE = Fraction(1, 1000)
STEP = 40
"""Milliseconds from frame to frame: 25 a second."""
PLACES = st.integers(LEARNING_STEPS + 5, 60)


@dataclass(frozen=True)
class Frame:
    """What is asked of a frame."""

    pts: int | None
    dts: int | None = None
    time_base: Fraction = BASE
    width: int = 64
    height: int = 48


def times(fps=25, name="mp4", flags=0, start_time=None):
    container = SimpleNamespace(format=SimpleNamespace(name=name, flags=flags))
    stream = SimpleNamespace(time_base=BASE, average_rate=Fraction(fps), start_time=start_time)
    return FrameTimes(container, stream, 10.0)


def steady(count, begin=0):
    return [begin + STEP * i for i in range(count)]


def seconds_of(claims, made=None):
    made = made or times()
    return [item[1] for item in made.timed(map(Frame, claims))], made


@given(begin=st.integers(-(10**9), 10**9), count=st.integers(1, 60))
def test_even_frames_come_at_even_times_from_zero_on(begin, count):
    found, made = seconds_of(steady(count, begin))
    assert found == pytest.approx([0.04 * i for i in range(count)])
    assert made.is_plain
    assert made.gaps == []
    assert made.duration == pytest.approx(0.04 * count)


@settings(max_examples=300)
@example(claims=[0, 0, 2**60])  # one that goes on from nowhere is no proof that the one before was wrong
@example(claims=[0, 2**60, 2**59])
@given(claims=st.lists(st.none() | st.integers(-(10**7), 10**7) | st.integers(-(2**62), 2**62), max_size=50))
def test_whatever_is_claimed_every_frame_comes_once_in_order_at_ascending_times(claims):
    frames = [Frame(claim, width=number + 1) for number, claim in enumerate(claims)]
    found = list(times().timed(frames))
    assert [frame for frame, _ in found] == frames
    assert all(later > earlier for (_, earlier), (_, later) in itertools.pairwise(found))
    assert not found or found[0][1] >= 0
    assert all(later - earlier <= MAX_GAP_SECONDS for (_, earlier), (_, later) in itertools.pairwise(found))


@given(place=PLACES, wrong=st.integers(-(2**40), 2**40))
@example(place=15, wrong=640)
@example(place=50, wrong=2041)
@example(place=50, wrong=2062)
def test_one_wrong_time_moves_no_other_frame(place, wrong):
    claims = steady(80)
    claims[place] = wrong
    found, _ = seconds_of(claims)
    others = [i for i in range(80) if i != place]
    # A frame that claims the next one's time or a later one, short of a gap, may be right and that one wrong.
    within = 0.05 if claims[place - 1] + 2 * STEP <= wrong < claims[place - 1] + 3 * STEP else 1e-6
    assert [found[i] for i in others] == pytest.approx([0.04 * i for i in others], abs=within)
    assert found[place - 1] < found[place] < found[place + 1]


@given(place=PLACES, count=st.integers(1, 8), bit=st.integers(16, 40))
def test_a_few_wrong_times_in_a_row_are_put_between_the_right_ones(place, count, bit):
    claims = steady(80)
    claims[place : place + count] = [claim ^ (1 << bit) for claim in claims[place : place + count]]
    found, made = seconds_of(claims)
    assert found == pytest.approx([0.04 * i for i in range(80)], abs=1e-6)
    assert made.outliers == count
    assert not made.is_plain


@given(seconds=st.integers(LONE_JUMP_SECONDS + 1, 10**7), backwards=st.booleans())
def test_the_last_frame_alone_far_from_all_others_has_a_wrong_time(seconds, backwards):
    claims = steady(40)
    claims[-1] += -1000 * seconds if backwards else 1000 * seconds
    found, made = seconds_of(claims)
    assert found == pytest.approx([0.04 * i for i in range(40)])
    assert (made.outliers, made.restarts, made.gaps) == (1, 0, [])


@given(seconds=st.integers(1, LONE_JUMP_SECONDS))
def test_the_last_frame_alone_not_so_far_away_is_behind_a_gap(seconds):
    claims = steady(40)
    claims[-1] = claims[-2] + 1000 * seconds
    found, made = seconds_of(claims)
    assert found[-1] == pytest.approx(found[-2] + seconds)
    assert (made.outliers, made.restarts, len(made.gaps)) == (0, 0, 1)


@given(place=PLACES, missing=st.integers(3, 10_000))
def test_missing_frames_are_a_gap_and_the_rest_keeps_its_times(place, missing):
    claims = [claim + (STEP * missing if i >= place else 0) for i, claim in enumerate(steady(80))]
    found, made = seconds_of(claims)
    assert found == pytest.approx([claim / 1000 for claim in claims])
    assert made.gaps == [pytest.approx(((place - 1) * 0.04, (place + missing) * 0.04))]
    assert (made.outliers, made.restarts) == (0, 0)


@given(place=PLACES, begin=st.integers(-(10**6), 0) | st.just(1000 * MAX_GAP_SECONDS * 3))
def test_another_clock_goes_on_without_a_gap(place, begin):
    claims = [*steady(place), *steady(40, begin)]
    found, made = seconds_of(claims)
    assert found == pytest.approx([0.04 * i for i in range(place + 40)])
    assert made.restarts == 1
    assert made.gaps == []


@given(cut=st.integers(1, 79), missing=st.integers(3, 100), place=st.integers(LEARNING_STEPS + 5, 70))
def test_another_object_goes_on_exactly_where_the_first_one_stood(cut, missing, place):
    claims = [claim + (STEP * missing if i >= place else 0) for i, claim in enumerate(steady(80))]
    whole, made = seconds_of(claims)
    first, part = seconds_of(claims[:cut])
    assert part.is_plain
    going_on = times()
    going_on.restore(part.state())
    rest, _ = seconds_of(claims[cut:], going_on)
    assert [*first, *rest] == whole
    assert going_on.gaps == made.gaps
    assert going_on.duration == made.duration


def test_a_frame_without_a_time_follows_by_the_last_step():
    claims = steady(40)
    claims[20] = claims[21] = None
    found, made = seconds_of(claims)
    assert found == pytest.approx([0.04 * i for i in range(40)])
    assert made.invented == 2
    assert not made.is_plain


@pytest.mark.parametrize("base", [Fraction(1, 500), Fraction(1, 90000), Fraction(1, 30)])
def test_frames_may_count_time_in_other_units_than_their_stream(base):
    made = times()
    found = [item[1] for item in made.timed(Frame(n, time_base=base) for n in range(5, 40))]
    assert found == [float(n * base) for n in range(35)]
    assert made.is_plain


def test_a_format_without_timestamps_gets_the_stated_rate():
    import av

    made = times(flags=av.format.Flags.no_timestamps.value)
    assert made.stated
    found, _ = seconds_of([7, 7, 7, None], made)
    assert found == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_avi_goes_by_the_order_of_decoding():
    made = times(name="avi")
    frames = [Frame(None, dts=40 * i) for i in range(5)]
    assert [seconds for _, seconds in made.timed(frames)] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    assert made.invented == 0


@given(places=st.sets(st.integers(0, 40), max_size=6))
def test_losses_stay_where_they_are_and_move_no_frame(places):
    items = [FrameLoss.PACKET if i in places else Frame(40 * i) for i in range(41)]
    found = list(times(start_time=0).timed(items))
    assert [isinstance(item, FrameLoss) for item in found] == [isinstance(item, FrameLoss) for item in items]
    for i, item in enumerate(found):
        if not isinstance(item, FrameLoss):
            assert item[1] == pytest.approx(0.04 * i)


def test_no_more_is_read_ahead_than_is_said():
    read = 0

    def source():
        nonlocal read
        for claim in [*steady(30), *steady(200, -5000)]:
            read += 1
            yield Frame(claim)

    for number, _ in enumerate(times().timed(source()), 1):
        assert read - number <= LOOKAHEAD + 1
