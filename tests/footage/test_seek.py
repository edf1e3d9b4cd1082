"""Going on in the middle of a video gives exactly what reading it from the beginning gives, however it was made."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from surveil.footage.decode import FootageReader, place_of
from surveil.footage.motion import MotionGate
from surveil.ingest.resume import pack, unpack

SECONDS, RATE, SIZE = 12, 25, (160, 120)


def write(path, codec="libx264", *, ticks=lambda number: number, base=Fraction(1, RATE), container=None, **options):
    """A moving square before noise; `ticks` gives the frames' times."""
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=RATE, options={"g": "25", **options})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = base
        noise = np.random.default_rng(0).integers(0, 40, (SIZE[1], SIZE[0], 3), np.uint8)
        for number in range(SECONDS * RATE):
            picture = noise.copy()
            picture[40:80, (3 * number) % 120 : (3 * number) % 120 + 40] = 220
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = ticks(number), base
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def variable(number):
    """Steps of 2, 7 and 6 hundredths."""
    return number * 5 + (0, -3, -1)[number % 3]


MADE = {
    "b-frames.mp4": {"bf": "3", "b_strategy": "0"},
    "variable.mp4": {"bf": "2", "ticks": variable, "base": Fraction(1, 100)},
    "variable.mkv": {"bf": "2", "ticks": variable, "base": Fraction(1, 100)},
    "transport.ts": {"bf": "2"},
    "open.mkv": {"bf": "3", "x264-params": "open-gop=1:keyint=25:min-keyint=25"},
    "mpeg2.ts": {"codec": "mpeg2video", "bf": "2"},
    "one-keyframe.mp4": {"g": "1000"},
    "refresh.mp4": {"x264-params": "intra-refresh=1:keyint=25"},
    "old.avi": {"codec": "mpeg4"},
    "raw.h264": {"container": "h264"},
}
SOUGHT = {"b-frames.mp4", "variable.mp4", "variable.mkv", "transport.ts", "open.mkv", "mpeg2.ts", "one-keyframe.mp4"}


def read(path, after=None):
    gate = MotionGate(0.001, 2)
    with FootageReader(path, fps=5, gate=gate, after=after) as reader:
        packets = [0]
        decode = reader._packets

        def counted(video):
            for packet in decode(video):
                packets[0] += 1
                yield packet

        reader._packets = counted
        frames = list(reader)
        return frames, reader.result, packets[0]


@pytest.mark.parametrize("name", MADE)
def test_the_rest_is_what_an_undisturbed_reading_gives(tmp_path, name, caplog):
    path = write(tmp_path / name, **MADE[name])
    frames, result, packets = read(path)
    assert len(frames) > 40
    for number in range(3, len(frames), 9):
        after = unpack(pack(place_of(frames[number])))
        rest, again, fewer = read(path, after)
        assert again == result
        assert [(frame.index, frame.seconds) for frame in rest] == [
            (frame.index, frame.seconds) for frame in frames[number + 1 :]
        ]
        for frame, expected in zip(rest, frames[number + 1 :], strict=True):
            np.testing.assert_array_equal(frame.image, expected.image)
            if expected.place is not None:
                assert pack(place_of(frame)) == pack(place_of(expected))
    if name in SOUGHT - {"one-keyframe.mp4"}:
        assert fewer < packets / 2, "it was decoded from the beginning"
        assert not caplog.records
    else:
        assert name in SOUGHT or not caplog.records or "decoded from its beginning" in caplog.text


def test_another_picture_at_the_same_time_is_not_the_same_place(tmp_path, caplog):
    path = write(tmp_path / "yard.mp4")
    frames, result, _ = read(path)
    place = place_of(frames[20])
    for wrong in ({"digest": "0" * 64}, {"pts": place["pts"] + 1}, {"pts": 10**9}):
        caplog.clear()
        rest, again, _ = read(path, place | wrong)
        assert "decoded from its beginning" in caplog.text
        assert again == result
        assert [frame.index for frame in rest] == [frame.index for frame in frames[21:]]


def test_after_a_loss_there_is_no_place_to_go_on_from_but_the_beginning(tmp_path):
    path = write(tmp_path / "yard.mp4")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = np.random.default_rng(0).bytes(20_000)
    path.write_bytes(content)
    frames, result, _ = read(path)
    assert result.warnings
    damaged = next(number for number, frame in enumerate(frames) if frame.place is None)
    assert all(frame.place is None for frame in frames[damaged:])
    for number in (2, damaged + 5):
        rest, again, _ = read(path, place_of(frames[number]))
        assert [frame.seconds for frame in rest] == [frame.seconds for frame in frames[number + 1 :]]
        assert (again.frames, again.duration) == (result.frames, result.duration)
        assert replace(again, warnings=()) == replace(result, warnings=())
