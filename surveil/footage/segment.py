"""Pieces of original footage: the packets themselves, copied."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from surveil.errors import FootageError
from surveil.footage.container import VideoFile, open_video, scope_of

CONTAINERS = {
    "mov,mp4,m4a,3gp,3g2,mj2": ("mp4", ".mp4"),
    "matroska,webm": ("matroska", ".mkv"),
    "mpegts": ("mpegts", ".ts"),
}
"""FFmpeg's name of a format that is read, and name and suffix of the one that holds the same packets unchanged."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of original footage that was copied.

    Attributes:
        path: Where it was written.
        begin: Seconds of the footage at which it begins: those of the last keyframe before what was asked for.
        end: Seconds of the last frame in it.
        packets: How many packets of video it has.
        packets_sha256: SHA-256 (hex) of their contents, one after the other; the copy was read back, and has the same.
            None where the file was copied as a whole.
    """

    path: Path
    begin: float
    end: float
    packets: int
    packets_sha256: str | None


def copy_segment(path: Path, begin: float, end: float, stem: Path, *, steady: bool, duration: float) -> Segment:
    """Copy the packets of a stretch of footage, without decoding them, from the keyframe before on.

    The copy is read back. Where it does not hold the very same packets, the container is of another kind, or the times
    are not to be trusted, the whole file is copied instead, byte by byte.

    Args:
        path: The video.
        begin: Seconds from its first frame.
        end: Seconds from its first frame.
        stem: Where to write it, without a suffix.
        steady: Whether its times are those of the file; see `surveil.footage.moments.is_steady`.
        duration: Seconds that the footage lasts.

    Raises:
        FootageError: It cannot be read.
    """
    segment = _copy_packets(path, begin, end, stem) if steady else None
    if segment is not None:
        if segment.packets and _packets_sha256(segment.path) == segment.packets_sha256:
            return segment
        segment.path.unlink()
    whole = stem.with_suffix(path.suffix.lower())
    with scope_of(path):
        shutil.copyfile(path, whole)
    return Segment(whole, 0.0, duration, 0, None)


def _copy_packets(path: Path, begin: float, end: float, stem: Path) -> Segment | None:
    """The copy, not yet read back; None where no container takes the packets."""
    with open_video(path) as video, scope_of(path):
        source = video.stream
        name, suffix = CONTAINERS.get(video.container.format.name, (None, ""))
        base = source.time_base
        if name is None or base is None:
            return None
        origin = _first_time(video)
        out = stem.with_suffix(suffix)
        digest, packets, times = hashlib.sha256(), 0, [begin]
        video.container.seek(origin + int(begin / base), stream=source, backward=True)
        try:
            with av.open(str(out), "w", format=name) as container:
                copy = container.add_stream_from_template(source)
                for packet in video.container.demux(source):
                    if packet.pts is None or packet.dts is None:
                        continue
                    # In decoding order: what is shown by `end` was decoded by then, and so was all that it refers to.
                    if float((packet.dts - origin) * base) > end:
                        break
                    times.append(float((packet.pts - origin) * base))
                    digest.update(bytes(packet))
                    packets += 1
                    packet.stream = copy
                    container.mux(packet)
        except (FFmpegError, ValueError):
            out.unlink(missing_ok=True)
            return None
        video.check_read()
    return Segment(out, max(0.0, min(times)), max(times), packets, digest.hexdigest())


def _packets_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open_video(path) as video, scope_of(path):
        for packet in video.container.demux(video.stream):
            if packet.pts is not None:
                digest.update(bytes(packet))
    return digest.hexdigest()


def _first_time(video: VideoFile) -> int:
    """When the first frame is shown, by the container's clock.

    Raises:
        FootageError: There is none.
    """
    for packet in video.container.demux(video.stream):
        try:
            frames = packet.decode()
        except FFmpegError:
            continue
        for frame in frames:
            if frame.pts is not None:
                return frame.pts
    raise FootageError("no frame can be decoded", video.path, "The file is damaged, or no video.")
