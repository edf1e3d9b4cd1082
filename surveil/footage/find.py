"""What footage lies at the given paths: video files, and folders of crops. Only names and file status are looked at,
and the content where the name is not enough; `surveil.footage.examine` opens and hashes what is found.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from surveil.errors import FootageError
from surveil.files import is_reachable, is_surveil_folder
from surveil.footage.container import open_video, scope_of
from surveil.footage.crops_folder import PICTURE_SUFFIXES, find_crops, holds_crops
from surveil.footage.origin import OriginRules
from surveil.patience import PATIENCE_SECONDS, HangsError, run_with_patience
from surveil.types import FoundFootage, PassedOver

# fmt: off
VIDEO_SUFFIXES = frozenset({
    ".264", ".265", ".3g2", ".3gp", ".asf", ".avi", ".bvr", ".dav", ".divx", ".dv", ".f4v", ".flv", ".h264", ".h265",
    ".hevc", ".ivf", ".m1v", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
    ".mts", ".mxf", ".nut", ".ogv", ".ps", ".ts", ".vob", ".webm", ".wmv", ".y4m",
})
"""Files that must be readable: one that is not is reported."""
SIDECAR_SUFFIXES = PICTURE_SUFFIXES | {
    ".concat", ".crdownload", ".csv", ".ffcat", ".ffconcat", ".gif", ".idx", ".json", ".log", ".m3u", ".m3u8", ".md",
    ".mpd", ".nfo", ".part", ".sdp", ".srt", ".sub", ".tif", ".tiff", ".tmp", ".txt", ".vtt", ".webp", ".xml",
}
"""Files that are passed over by their names, some of which FFmpeg would play: pictures, playlists, half downloads."""
# fmt: on
TEXT_BYTES, TEXT_CONTROLS = 4096, 0.1
"""A file whose beginning has no zero bytes and at most this share of control characters is text."""
NO_FOOTAGE = "no footage in it"
"""What is wrong with an empty folder."""


Found = FoundFootage | PassedOver | FootageError


def find_footage(paths: Iterable[Path], rules: OriginRules) -> Iterator[Found]:
    """Find footage; every piece is yielded once, in the order of the paths given and sorted by name within each.

    Folders are walked to the bottom, and each piece is yielded as soon as it is met. Hidden files and folders (`.name`)
    are ignored and sidecars (`SIDECAR_SUFFIXES`) passed over; files of `VIDEO_SUFFIXES` are footage by their name; of
    other files those count whose first frame can be decoded. A file that is itself among the paths is always taken for
    footage. Pictures count where most of a folder's are crops (`crops_folder.holds_crops`); a picture named like a
    video beside it is its thumbnail.

    Args:
        paths: Files and folders.
        rules: How to tell cameras; pictures in a folder of crops are split by them.

    Returns:
        Each piece of footage, each file that is passed over, and an error, not raised, for what cannot be footage
        although its name, or the user, says so.
    """
    return _Walk(rules).run(paths)


class _Walk:
    """One walk: the rules, and the files already met (paths may overlap, links may lead in circles)."""

    def __init__(self, rules: OriginRules) -> None:
        self._rules = rules
        self._met: set[str] = set()
        self._here = Path(), ""

    def run(self, paths: Iterable[Path]) -> Iterator[Found]:
        for given in paths:
            path = Path(os.path.abspath(given))  # noqa: PTH100 - links keep their names, which may hold the camera
            if is_reachable(path) and path.is_dir():
                empty = True
                for found in self._folder(path):
                    empty = empty and isinstance(found, PassedOver)
                    yield found
                if empty:
                    yield FootageError(NO_FOOTAGE, path, "It holds neither videos nor crops of people.")
            else:
                yield from self._file(path)

    def _folder(self, top: Path) -> Iterator[Found]:
        # Not `os.walk`, which on Python 3.11 cannot go deeper than a function may call itself.
        waiting = [(top, os.path.realpath(top))]
        while waiting:
            folder, _ = self._here = waiting.pop()
            try:
                if is_surveil_folder(folder):
                    yield PassedOver(folder, "surveil keeps its own pictures in it")
                    continue
                folders, files = _entries(folder)
                waiting += reversed([(inner, self._real(inner)) for inner in folders if self._first(inner)])
                yield from self._files(folder, files)
            except OSError as error:
                yield _denied(error, folder)

    def _files(self, folder: Path, files: list[Path]) -> Iterator[Found]:
        videos = [file for file in files if file.suffix.lower() not in SIDECAR_SUFFIXES]
        stems = {file.stem: file for file in videos}
        pictures = []
        for file in files:
            if file.suffix.lower() not in SIDECAR_SUFFIXES:
                continue
            if file.suffix.lower() not in PICTURE_SUFFIXES:
                yield PassedOver(file, "its name says that it is no footage")
            elif file.stem in stems and _is_video(stems[file.stem]):
                yield PassedOver(file, "a picture named like the video beside it")
            else:
                pictures.append(file)
        if pictures and self._first(folder / "*"):
            if holds_crops(pictures):
                yield from find_crops(folder, pictures, self._rules)
            else:
                yield from (
                    PassedOver(picture, "a picture, and most beside it show no single person") for picture in pictures
                )
        for file in videos:
            if _is_video(file):
                yield from self._file(file)
            else:
                yield PassedOver(file, "not named like a video, and none by what is in it")

    def _file(self, path: Path) -> Iterator[Found]:
        if not self._first(path):
            return
        try:
            yield self._video(path)
        except FootageError as error:
            yield error
        except OSError as error:
            yield _denied(error)

    def _video(self, path: Path) -> FoundFootage:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FootageError("not a file", path)
        if status.st_size == 0:
            raise FootageError("the file is empty (0 bytes)", path)
        if path.suffix.lower() in PICTURE_SUFFIXES:
            raise FootageError("a single picture, not footage", path, "Give the folder of crops that it lies in.")
        camera, camera_from = self._rules.camera_of(path)
        return FoundFootage(path, "video", camera, camera_from, status.st_size, status.st_mtime_ns)

    def _first(self, path: Path) -> bool:
        real = self._real(path)
        new = real not in self._met
        self._met.add(real)
        return new

    def _real(self, path: Path) -> str:
        """The path without links. Unlike `Path.resolve`, it raises nothing at links in a circle."""
        folder, real = self._here
        if path.parent != folder or path.is_symlink():  # else the folder is known: no need to look at all above it
            return os.path.realpath(path)
        return os.path.join(real, path.name)  # noqa: PTH118


def _is_video(path: Path) -> bool:
    """Whether a file is one by its suffix, or by its first frame, which must be decoded for proof."""
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return True
    try:
        if not path.is_file() or path.stat().st_size == 0:
            return False
        return run_with_patience(lambda _: not _is_text(path) and _shows_a_frame(path), PATIENCE_SECONDS)
    except (FootageError, HangsError, OSError):
        return False


def _shows_a_frame(path: Path) -> bool:
    with open_video(path) as video, scope_of(path):
        return next(video.container.decode(video.stream), None) is not None


def _is_text(path: Path) -> bool:
    """FFmpeg would play text, and follow playlists."""
    with path.open("rb") as file:
        begin = file.read(TEXT_BYTES)
    return b"\0" not in begin and sum(byte < 32 for byte in begin) <= TEXT_CONTROLS * len(begin)


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders and the files in a folder, without hidden ones, each sorted by name.

    Raises:
        OSError: It may not, or cannot, be read.
    """
    folders: list[Path] = []
    files: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                is_folder = entry.is_dir()
            except OSError:  # what is wrong is told when it is opened
                is_folder = False
            (folders if is_folder else files).append(folder / entry.name)
    return sorted(folders), sorted(files)


def _denied(error: OSError, where: Path | None = None) -> FootageError:
    what = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror or error}"
    return FootageError(what, where or error.filename)
