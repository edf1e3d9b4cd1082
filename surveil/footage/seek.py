"""Going on in the middle of a video: from the keyframe before a frame instead of from the beginning.

Not every container can be sought exactly, and not every keyframe is a clean start. So whoever goes on proves that it is
the same place: the frame must be there, a keyframe before it, and its picture must be what it was, bit for bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import av
from av.error import FFmpegError

from surveil.footage.container import VideoFile
from surveil.footage.timestamps import FrameLoss
from surveil.types import Image

STEPS_BACK = (0.0, 3.0, 15.0, 60.0)
"""Seconds before the frame to which is sought, until one leads to a clean start: some containers only guess where they
go, and land behind the last keyframe."""

Item = av.VideoFrame | FrameLoss


def frames_after(
    video: VideoFile,
    pts: int,
    digest: str,
    back: float,
    decode: Callable[[VideoFile], Iterator[Item]],
    picture: Callable[[av.VideoFrame], Image],
) -> Iterator[Item] | None:
    """What follows a frame, without what comes before it; None if that cannot be had from there.

    Args:
        video: Just opened.
        pts: The presentation time that the frame claims, in the stream's time base.
        digest: `digest_of` its picture.
        back: So many seconds before it is sought.
        decode: Gives the frames of a video from where it stands.
        picture: Makes a picture of a frame.
    """
    base = video.stream.time_base
    if base is None:
        return None
    try:
        video.container.seek(pts - round(back / base), stream=video.stream, backward=True)
    except FFmpegError:
        return None
    items, begun = decode(video), False
    for item in items:
        if isinstance(item, FrameLoss) or item.pts is None or item.pts > pts:
            return None
        begun = begun or item.key_frame
        if item.pts == pts:
            same = begun and not item.is_corrupt and digest_of(picture(item)) == digest
            return items if same else None
    return None


def digest_of(picture: Image) -> str:
    """What tells a picture (H, W, 3) from others."""
    return hashlib.sha256(picture.tobytes()).hexdigest()
