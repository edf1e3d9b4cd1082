"""What is found at the paths given, and what is reported."""

import errno
import hashlib
import os
import shutil
import socket
import subprocess
from datetime import UTC, datetime

import av
import av.stream
import cv2
import numpy as np
import pytest

from surveil.errors import FootageError, FootageReadError, SurveilError
from surveil.files import mark_folder
from surveil.footage.examine import examine
from surveil.footage.find import find_footage
from surveil.footage.origin import OriginRules
from surveil.types import PassedOver, Source
from tests.footage.walk import discover


@pytest.fixture(scope="module")
def clip(tmp_path_factory, video, plain):
    """A healthy video of two seconds."""
    return video(tmp_path_factory.mktemp("clip") / "clip.mp4", plain(20), options={"movflags": "faststart"})


@pytest.fixture
def put(clip, tmp_path):
    """Put a copy of the video, different from every other copy, into the test's folder."""

    def copy(name, folder=tmp_path):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(clip.read_bytes() + os.fsencode(name))
        return path

    return copy


def found(*paths, **options):
    """The paths of the sources, and the errors' paths with what they say."""
    results = list(discover(paths, **options))
    return (
        [result.path for result in results if isinstance(result, Source)],
        {result.where: result.what for result in results if isinstance(result, FootageError)},
    )


def test_a_folder_is_walked_to_the_bottom_in_order(put, tmp_path):
    paths = [put(name) for name in ("b.mp4", "a.mkv", "deep/er/c.AVI", "deep/d.mov")]
    assert found(tmp_path) == ([paths[1], paths[0], paths[3], paths[2]], {})


def test_a_source_says_what_it_is(put, tmp_path):
    path = put("gate_20260914_081500.mp4")
    [source] = discover([tmp_path], zone="Europe/Rome")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    start = datetime(2026, 9, 14, 6, 15, tzinfo=UTC)
    status = path.stat()
    assert source == Source(
        path, "video", "gate", "path", start, "path", digest, size=status.st_size, mtime_ns=status.st_mtime_ns
    )


