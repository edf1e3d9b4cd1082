"""What footage lies at the given paths: video files, and folders of crops."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from av.error import FFmpegError

from surveil.errors import FootageError
from surveil.footage.clock import Clock, find_origin
from surveil.footage.container import claimed_duration, open_video
from surveil.footage.crops_folder import PICTURE_SUFFIXES, crop_sources, holds_crops
from surveil.types import Source

# fmt: off
VIDEO_SUFFIXES = frozenset({
    ".264", ".265", ".3g2", ".3gp", ".asf", ".avi", ".bvr", ".dav", ".divx", ".dv", ".f4v", ".flv", ".h264", ".h265",
    ".hevc", ".ivf", ".m1v", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
    ".mts", ".mxf", ".nut", ".ogv", ".ps", ".ts", ".vob", ".webm", ".wmv", ".y4m",
})
"""Files that must be readable: one that is not is reported."""
SIDECAR_SUFFIXES = PICTURE_SUFFIXES | {
    ".crdownload", ".csv", ".gif", ".idx", ".json", ".log", ".m3u", ".m3u8", ".md", ".mpd", ".part", ".srt", ".sub",
    ".tif", ".tiff", ".tmp", ".txt", ".vtt", ".webp", ".xml",
}
"""Files that are passed over in silence, some of which FFmpeg would play: pictures, playlists, half downloads."""
# fmt: on


def discover(
    paths: Iterable[Path],
    *,
    camera: str | None = None,
    start: datetime | None = None,
    zone: str = "UTC",
    patterns: Sequence[str] = (),
    zones: Mapping[str, str] | None = None,
) -> Iterator[Source | FootageError]:
    """Find footage; every piece is yielded once, in the order of the paths given and sorted by name within each.

    Folders are walked to the bottom. Hidden files and folders (`.name`) and sidecars (`SIDECAR_SUFFIXES`) are passed
    over; files of `VIDEO_SUFFIXES` are opened, and reported if they are empty, may not be read or are no video; of
    other files those count whose first frame can be decoded. A file that is itself among the paths is always taken for
    footage. Pictures count where most of a folder's are crops (`crops_folder.holds_crops`); a picture named like a
    video beside it is its thumbnail.

    Args:
        paths: Files and folders.
        camera: The camera's name, for all of it.
        start: When it starts, for all of it; without a zone it is local time.
        zone: IANA zone of times in names that do not say theirs.
        patterns: Regular expressions for camera and time in the path; see `clock.Clock`.
        zones: Zones of single cameras, by name; before `zone`.

    Returns:
        A source for each piece of footage that can be opened, and an error, not raised, for each that cannot.

    Raises:
        SurveilError: A zone or pattern is wrong.
    """
    clock = Clock.of(zone, patterns, zones)
    return _Discovery(clock, camera, start).run(paths)


class _Discovery:
    """One walk: the flags, and the files already met (paths may overlap, links may lead in circles)."""

    def __init__(self, clock: Clock, camera: str | None, start: datetime | None) -> None:
        self.clock = clock
        self.camera = camera
        self.start = start
        self._met: set[Path] = set()

    def run(self, paths: Iterable[Path]) -> Iterator[Source | FootageError]:
        for given in paths:
            path = Path(os.path.abspath(given))  # noqa: PTH100 - links keep their names, which may hold the camera
            if path.is_dir():
                found = False
                for source in self._folder(path):
                    found = True
                    yield source
                if not found:
                    yield FootageError("no footage in it", path, "It holds neither videos nor crops of people.")
            else:
                yield from self._file(path)

    def _folder(self, top: Path) -> Iterator[Source | FootageError]:
        denied: list[OSError] = []
        for root, folders, names in os.walk(top, onerror=denied.append, followlinks=True):
            folder = Path(root)
            folders[:] = sorted(name for name in folders if not name.startswith(".") and self._first(folder / name))
            files = sorted(folder / name for name in names if not name.startswith("."))
            yield from self._files(folder, files)
            while denied:
                yield _denied(denied.pop())
        while denied:
            yield _denied(denied.pop())

    def _files(self, folder: Path, files: list[Path]) -> Iterator[Source | FootageError]:
        videos = [file for file in files if file.suffix.lower() not in SIDECAR_SUFFIXES]
        thumbnails = {file.stem for file in videos}
        pictures = [
            file for file in files if file.suffix.lower() in PICTURE_SUFFIXES and file.stem not in thumbnails
        ]  # fmt: skip
        if pictures and holds_crops(pictures) and self._first(folder / "*"):
            yield from crop_sources(folder, pictures, self.clock, self.camera, self.start)
        for file in videos:
            if file.suffix.lower() in VIDEO_SUFFIXES or _shows_a_frame(file):
                yield from self._file(file)

    def _file(self, path: Path) -> Iterator[Source | FootageError]:
        if not self._first(path):
            return
        try:
            yield self._video(path)
        except FootageError as error:
            yield error
        except OSError as error:
            yield _denied(error)

    def _video(self, path: Path) -> Source:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FootageError("not a file", path)
        if status.st_size == 0:
            raise FootageError("the file is empty (0 bytes)", path)
        if path.suffix.lower() in PICTURE_SUFFIXES:
            raise FootageError("a single picture, not footage", path, "Give the folder of crops that it lies in.")
        container, stream = open_video(path)
        with container:
            metadata = {**stream.metadata, **container.metadata}
            duration = claimed_duration(container, stream) or 0.0
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        origin = find_origin(
            path, self.clock, camera=self.camera, start=self.start,
            metadata=metadata, modified=modified, duration=duration,
        )  # fmt: skip
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Source(
            path, "video", origin.camera, origin.camera_from, origin.started_at, origin.started_from, digest
        )  # fmt: skip

    def _first(self, path: Path) -> bool:
        real = path.resolve()
        new = real not in self._met
        self._met.add(real)
        return new


def _shows_a_frame(path: Path) -> bool:
    """Whether a file that is not known by its suffix is a video: a decoded frame is the proof."""
    try:
        if not path.is_file() or path.stat().st_size == 0:
            return False
        container, stream = open_video(path)
        with container:
            return next(container.decode(stream), None) is not None
    except (FootageError, FFmpegError, OSError):
        return False


def _denied(error: OSError) -> FootageError:
    what = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror or error}"
    return FootageError(what, error.filename)
