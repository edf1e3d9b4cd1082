"""Opening a video file, with a reason in the user's words if it cannot be read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import av
import av.stream
from av.error import FFmpegError

from surveil.errors import FootageError, FootageReadError, SurveilError
from surveil.footage.timestamps import no_timestamps
from surveil.formatting import printable
from surveil.images import MAX_PIXELS

OPEN_SECONDS, READ_SECONDS = 120.0, 60.0
"""Opening a file, and reading one packet, may take so long; FFmpeg looks at the clock between its reads."""
BUFFER_BYTES = 2**17
MAX_CLAIMED_SECONDS = 366 * 24 * 3600
"""Who claims to last longer says nothing."""
PLAYLIST_SUFFIXES = frozenset({".concat", ".ffcat", ".ffconcat", ".m3u", ".m3u8", ".mpd", ".sdp"})
TEXT_FORMATS = frozenset({"tty"})
"""FFmpeg plays text as a film of a terminal."""
AGAIN = "It will be tried again by the next ingest."


class VideoFile:
    """A video that is open: a context manager, made by `open_video`.

    Attributes:
        path: Where it is.
        container: The open container.
        stream: The video in it.
    """

    def __init__(
        self, path: Path, file: _WatchedFile, container: av.container.InputContainer, stream: av.VideoStream
    ) -> None:
        self.path, self.container, self.stream, self._file = path, container, stream, file

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.container.close()
        self._file.close()

    @property
    def metadata(self) -> dict[str, str]:
        """What the container says of itself; names of tags in lower case."""
        return {name.lower(): value for name, value in {**self.stream.metadata, **self.container.metadata}.items()}

    @property
    def claimed_duration(self) -> float | None:
        """Seconds that the video lasts by its container's word, None if it says nothing or only guesses."""
        if no_timestamps(self.container):
            return None
        if self.stream.duration and self.stream.time_base:
            seconds = float(self.stream.duration * self.stream.time_base)
        else:
            seconds = (self.container.duration or 0) / av.time_base
        return seconds if 0 < seconds <= MAX_CLAIMED_SECONDS else None

    def check_read(self) -> None:
        """Raise what the system said if the file could not be read up to here: FFmpeg takes that for its end.

        Raises:
            FootageReadError: It could not.
        """
        if self._file.error is not None:
            raise _cannot_be_read(self._file.error, self.path)


def open_video(path: Path, *, max_pixels: int = MAX_PIXELS) -> VideoFile:
    """Open a video. No other file is opened, and no address, whatever the file names.

    Args:
        path: The file.
        max_pixels: So many pixels may its pictures have.

    Raises:
        FootageReadError: It cannot be read now.
        FootageError: There is no moving picture in it, or too large a one; says why.
    """
    if path.suffix.lower() in PLAYLIST_SUFFIXES:
        raise FootageError("a playlist, not footage", path, "Give the files that it lists, or their folder.")
    with scope_of(path):
        file = _WatchedFile(path)
        try:
            container = _open_container(file, max_pixels)
        except BaseException:
            file.close()
            if file.error is not None:
                raise _cannot_be_read(file.error, path) from file.error
            raise
        try:
            return VideoFile(path, file, container, _find_stream(container, path, max_pixels))
        except BaseException:
            container.close()
            file.close()
            raise


@contextmanager
def scope_of(path: Path) -> Iterator[None]:
    """Whatever goes wrong with one file inside is an error of that file, and of no other.

    Raises:
        FootageReadError: The system could not read it.
        FootageError: Anything else.
    """
    try:
        yield
    except (SurveilError, MemoryError):
        raise
    except av.error.ExitError as error:
        raise FootageReadError("nothing could be read for too long", path, AGAIN) from error
    except FFmpegError as error:  # some are OSErrors too, of what is in the file
        next_step = "It is no video, or damaged: an MP4 that was cut off while it was recorded cannot be opened."
        raise FootageError(f"cannot be read as a video: {error.strerror}", path, next_step) from error
    except OSError as error:
        raise _cannot_be_read(error, path) from error
    except Exception as error:
        what = f"unexpected error, please report it: {type(error).__name__}: {error}"
        raise FootageError(what, path) from error


class _WatchedFile:
    """A file as FFmpeg reads it, which remembers why it could not be read: FFmpeg passes over it, or calls it the end.

    Attributes:
        name: For FFmpeg, which guesses formats by suffixes.
        error: The error of the system.
    """

    def __init__(self, path: Path) -> None:
        self.name = printable(path)
        self.error: OSError | None = None
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would let us wait for whoever writes
        self._place = 0
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.close()
            raise FootageError("not a file", path)

    def read(self, size: int) -> bytes:
        try:
            content = os.pread(self._descriptor, size, self._place) if self.error is None else b""
        except OSError as error:
            self.error = error
            return b""
        self._place += len(content)
        return content

    def seek(self, offset: int, whence: int) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        if base + offset < 0:
            return -errno.EINVAL  # as FFmpeg expects it
        self._place = base + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open_container(file: _WatchedFile, max_pixels: int) -> av.container.InputContainer:
    return av.open(
        file,
        "r",
        buffer_size=BUFFER_BYTES,
        metadata_errors="replace",
        timeout=(OPEN_SECONDS, READ_SECONDS),
        options={"protocol_whitelist": "none", "max_pixels": str(max_pixels)},
    )


def _find_stream(container: av.container.InputContainer, path: Path, max_pixels: int) -> av.VideoStream:
    if container.format.name in TEXT_FORMATS:
        raise FootageError("text, not footage", path)
    streams = [stream for stream in container.streams.video if _moves(container, stream)]
    if not streams:
        raise FootageError("there is no video in it", path)
    stream = next((stream for stream in streams if stream.codec_context is not None), None)
    if stream is None:
        raise FootageError("its video is of a kind that cannot be decoded", path)
    context = stream.codec_context
    if context.width * context.height > max_pixels:
        raise FootageError(
            f"its pictures have {context.width} x {context.height} pixels, and {max_pixels:,} are the limit",
            path,
            "Raise the setting max_pixels if they are meant to be that large: it costs memory.",
        )
    if context.width <= 0:
        raise FootageError("there is no video in it", path, f"Or its pictures have more than {max_pixels:,} pixels.")
    context.options = {**context.options, "max_pixels": str(max_pixels)}
    return stream


def _moves(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """A picture in a sound file (a cover) or a still picture is no footage."""
    cover = bool(stream.disposition & av.stream.Disposition.attached_pic)
    return not cover and not container.format.name.endswith(("_pipe", "image2"))


def _cannot_be_read(error: OSError, path: Path) -> FootageReadError:
    return FootageReadError(f"cannot be read: {error.strerror or error}", path, AGAIN)