def test_finding_opens_no_file_that_its_name_tells(put, tmp_path, monkeypatch):
    paths = [put(name) for name in ("a.mp4", "b.mkv")]
    crop = tmp_path / "crops" / "0002_c1s1_000451_03.jpg"
    crop.parent.mkdir()
    cv2.imwrite(str(crop), np.zeros((128, 64, 3), np.uint8))

    def refuse(*_args, **_options):
        raise AssertionError("opened")

    for name in ("pathlib.Path.open", "io.open", "builtins.open", "av.open"):
        monkeypatch.setattr(name, refuse)
    results = list(find_footage([tmp_path], OriginRules.of()))
    monkeypatch.undo()
    assert [(found.kind, found.path) for found in results] == [
        ("video", paths[0]),
        ("video", paths[1]),
        ("crops", crop.parent),
    ]
    sizes = [(path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    assert [(found.size, found.mtime_ns) for found in results[:2]] == sizes


def test_the_first_piece_is_found_before_the_rest_is_walked(put, tmp_path):
    first, _ = put("a.mp4"), put("deeper/z.mp4")
    walk = find_footage([tmp_path], OriginRules.of())
    assert next(walk).path == first
    later = put("deeper/b.mp4")
    assert next(walk).path == later


def test_what_a_scan_remembers_changes_with_the_footage(tmp_path):
    folder = tmp_path / "crops"
    folder.mkdir()

    def remembered():
        return {found.scan_key: (found.size, found.mtime_ns) for found in find_footage([folder], OriginRules.of())}

    for name in ("0002_c1s1_000451_03.jpg", "0002_c2s1_000451_03.jpg"):
        cv2.imwrite(str(folder / name), np.zeros((128, 64, 3), np.uint8))
    before = remembered()
    assert len(before) == 2
    assert remembered() == before
    cv2.imwrite(str(folder / "0003_c1s1_000451_03.jpg"), np.zeros((128, 64, 3), np.uint8))
    after = remembered()
    assert after.keys() == before.keys()
    assert after[f"{folder}#c1"] != before[f"{folder}#c1"]


def _sha256_that_first(act):
    """A SHA-256 that does something else each time before it takes what was read."""
    sha256 = hashlib.sha256

    class Hash:
        def __init__(self):
            self._hash = sha256()
            self.hexdigest = self._hash.hexdigest

        def update(self, content):
            act()
            self._hash.update(content)

    return Hash


def test_a_file_that_changes_while_it_is_read_is_to_be_tried_again(put, monkeypatch):
    path = put("a.mp4")
    [found] = find_footage([path], OriginRules.of())
    monkeypatch.setattr("hashlib.sha256", _sha256_that_first(lambda: path.write_bytes(path.read_bytes() + b"more")))
    with pytest.raises(FootageReadError, match="changed while it was read"):
        examine(found, OriginRules.of())


def test_flags_hold_for_all(put, tmp_path):
    put("gate_20260914_081500.mp4"), put("entrance.mp4")
    sources = list(discover([tmp_path], camera="hall", start=datetime(2026, 9, 1, 12), zone="Europe/Rome"))
    told = {(s.camera, s.camera_from, s.started_at, s.started_from) for s in sources}
    assert len(sources) == 2
    assert told == {("hall", "flag", datetime(2026, 9, 1, 10, tzinfo=UTC), "flag")}


def test_zones_of_cameras_and_own_patterns(put, tmp_path):
    put("gate_20260914_081500.mp4"), put("k7/left.mp4")
    gate, left = discover([tmp_path], zones={"gate": "Asia/Tokyo"}, patterns=[r"/(?P<camera>k\d)/"])
    assert gate.started_at == datetime(2026, 9, 13, 23, 15, tzinfo=UTC)
    assert (left.camera, left.camera_from) == ("k7", "path")
    with pytest.raises(SurveilError, match="unknown time zone"):
        list(discover([tmp_path], zone="Nowhere"))


def test_metadata_then_file_time(video, plain, tmp_path):
    told = video(tmp_path / "a.mp4", plain(20), metadata={"creation_time": "2026-09-14T05:00:00Z"})
    untold = video(tmp_path / "b.mp4", plain(20))
    os.utime(untold, (1_789_373_700, 1_789_373_700))
    a, b = discover([told, untold])
    assert (a.started_at, a.started_from) == (datetime(2026, 9, 14, 5, tzinfo=UTC), "metadata")
    # it was written to the end at 08:15:00 and lasts two seconds
    assert (b.started_at, b.started_from) == (datetime(2026, 9, 14, 8, 14, 58, tzinfo=UTC), "file time")


def test_a_renamed_copy_has_the_same_hash(put, tmp_path):
    first, other = put("a.mp4"), put("b.mp4")
    shutil.copyfile(first, tmp_path / "c_20260914_081500.mkv")
    a, b, c = discover([tmp_path])
    assert a.content_hash == c.content_hash != b.content_hash
    assert b.path == other


def test_what_cannot_be_read_is_reported_and_the_rest_is_found(put, tmp_path):
    good = put("z.mp4")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "notes.mp4").write_text("This is not a video.\n" * 100)
    sources, errors = found(tmp_path, tmp_path / "missing.mp4")
    assert sources == [good]
    assert errors == {
        tmp_path / "empty.mp4": "the file is empty (0 bytes)",
        tmp_path / "notes.mp4": "cannot be read as a video: Invalid data found when processing input",
        str(tmp_path / "missing.mp4"): "does not exist",
    }


def test_sound_and_pipes_are_no_footage(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")  # to open it would block for ever
    with av.open(str(tmp_path / "sound.mkv"), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert found(tmp_path) == (
        [],
        {tmp_path / "pipe.mp4": "not a file", tmp_path / "sound.mkv": "there is no video in it"},
    )


def test_the_cover_of_a_sound_file_is_no_footage(tmp_path):
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="bgr24")))
        container.mux(cover.encode())
    assert found(tmp_path) == ([], {path: "there is no video in it"})


def test_files_and_folders_without_rights_are_reported(public_folder, as_ordinary_user, put):
    good = put("good.mp4", public_folder)
    closed = put("closed.mp4", public_folder)
    folder = put("folder/a.mp4", public_folder).parent
    closed.chmod(0), folder.chmod(0)
    with as_ordinary_user():
        sources, errors = found(public_folder)
    folder.chmod(0o700)
    assert sources == [good]
    assert {str(path): what for path, what in errors.items()} == {
        str(closed): "cannot be read: Permission denied",
        str(folder): "cannot be read: Permission denied",
    }


