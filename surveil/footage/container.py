"""Opening a video file, with a reason in the user's words if it cannot be read."""

from __future__ import annotations

from pathlib import Path

import av
import av.stream
from av.error import FFmpegError

from surveil.errors import FootageError
from surveil.footage.timestamps import no_timestamps


def open_video(path: Path) -> tuple[av.container.InputContainer, av.VideoStream]:
    """Open a video; the caller closes the container. FFmpeg follows no address that a local playlist names.

    Raises:
        FootageError: It cannot be opened, or there is no moving picture in it; says why.
    """
    try:
        container = av.open(str(path), metadata_errors="replace")
    except OSError as error:  # FFmpeg's own among them: the file, not what is in it
        raise FootageError(f"cannot be read: {error.strerror or error}", path) from error
    except FFmpegError as error:
        next_step = "It is no video, or damaged: an MP4 that was cut off while it was recorded cannot be opened."
        raise FootageError(f"cannot be read as a video: {error.strerror}", path, next_step) from error
    stream = next((stream for stream in container.streams.video if _moves(container, stream)), None)
    if stream is None:
        container.close()
        raise FootageError("there is no video in it", path)
    return container, stream


def claimed_duration(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """Seconds that the video lasts by its container's word, None if it says nothing or only guesses."""
    if no_timestamps(container):
        return None
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _moves(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """A picture in a sound file (a cover) or a still picture is no footage."""
    cover = bool(stream.disposition & av.stream.Disposition.attached_pic)
    return not cover and not container.format.name.endswith(("_pipe", "image2")) and stream.width > 0
