"""The film of an exhibit: frames as they are, as H.264 that any player plays."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from surveil.errors import FootageError
from surveil.types import Frame, Image

CLOCK = Fraction(1, 1000)
QUALITY = "18"
"""x264's constant rate factor: hardly to be told from the original."""


def write_mp4(frames: Iterable[Frame], out: Path) -> int:
    """Write frames as a film that browsers play (H.264 in MP4), each at its time; gives their number.

    Args:
        frames: In order of time, all of one size.
        out: The file, in place of the one that is there.

    Raises:
        FootageError: There is no frame.
    """
    count = 0
    first = last = -1
    with av.open(str(out), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": QUALITY, "preset": "veryfast"})
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = CLOCK
        for frame in frames:
            time = round(frame.seconds / CLOCK)
            if count == 0:
                first, (stream.height, stream.width) = time, _even(frame.image).shape[:2]
            picture = av.VideoFrame.from_ndarray(_even(frame.image), format="bgr24")
            last = max(last + 1, time - first)
            picture.pts, picture.time_base = last, CLOCK
            container.mux(stream.encode(picture))
            count += 1
        if not count:
            raise FootageError("there is no frame in this stretch of it", out)
        container.mux(stream.encode(None))
    return count


def _even(image: Image) -> Image:
    """With even sides, as H.264 wants them: the last row and column are doubled where needed."""
    height, width = image.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return image
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