def test_a_folder_that_may_be_listed_but_not_entered_ends_nothing(public_folder, as_ordinary_user, put):
    last, inside = put("z.mp4", public_folder), put("listed/inner/a.mp4", public_folder)
    folder = inside.parent.parent
    cv2.imwrite(str(folder / "a.jpg"), np.zeros((128, 64, 3), np.uint8))
    (public_folder / "elsewhere").mkdir()
    (public_folder / "elsewhere" / "linked.jpg").symlink_to(folder / "a.jpg")
    folder.chmod(0o444)
    with as_ordinary_user():
        walked, given = found(public_folder), found(inside)
    folder.chmod(0o700)
    assert walked[0] == [last]
    assert walked[1][folder] == "cannot be read: Permission denied"
    assert given == ([], {str(inside): "cannot be read: Permission denied"})


@pytest.mark.parametrize(("name", "depth"), [("d", 1500), ("d" * 200, 30)])
def test_folders_inside_folders_without_end_hide_nothing(put, tmp_path, name, depth):
    """An attacker may nest them deeper than functions may call themselves, or than paths may be long."""
    last = put("z.mp4")
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    sources, errors = found(tmp_path)
    assert sources == [last]
    assert set(errors.values()) <= {"cannot be read: File name too long"}
    subprocess.run(["rm", "-r", tmp_path / name], check=True)  # pytest could not


def test_a_name_longer_than_any_is_reported(tmp_path):
    [(_, what)] = found(tmp_path / ("x" * 300))[1].items()
    assert what == "cannot be read: File name too long"


def test_a_folder_without_footage_is_reported(tmp_path):
    (tmp_path / "readme.txt").write_text("nothing")
    assert found(tmp_path) == ([], {tmp_path: "no footage in it"})


def test_hidden_files_and_sidecars_are_passed_over(put, clip, tmp_path):
    good = put("good.mp4")
    put(".hidden.mp4"), put(".trash/a.mp4"), put("half.mp4.part"), put("movie.gif")
    for name in ("good.srt", "good.json", "live.m3u8", "list.txt"):
        (tmp_path / name).write_text("#EXTM3U\ngood.mp4\n")
    cv2.imwrite(str(tmp_path / "scene.jpg"), np.zeros((480, 640, 3), np.uint8))
    assert found(tmp_path) == ([good], {})
    passed_over = {one.path.name for one in find_footage([tmp_path], OriginRules.of()) if isinstance(one, PassedOver)}
    assert passed_over == {"half.mp4.part", "movie.gif", "good.srt", "good.json", "live.m3u8", "list.txt", "scene.jpg"}


def test_a_video_is_known_without_its_suffix(put, tmp_path):
    good = put("recording.0001")
    (tmp_path / "notes").write_text("This is not a video.\n" * 100)
    (tmp_path / "nothing.bin").touch()
    assert found(tmp_path) == ([good], {})


def test_a_file_given_by_name_is_taken_for_footage(put, tmp_path):
    hidden = put(".hidden.mp4")
    picture = tmp_path / "scene.jpg"
    cv2.imwrite(str(picture), np.zeros((480, 640, 3), np.uint8))
    assert found(hidden, picture) == ([hidden], {picture: "a single picture, not footage"})


def test_thumbnails_are_no_crops(put, tmp_path):
    videos = [put(f"{number}.mp4") for number in range(3)]
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), np.zeros((160, 60, 3), np.uint8))  # upright: like a crop
    assert found(tmp_path) == (videos, {})
    cv2.imwrite(str(tmp_path / "person.jpg"), np.zeros((160, 60, 3), np.uint8))
    [crops, *rest] = discover([tmp_path])
    assert [file.path.name for file in crops.crops] == ["person.jpg"]
    assert len(rest) == 3


def test_paths_that_overlap_are_found_once(put, tmp_path, monkeypatch):
    a, b = put("a.mp4"), put("deep/b.mp4")
    (tmp_path / "link.mp4").symlink_to(a)
    (tmp_path / "deep" / "round").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert found(b, tmp_path, a, b.relative_to(tmp_path)) == ([b, a], {})


