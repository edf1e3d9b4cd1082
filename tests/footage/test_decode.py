"""Frames with their own times, every one counted; damage is read past and told."""

import errno
import os
from pathlib import Path

import av
import numpy as np
import pytest

from surveil.errors import FootageError, FootageReadError
from surveil.footage.decode import FootageReader
from surveil.footage.motion import MotionGate
from surveil.footage.warnings import warnings_in_words

ALL = 1000.0
"""Frames per second at which no frame is left out."""


def read(path, fps=ALL, **options):
    """The reader after the work, and its frames."""
    with FootageReader(path, fps=fps, **options) as reader:
        frames = list(reader)
    counts = reader.result.frames
    assert counts.decoded == counts.processed + counts.gated + counts.sampled_out
    assert counts.processed == len(frames)
    return reader, frames


def said(reader):
    return warnings_in_words(reader.result.warnings)


def seconds_of(frames):
    return [frame.seconds for frame in frames]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "avi", "ts"])
def test_constant_rate_whatever_the_container(video, plain, tmp_path, suffix):
    reader, frames = read(video(tmp_path / f"a.{suffix}", plain(60)))
    assert seconds_of(frames) == pytest.approx([number / 10 for number in range(60)])
    assert [frame.index for frame in frames] == list(range(60))
    assert reader.result.duration == pytest.approx(6.0)
    assert (reader.result.frames.decoded, reader.result.frames.unreadable) == (60, 0)
    # the pictures are those that were written, in their order
    levels = np.array([frame.image.mean() for frame in frames])
    assert np.abs(levels - [4 * number % 256 for number in range(60)]).max() < 4


def test_a_rate_that_is_no_round_number(video, plain, tmp_path):
    from fractions import Fraction

    _, frames = read(video(tmp_path / "a.mp4", plain(61), rate=Fraction(30000, 1001)))
    assert seconds_of(frames) == pytest.approx([number * 1001 / 30000 for number in range(61)], abs=1e-9)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_variable_rate(video, plain, tmp_path, suffix):
    steps = [40, 60, 500, 33, 900] * 12
    times = np.cumsum([0, *steps])[:60]
    reader, frames = read(video(tmp_path / f"a.{suffix}", plain(60), milliseconds=times))
    assert seconds_of(frames) == pytest.approx(times / 1000, abs=1e-9)
    assert said(reader) == []


def test_times_count_from_the_first_frame(video, plain, tmp_path):
    _, frames = read(video(tmp_path / "a.mkv", plain(10), milliseconds=[5000 + 100 * n for n in range(10)]))
    assert seconds_of(frames) == pytest.approx([n / 10 for n in range(10)])


def test_a_gap_is_told(video, plain, tmp_path):
    times = [*range(0, 3000, 100), *range(10000, 13000, 100)]
    reader, frames = read(video(tmp_path / "a.mkv", plain(60), milliseconds=times))
    assert seconds_of(frames) == pytest.approx([time / 1000 for time in times])
    assert said(reader) == ["no frames between 2.90 s and 10.00 s"]


def test_a_short_gap_is_told_where_frames_came_at_equal_steps(video, plain, tmp_path):
    # one frame, then two, then five are missing
    times = [100 * number for number in range(60) if number not in {15, 30, 31, *range(45, 50)}]
    reader, frames = read(video(tmp_path / "a.mkv", plain(len(times)), milliseconds=times))
    assert seconds_of(frames) == pytest.approx([time / 1000 for time in times])
    assert said(reader) == ["no frames between 2.90 s and 3.20 s, between 4.40 s and 5.00 s"]


def test_a_long_gap_does_not_hide_a_later_one(video, plain, tmp_path):
    steps = [*[40, 160] * 10, 3_600_000, *[40, 160] * 10, 5_000, *[40, 160] * 5]
    times = np.cumsum([0, *steps])
    reader, _ = read(video(tmp_path / "a.mkv", plain(len(times)), milliseconds=times))
    assert said(reader) == ["no frames between 2.00 s and 3602.00 s, between 3604.00 s and 3609.00 s"]


def test_avi_with_frames_out_of_order(video, plain, tmp_path):
    path = video(tmp_path / "a.avi", plain(60), codec_options={"bf": "3", "b_strategy": "0"})
    reader, frames = read(path)
    assert seconds_of(frames) == pytest.approx([number / 10 for number in range(60)])
    assert np.all(np.diff([frame.image.mean() for frame in frames]) > 0)
    assert said(reader) == []


