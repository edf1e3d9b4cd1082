"""The motion gate: what moves passes, what does not is looked at now and then."""

import av
import numpy as np
import pytest

from surveil.footage.motion import HOLD_SECONDS, STILL_SECONDS, Look, MotionGate, luma_of

FPS = 5
HEIGHT, WIDTH = 180, 320
PERSON = 55, 20
FIGURE, FAINT = (10, 4), -11
THRESHOLD, FORCED = 0.001, 4.0
WALL = 90 + 20 * np.sin(np.arange(WIDTH) / 9)[None] + 20 * np.cos(np.arange(HEIGHT) / 12)[:, None]
NOISE = np.random.default_rng(0).normal(0, 1, (31, HEIGHT, WIDTH))


def scene(number, light=0.0, person=None, figure=None, noise=2.0):
    """A textured wall seen with camera noise. A person is a dark upright box, `person` pixels from the left; a figure
    is one far away, small and hardly darker than the wall.
    """
    picture = WALL + light
    if person is not None:
        stand(picture, person, PERSON, 10 - picture)
    if figure is not None:
        stand(picture, figure, FIGURE, np.full_like(picture, FAINT))
    return np.clip(picture + noise * NOISE[number % len(NOISE)], 0, 255).astype(np.uint8)


def stand(picture, left, size, difference):
    """Draw an upright box whose left side may lie between two pixels."""
    columns = np.arange(WIDTH)
    covered = np.clip(np.minimum(columns + 1, left + size[1]) - np.maximum(columns, left), 0, 1)
    rows = slice(60, 60 + size[0])
    picture[rows] += covered * difference[rows]


def passed(seconds, at=lambda time: {}, threshold=THRESHOLD, forced=FORCED):
    """The times at which frames pass; `at` gives what is to be seen at a time."""
    return [time for time, look in looks(seconds, at, threshold, forced) if look is not Look.NONE]


def new(seconds, at):
    """The times of the frames that count as new."""
    return [time for time, look in looks(seconds, at) if look is Look.NEW]


def looks(seconds, at, threshold=THRESHOLD, forced=FORCED):
    gate = MotionGate(threshold, forced)
    times = [number / FPS for number in range(int(seconds * FPS))]
    return [(time, gate.look(scene(number, **at(time)), time)) for number, time in enumerate(times)]


def frames(begin, end):
    """The times of all frames from begin to before end."""
    return [number / FPS for number in range(round(begin * FPS), round(end * FPS))]


def test_an_empty_scene_passes_only_when_forced():
    assert passed(30) == [0, 4, 8, 12, 16, 20, 24, 28]
    assert passed(30, forced=10.0) == [0, 10, 20]
    assert passed(10, lambda time: {"noise": 0.0}) == [0, 4, 8]


def test_a_person_who_walks_passes_in_every_frame():
    times = passed(25, lambda time: {"person": 30 * (time - 9)} if 9 <= time < 19 else {})
    assert [time for time in times if time < 9] == [0, 4, 8]
    assert set(frames(9.2, 19)) <= set(times)
    assert not set(frames(19 + HOLD_SECONDS + 0.4, 19 + HOLD_SECONDS + FORCED)) & set(times)


def test_frames_pass_for_a_while_after_the_last_motion():
    times = passed(16, lambda time: {"person": 100} if time == 9 else {})
    # it comes at 9.0 and is gone at 9.2, which is the last change
    last = 9.2 + HOLD_SECONDS
    assert [time for time in times if time >= 9] == pytest.approx([*frames(9, last + 0.2), last + FORCED])


def test_a_person_who_stands_still_is_looked_at_again_and_again():
    times = passed(120, lambda time: {"person": 100} if time >= 9 else {})
    assert 9 in times
    assert np.diff(times).max() == pytest.approx(FORCED)
    assert times[-1] > 120 - FORCED
    assert np.diff(times[-20:]).min() == pytest.approx(FORCED)  # and not in every frame


def test_slow_motion_adds_up_until_it_shows():
    # half a pixel a second: from one frame to the next there is less to see than noise
    times = passed(60, lambda time: {"person": 50 + time / 2}, forced=1000.0)
    assert len(times) > 10
    assert times[-1] > 50


