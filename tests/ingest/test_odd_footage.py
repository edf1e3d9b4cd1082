"""Files at which a run once ended with a traceback, each beside healthy footage: what is odd stays a file's own."""

import os
import struct
from datetime import UTC, datetime

import av
import numpy as np
import pytest
from sqlalchemy import select

from surveil.store.tables import Camera, Footage
from tests.footage.conftest import grey, write_video
from tests.ingest.made_up import ingest

YEAR = 365 * 24 * 3600
SMALL = (64, 48)


def clip(path, level=0, **options):
    return write_video(path, grey(12, SMALL, level=lambda number: (level + 4 * number) % 256), **options)


def patched(path, old, new):
    content = path.read_bytes()
    assert content.count(old) >= 1
    path.write_bytes(content.replace(old, new))
    return path


def unknown_codec_in_mp4(folder):
    return patched(clip(folder / "odd.mp4"), b"avc1", b"zzzz")


def unknown_codec_in_mkv(folder):
    return patched(clip(folder / "odd.mkv"), b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XYZ")


def unknown_codec_in_avi(folder):
    return patched(clip(folder / "odd.avi", codec="mpeg4"), b"FMP4", b"\0\1zz")


def links_in_a_circle(folder):
    (folder / "odd.mp4").symlink_to(folder / "other.mp4")
    (folder / "other.mp4").symlink_to(folder / "odd.mp4")
    return folder / "odd.mp4"


def name_in_latin_1(folder):
    return clip(folder / "odd.mp4").rename(folder / os.fsdecode(b"odd S\xfcd.mp4"))


def written_in_the_year_10000(folder):
    path = clip(folder / "odd.mp4")
    os.utime(path, (253_402_300_800, 253_402_300_800))
    return path


def tagged_with_the_last_day(folder):
    return clip(folder / "odd.mkv", metadata={"DATE": "9999-12-31"})


def tagged_with_the_last_second(folder):
    return clip(folder / "odd.mov", metadata={"com.apple.quicktime.creationdate": "9999-12-31T23:59:59-1200"})


def begins_in_the_year_1_east_of_greenwich(folder):
    return clip(folder / "odd_00010101-000000.mp4", metadata={"creation_time": "0001-01-01T00:00:00"})


def lasts_ten_million_years(folder):
    path = clip(folder / "odd.mkv")
    content = path.read_bytes()
    at = content.index(b"\x44\x89\x88") + 3
    path.write_bytes(content[:at] + struct.pack(">d", 3e14) + content[at + 8 :])
    return path


def jumps_ten_thousand_years(folder):
    times = [100 * number + (number > 5) * 10_000 * YEAR * 1000 for number in range(12)]
    return clip(folder / "odd.mkv", milliseconds=times)


def camera_of_a_very_long_name(folder):
    return clip(folder / f"{'x' * 210}_20260914-081500.mp4")


def path_too_long_for_an_index(folder):
    names = np.random.default_rng(0).bytes(1500).hex()  # so that nothing makes them shorter
    return clip(folder.joinpath(*(f"m{names[i : i + 200]}" for i in range(0, 3000, 200))) / "odd.mp4")


def name_of_control_characters(folder):
    return clip(folder / "odd\x1b[2J\n\u202e.mp4")


def of_emoji_and_ways_out(folder):
    path = folder / "odd \U0001f9cd\u200d\u2642\ufe0f ..%2F..%2F..\\..\\.mp4"
    return clip(folder / "odd.mp4", metadata={"title": "../../../odd"}).rename(path)


def cut_off_before_its_index(folder):
    path = clip(folder / "odd.mp4")
    path.write_bytes(path.read_bytes()[: path.read_bytes().index(b"moov") - 4])
    return path


def drawn(path, width, height, levels=(60, 61, 62)):
    """Frames of a size and so grey."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.width, stream.height, stream.pix_fmt = width, height, "gray"
        for level in levels:
            frame = av.VideoFrame(width, height, "gray")
            frame.planes[0].update(bytes([level]) * frame.planes[0].buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def of_one_pixel(folder):
    return drawn(folder / "odd.mkv", 1, 1)


def a_line_of_sixteen_thousand_pixels(folder):
    return drawn(folder / "odd.mkv", 16384, 1)


def sixteen_thousand_pixels_wide_and_half_as_high(folder):
    return drawn(folder / "odd.mkv", 15360, 8640, levels=(60,))


ODD = {
    unknown_codec_in_mp4: "failed",
    unknown_codec_in_mkv: "failed",
    unknown_codec_in_avi: "failed",
    links_in_a_circle: "failed",
    name_in_latin_1: "done",
    written_in_the_year_10000: "failed",
    tagged_with_the_last_day: "done",
    tagged_with_the_last_second: "done",
    begins_in_the_year_1_east_of_greenwich: "done",
    lasts_ten_million_years: "done",
    jumps_ten_thousand_years: "done",
    camera_of_a_very_long_name: "failed",
    name_of_control_characters: "done",
    path_too_long_for_an_index: "done",
    of_emoji_and_ways_out: "done",
    cut_off_before_its_index: "failed",
    of_one_pixel: "done",
    a_line_of_sixteen_thousand_pixels: "done",
    sixteen_thousand_pixels_wide_and_half_as_high: "failed",
}


HARD_TO_STORE = {
    name_in_latin_1,
    written_in_the_year_10000,
    tagged_with_the_last_day,
    tagged_with_the_last_second,
    begins_in_the_year_1_east_of_greenwich,
    lasts_ten_million_years,
    jumps_ten_thousand_years,
    camera_of_a_very_long_name,
    name_of_control_characters,
    path_too_long_for_an_index,
    of_emoji_and_ways_out,
}
"""Their names and times are what each database must bear; the others are odd before anything is stored."""


@pytest.mark.parametrize(
    ("database_url", "odd"),
    [("sqlite", odd) for odd in ODD] + [("postgres", odd) for odd in ODD if odd in HARD_TO_STORE],
    ids=lambda value: getattr(value, "__name__", value),
    indirect=["database_url"],
)
def test_one_odd_file_costs_the_others_nothing(database, media, tmp_path, odd):
    folder = tmp_path / "footage"
    first, last = clip(folder / "a_first.mp4", 40), clip(folder / "z_last.mp4", 80)
    path = odd(folder)
    for _ in range(2):
        reports = {report.path: report for report in ingest(database, media, folder, zone="Asia/Tokyo")}
        assert reports[path].state in (ODD[odd], "known"), reports[path].error
        assert reports[path].state != "failed" or "unexpected" not in reports[path].error
        for healthy in (first, last):
            assert reports[healthy].state in ("done", "known")
    with database.session() as session:
        for footage in session.scalars(select(Footage)):
            assert footage.state in ("done", "failed")
            assert datetime(1970, 1, 1, tzinfo=UTC) < footage.started_at < datetime(2200, 1, 1, tzinfo=UTC)
            assert 0 <= footage.duration < YEAR
        assert all(len(name) <= 200 for name in session.scalars(select(Camera.name)))


def test_playlists_of_equal_text_hide_nothing_of_either_folder(database, media, tmp_path):
    """Playlists are never footage, whatever they are called: what they list is."""
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\nsegment.ts\n#EXT-X-ENDLIST\n"
    for level, folder in ((0, tmp_path / "one"), (90, tmp_path / "two")):
        clip(folder / "segment.ts", level)
        for name, text in (("a.m3u8", hls), ("b.mp4", hls), ("c.mp4", "ffconcat version 1.0\nfile segment.ts\n")):
            (folder / name).write_text(text)
    reports = ingest(database, media, tmp_path / "one", tmp_path / "two")
    done = {report.path for report in reports if report.state == "done"}
    assert done == {tmp_path / "one" / "segment.ts", tmp_path / "two" / "segment.ts"}
    assert all(report.state == "failed" for report in reports if report.path not in done)
    with database.session() as session:
        assert len(session.scalars(select(Footage)).all()) == 2