def test_relative_paths_become_absolute_so_that_the_folder_is_seen(put, tmp_path, monkeypatch):
    path = put("gate/0001.mp4")
    monkeypatch.chdir(path.parent)
    [source] = discover([path.relative_to(path.parent)])
    assert (source.path, source.camera) == (path, "gate")


def test_a_dead_link_is_reported(tmp_path):
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    assert found(tmp_path) == ([], {str(tmp_path / "gone.mp4"): "does not exist"})


def test_a_playlist_opens_no_address(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        playlist = tmp_path / "a.m3u8"
        playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{address}\n#EXT-X-ENDLIST\n")
        sources, errors = found(playlist)
        with pytest.raises(TimeoutError):
            server.accept()
    assert not sources
    assert list(errors) == [playlist]


def test_links_in_a_circle_are_reported_and_end_nothing(put, tmp_path):
    good = put("good.mp4")
    (tmp_path / "a.mp4").symlink_to(tmp_path / "b.mp4")
    (tmp_path / "b.mp4").symlink_to(tmp_path / "a.mp4")
    sources, errors = found(tmp_path)
    assert sources == [good]
    assert set(errors.values()) == {"cannot be read: Too many levels of symbolic links"}


def test_one_odd_file_does_not_end_the_walk(put, video, plain, tmp_path):
    odd = put("odd.mp4")
    os.utime(odd, (300_000_000_000, 300_000_000_000))  # the year 11476
    tagged = video(tmp_path / "tagged.mkv", plain(5), metadata={"DATE": "9999-12-31"})
    latin = put(os.fsdecode(b"S\xfcd.mp4"))
    sources, errors = found(tmp_path)
    assert set(sources) == {tagged, latin}
    assert errors == {odd: "its file time cannot be"}


def test_what_nobody_foresaw_in_a_file_is_that_files_own(put, tmp_path, monkeypatch):
    unnamed, named = put("a"), put("b.mp4")

    def fail(*_call, **_):
        raise OverflowError("date out of range")

    monkeypatch.setattr("surveil.footage.container.av.open", fail)
    assert found(tmp_path) == ([], {named: "unexpected error, please report it: OverflowError: date out of range"})
    assert unnamed.exists()


def test_the_date_tag_of_matroska(video, plain, tmp_path):
    video(tmp_path / "a.mkv", plain(5), metadata={"DATE": "2026-09-14T05:00:00Z"})
    [source] = discover([tmp_path])
    assert (source.started_at, source.started_from) == (datetime(2026, 9, 14, 5, tzinfo=UTC), "metadata")


def test_what_surveil_keeps_itself_is_no_footage(put, tmp_path):
    good = put("good.mp4")
    own = put("surveil.media/ab/crop.mp4").parent.parent
    mark_folder(own)
    assert found(tmp_path) == ([good], {})
    assert [one.path for one in find_footage([tmp_path], OriginRules.of()) if isinstance(one, PassedOver)] == [own]


def test_text_and_playlists_are_no_footage(put, tmp_path):
    segments = [put("1.mp4"), put("2.mp4")]
    (tmp_path / "all.ffconcat").write_text("ffconcat version 1.0\nfile 1.mp4\nfile 2.mp4\n")
    (tmp_path / "list").write_text("ffconcat version 1.0\nfile 1.mp4\nfile 2.mp4\n")
    (tmp_path / "art.asc").write_text("@@@@ @@@@\n" * 100)
    (tmp_path / "about.nfo").write_bytes(b"\xdb\xdb\xdb ABOUT \xdb\xdb\xdb\r\n" * 100)
    assert found(tmp_path) == (segments, {})
    playlist = tmp_path / "all.ffconcat"
    assert found(playlist) == ([], {playlist: "a playlist, not footage"})


def test_a_picture_is_no_thumbnail_of_a_file_that_is_no_video(tmp_path):
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), np.zeros((160, 60, 3), np.uint8))
        (tmp_path / f"{number}.xmp").write_text("<x:xmpmeta/>")
    [crops] = discover([tmp_path])
    assert len(crops.crops) == 3


def test_a_file_that_cannot_be_hashed_is_named(put, monkeypatch):
    path = put("a.mp4")

    def fail():
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("hashlib.sha256", _sha256_that_first(fail))
    [error] = discover([path])
    assert isinstance(error, FootageReadError)
    assert str(error).startswith(f"{path}: cannot be read: Input/output error")