@pytest.mark.parametrize("light", [-30, -12, 12, 60])
def test_a_change_of_light_is_not_motion(light):
    assert passed(18, lambda time: {"light": light if time >= 9 else 0}) == [0, 4, 8, 12, 16]
    assert passed(18, lambda time: {"light": light * time / 18}) == [0, 4, 8, 12, 16]


def test_a_person_is_seen_although_the_light_changes():
    assert 9 in passed(10, lambda time: {"light": 60, "person": 100} if time >= 9 else {})


def test_the_threshold_is_a_share_of_the_picture():
    share = PERSON[0] * PERSON[1] / (HEIGHT * WIDTH)

    def come(time):
        return {"person": 100} if time >= 5 else {}

    assert 5 in passed(6, come, threshold=0.8 * share)
    assert 5 not in passed(6, come, threshold=1.3 * share)


def test_in_an_empty_scene_a_look_a_minute_is_new():
    assert new(200, lambda time: {}) == [0, STILL_SECONDS, 2 * STILL_SECONDS, 3 * STILL_SECONDS]


@pytest.mark.parametrize("light", [-30, 30])
def test_a_slow_change_of_light_makes_no_look_new(light):
    assert new(70, lambda time: {"light": light * time / 70}) == [0, STILL_SECONDS]


@pytest.mark.parametrize("pace", [0.1, 0.2, 0.5])
def test_a_small_faint_figure_that_creeps_in_is_new(pace):
    # too small and faint for the gate, and from one look to the next there is less to see than noise
    def creep(time):
        return {"figure": pace * time - FIGURE[1]}

    whole = FIGURE[1] / pace
    assert passed(58, creep) == [4 * number for number in range(15)], "the forced looks only"
    later = [time for time in new(58, creep) if time > 0]
    assert later
    assert later[0] <= whole + FORCED


def test_a_figure_that_comes_and_one_that_goes_are_new_once():
    assert new(50, lambda time: {"figure": 100} if time >= 9 else {}) == [0, 12]
    assert new(50, lambda time: {"figure": 100} if time < 9 else {}) == [0, 12]


def test_a_person_who_stands_still_is_new_no_more():
    times = new(50, lambda time: {"person": 100} if time >= 9 else {})
    assert 9 in times
    assert times[-1] <= 9 + HOLD_SECONDS + 0.4


def test_looks_go_on_where_another_gate_stood():
    def one_after_the_other(*gates):
        times = [number / FPS for number in range(70 * FPS)]
        share = len(times) // len(gates) + 1
        before = None
        for number, time in enumerate(times):
            gate = gates[number // share]
            if gate is not before and before is not None:
                gate.restore(before.state())
            before = gate
            yield gate.look(scene(number, figure=20 + time / 10), time)

    gates = [MotionGate(THRESHOLD, FORCED) for _ in range(10)]
    assert list(one_after_the_other(*gates)) == list(one_after_the_other(MotionGate(THRESHOLD, FORCED)))


@pytest.mark.parametrize("shape", [(1080, 1920), (577, 721), (90, 160), (48, 64)])
def test_pictures_of_any_size(shape):
    gate, picture = MotionGate(THRESHOLD, FORCED), np.full(shape, 90, np.uint8)
    with_person = picture.copy()
    with_person[shape[0] // 3 : shape[0] // 2, shape[1] // 3 : shape[1] // 2] = 10
    looks = [gate.look(each, time) for time, each in enumerate([picture, picture, with_person])]
    assert looks == [Look.NEW, Look.NONE, Look.NEW]
    assert gate.look(with_person, 4) is Look.NONE
    assert gate.look(with_person, 2 + FORCED) is Look.STILL


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p", "nv12", "gray", "yuv420p10le", "yuyv422", "rgb24", "bgr24"])
@pytest.mark.parametrize("width", [128, 130])
def test_the_grey_picture_of_every_pixel_format(pix_fmt, width):
    ramp = np.tile(np.linspace(20, 230, width).astype(np.uint8), (74, 1))
    frame = av.VideoFrame.from_ndarray(np.dstack([ramp] * 3), format="bgr24").reformat(format=pix_fmt, threads=1)
    luma = luma_of(frame)
    assert luma.shape == (74, width)
    assert luma.dtype == np.uint8
    # Padding among the pixels would shift each line further than the one above; limited range may be left as it is.
    assert np.abs(luma.astype(int) - ramp).max() <= 18
    assert np.abs(np.diff(luma.astype(int), axis=0)).max() <= 3