def test_a_clock_that_runs_back_is_read_on(video, plain, tmp_path):
    # two recordings of one recorder, put one after the other
    first, second = video(tmp_path / "1.ts", plain(30)), video(tmp_path / "2.ts", plain(20))
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    reader, frames = read(both)
    assert len(frames) == 50
    assert (np.diff(seconds_of(frames)) > 0).all()
    assert seconds_of(frames)[-1] == pytest.approx(4.9)
    assert said(reader) == ["the clock of the file begins anew 1 times: read as continuous"]


@pytest.mark.parametrize("fps", [1, 3, 5, 10])
def test_sampling_takes_the_first_frame_of_each_interval(video, plain, tmp_path, fps):
    reader, frames = read(video(tmp_path / "a.mp4", plain(60)), fps=fps)
    expected = sorted({min(n for n in range(60) if n * fps // 10 == k) for k in range(6 * fps)})
    assert [frame.index for frame in frames] == expected
    assert reader.result.frames.sampled_out == 60 - len(expected)
    assert seconds_of(frames) == pytest.approx([n / 10 for n in expected])


def test_sampling_at_the_rate_of_the_footage_leaves_nothing_out(video, plain, tmp_path):
    reader, _ = read(video(tmp_path / "a.mp4", plain(60), rate=25), fps=25)  # 25 times 29 / 25 is less than 29
    assert reader.result.frames.sampled_out == 0


def test_sampling_goes_by_time_not_by_number(video, plain, tmp_path):
    times = [0, 20, 40, 60, 1000, 1020, 3000, 3010, 3990, 4000]  # nothing in the third second
    _, frames = read(video(tmp_path / "a.mkv", plain(10), milliseconds=times), fps=1)
    assert seconds_of(frames) == pytest.approx([0, 1, 3, 4])


def test_every_frame_is_counted_once(video, plain, tmp_path):
    path = video(tmp_path / "a.mp4", plain(100, level=lambda number: 128))
    counts = read(path, fps=5, gate=MotionGate(0.004, 4))[0].result.frames
    # ten seconds, five looks a second, of which those at 0, 4 and 8 s are forced
    assert (counts.decoded, counts.sampled_out, counts.gated, counts.processed) == (100, 50, 47, 3)


def test_counts_hold_at_every_moment(video, plain, tmp_path):
    with FootageReader(video(tmp_path / "a.mp4", plain(30)), fps=5) as reader:
        for frame in reader:
            assert reader.result.frames.decoded == frame.index + 1
            assert reader.result.frames.decoded == reader.result.frames.processed + reader.result.frames.sampled_out


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_truncated_file_is_read_to_its_end_and_told(video, noisy, tmp_path, suffix):
    whole = video(
        tmp_path / f"whole.{suffix}",
        noisy(60),
        options={"movflags": "faststart"} if suffix == "mp4" else None,
        codec_options={"g": "10", "bf": "0"},
    )
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    reader, frames = read(cut)
    assert 20 <= len(frames) <= 35
    assert seconds_of(frames) == pytest.approx([n / 10 for n in range(len(frames))])
    end = len(frames) / 10
    assert said(reader)[-1] == (
        f"cut off: the container says 6.0 s, frames end at {end:.1f} s ({6 - end:.1f} s missing)"
    )


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_corrupt_middle_is_read_past_and_told(video, noisy, tmp_path, suffix):
    path = video(tmp_path / f"a.{suffix}", noisy(60), codec_options={"g": "10", "bf": "0"})
    content = bytearray(path.read_bytes())
    begin, end = int(len(content) * 0.35), int(len(content) * 0.65)
    content[begin:end] = np.random.default_rng(1).bytes(end - begin)
    path.write_bytes(content)
    reader, frames = read(path)
    numbers = {round(10 * seconds) for seconds in seconds_of(frames)}
    assert set(range(20)) | set(range(50, 60)) <= numbers  # what follows is read, and keeps its times
    lost = set(range(60)) - numbers
    assert len(lost) >= 8
    ranges = [word.split(" s and ") for word in " ".join(said(reader)).split("between ")[1:]]
    told = [(float(begin), float(end.split(" s")[0])) for begin, end in ranges]
    assert all(any(begin <= number / 10 <= end for begin, end in told) for number in lost)
    assert all(1.9 <= begin < end <= 5 for begin, end in told)
    if reader.result.frames.unreadable:
        assert f"{reader.result.frames.unreadable} frames unreadable" in " ".join(said(reader))


def test_frames_that_cannot_be_decoded_are_counted(video, noisy, tmp_path):
    path = video(tmp_path / "a.mp4", noisy(30), codec_options={"g": "1", "bf": "0"})
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    for position, size in packets[10:14]:
        content[position : position + size] = b"\xff" * size
    path.write_bytes(content)
    reader, frames = read(path)
    assert (reader.result.frames.decoded, reader.result.frames.unreadable) == (26, 4)
    assert seconds_of(frames) == pytest.approx([n / 10 for n in range(30) if not 10 <= n < 14])
    assert said(reader) == ["damaged: 4 frames unreadable, 0 with errors in the picture, between 0.90 s and 1.40 s"]


def test_a_lost_beginning_does_not_move_the_rest(video, noisy, tmp_path):
    path = video(tmp_path / "a.mp4", noisy(30), codec_options={"g": "1", "bf": "0"})
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    for position, size in packets[:5]:
        content[position : position + size] = b"\xff" * size
    path.write_bytes(content)
    _, frames = read(path)
    assert seconds_of(frames) == pytest.approx([n / 10 for n in range(5, 30)])


def test_nothing_can_be_decoded(video, noisy, tmp_path):
    path = video(tmp_path / "a.mp4", noisy(20), codec_options={"g": "1", "bf": "0"})
    content = bytearray(path.read_bytes())
    begin = content.index(b"mdat") + 4
    end = content.index(b"moov") - 4
    content[begin:end] = bytes(end - begin)
    path.write_bytes(content)
    with FootageReader(path, fps=5) as reader, pytest.raises(FootageError, match="no frame can be decoded"):
        list(reader)


@pytest.mark.parametrize("content", [b"", b"This is not a video.\n" * 100])
def test_what_is_no_video_cannot_be_opened(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(FootageError, match=r"a\.mp4: cannot be read as a video"), FootageReader(path, fps=5):
        pass
    with pytest.raises(FootageError, match="No such file"), FootageReader(tmp_path / "missing.mp4", fps=5):
        pass


@pytest.mark.parametrize("rate", [10, 12.5, 29.97])
def test_a_raw_stream_follows_the_stated_rate_and_says_so(video, plain, tmp_path, rate):
    path = video(tmp_path / "a.264", plain(50), form="h264")
    reader, frames = read(path, stated_fps=rate)
    assert seconds_of(frames) == pytest.approx([n / rate for n in range(50)], rel=1e-5)
    assert reader.stated_duration is None
    assert said(reader) == [f"no timestamps in the file: times follow the stated rate, {rate:g} fps"]


def test_one_frame(video, plain, tmp_path):
    reader, frames = read(video(tmp_path / "a.mp4", plain(1)), fps=5, gate=MotionGate(0.004, 4))
    assert seconds_of(frames) == [0.0]
    assert said(reader) == []


@pytest.mark.parametrize("codec", ["ffv1", "libx264"])
def test_lines_that_are_padded_do_not_shear_the_picture(video, tmp_path, codec):
    width, height = (131, 75) if codec == "ffv1" else (130, 74)
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :] = (0, 0, 255)  # the right half is red
    path = video(tmp_path / "a.mkv", [picture] * 12, codec=codec)
    _, frames = read(path, gate=MotionGate(0.004, 0.5))
    image = frames[-1].image
    assert image.shape == picture.shape
    inner = np.abs(np.arange(width) - width // 2) > 4
    assert np.abs(image[:, inner].astype(int) - picture[:, inner]).max() < 30


def test_a_turned_recording_is_set_upright(video, tmp_path):
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[:20, :40] = 255  # a bright corner, top left
    flat = video(tmp_path / "flat.mp4", [picture] * 5)
    content = bytearray(flat.read_bytes())
    # the display matrix of the track header: show the picture turned clockwise by a quarter
    identity = b"".join(n.to_bytes(4, "big", signed=True) for n in (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30))
    turned = b"".join(n.to_bytes(4, "big", signed=True) for n in (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30))
    place = content.index(identity, content.index(b"tkhd"))
    content[place : place + len(turned)] = turned
    (tmp_path / "turned.mp4").write_bytes(content)
    _, [frame, *_] = read(tmp_path / "turned.mp4")
    assert frame.image.shape == (100, 60, 3)
    assert frame.image[:38, 42:].mean() > 240  # clockwise: the corner is at the top right
    assert frame.image[:, :38].mean() < 10


def test_a_real_recording_without_timestamps(shared_data):
    path = shared_data / "footage" / "people-detection.264"
    reader, frames = read(path, fps=2, stated_fps=12)
    assert reader.result.frames.decoded == 596
    assert len(frames) == 100  # 596 frames at 12 a second are 49.7 s
    assert reader.result.duration == pytest.approx(596 / 12)
    assert said(reader) == ["no timestamps in the file: times follow the stated rate, 12 fps"]


def move_time(path, number, bit):
    """Flip a bit (0 to 32) of the presentation time, and of the decoding time if there is one, of a .ts frame."""
    content = bytearray(path.read_bytes())
    headers = [
        at for at in range(0, len(content), 188) if content[at + 1] & 0x40 and b"\0\0\1\xe0" in content[at : at + 188]
    ]
    begin = content.index(b"\0\0\1\xe0", headers[number])
    byte, place = {32: (9, 3), 31: (9, 2), 30: (9, 1)}[bit] if bit >= 30 else (10, bit - 22)
    for stamp in range(2 if content[begin + 7] & 0x40 else 1):
        content[begin + byte + 5 * stamp] ^= 1 << place
    path.write_bytes(content)


@pytest.mark.parametrize("bit", [32, 31, 30, 25])
@pytest.mark.parametrize("number", [0, 1, 5, 20, 39])
def test_one_flipped_bit_in_one_time_moves_no_other_frame(video, plain, tmp_path, number, bit):
    path = video(tmp_path / "a.ts", plain(40), codec_options={"bf": "0"})
    move_time(path, number, bit)
    reader, frames = read(path)
    assert seconds_of(frames) == pytest.approx([n / 10 for n in range(40)], abs=0.15)
    assert reader.result.duration == pytest.approx(4.0, abs=0.15)
    assert {"outlier_times", "clock_jump"} & {warning.kind for warning in reader.result.warnings}


def test_times_that_leave_the_calendar_are_another_clock(video, plain, tmp_path):
    year = 365 * 24 * 3600 * 1000
    times = [100 * n for n in range(30)] + [10_000 * year + 100 * n for n in range(30)]
    reader, frames = read(video(tmp_path / "a.mkv", plain(60), milliseconds=times))
    assert seconds_of(frames) == pytest.approx([n / 10 for n in range(60)])
    assert reader.result.warnings[0].kind == "clock_jump"


@pytest.mark.parametrize("suffix", ["mkv", "ts", "mp4", "avi"])
def test_what_the_system_cannot_read_is_not_damage(video, noisy, tmp_path, monkeypatch, suffix):
    path = video(
        tmp_path / f"a.{suffix}",
        noisy(60),
        codec_options={"g": "10", "bf": "0"},
        options={"movflags": "faststart"} if suffix == "mp4" else None,
    )
    half, pread, opened = path.stat().st_size // 2, os.pread, []

    def broken(descriptor, size, place):
        if opened and place + size > half:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(descriptor, size, place)

    monkeypatch.setattr("os.pread", broken)
    with FootageReader(path, fps=ALL) as reader:
        opened.append(path)
        frames = []
        with pytest.raises(FootageReadError, match=rf"a\.{suffix}: cannot be read: Input/output error.*tried again"):
            frames += reader
    assert reader.result.frames.decoded > 0
    with pytest.raises(FootageReadError, match="Input/output error"), FootageReader(path, fps=ALL) as reader:
        list(reader)


class LateStream:
    """A container in which damage gives rise to a stream that was not there: PyAV then stumbles while it demuxes."""

    def __init__(self, container):
        self._container, self._stumbles = container, True

    def __getattr__(self, name):
        return getattr(self._container, name)

    def demux(self, stream):
        for number, packet in enumerate(self._container.demux(stream)):
            yield packet
            if self._stumbles and number == 4:
                self._stumbles = False
                raise IndexError("list index out of range")


def test_a_stream_that_was_not_there_ends_nothing(video, plain, tmp_path, monkeypatch):
    path = video(tmp_path / "a.ts", plain(20))
    opened = av.open
    monkeypatch.setattr("surveil.footage.container.av.open", lambda *args, **how: LateStream(opened(*args, **how)))
    reader, frames = read(path)
    assert len(frames) == 20
    assert "damaged" in said(reader)[0]


def test_pictures_larger_than_allowed_are_refused_before_they_are_decoded(video, plain, tmp_path):
    path = video(tmp_path / "a.mp4", plain(3, size=(640, 480)))
    with pytest.raises(FootageError, match=r"640 x 480 pixels, and 300,000 are the limit.*max_pixels"):
        FootageReader(path, fps=5, max_pixels=300_000).__enter__()
    assert len(read(path, max_pixels=307_200)[1]) == 3


def test_a_name_that_is_no_utf_8_can_be_read_and_printed(video, plain, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/S\xfcd\n.mp4"))
    video(tmp_path / "a.mp4", plain(5)).rename(path)
    assert len(read(path)[1]) == 5
    path.write_bytes(b"")
    with pytest.raises(FootageError) as raised:
        FootageReader(path, fps=5).__enter__()
    assert r"S\xfcd\n.mp4: cannot be read" in str(raised.value)
