"""Footage made for the benchmark, in a folder that goes afterwards: a still scene, a long film, the first seconds."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import av
import cv2
import numpy as np

from surveil.footage.decode import FootageReader
from surveil.types import Image

NOISE = 2.0
"""Standard deviation, in grey levels, of a camera's noise by day."""
NOISE_FRAMES = 16


def first_picture(path: Path) -> Image:
    """The first frame of a video."""
    with FootageReader(path, fps=1.0) as reader:
        return next(iter(reader)).image


def still_scene(picture: Image, width: int, height: int, *, fps: int, seconds: int, out: Path) -> Path:
    """A picture that does not change, but for the noise of the camera, as H.264."""
    scene = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    random = np.random.default_rng(0)
    noisy = [scene + random.normal(0, NOISE, scene.shape) for _ in range(NOISE_FRAMES)]
    pictures = [np.clip(one, 0, 255).astype(np.uint8) for one in noisy]
    return write_film(out, (pictures[random.integers(NOISE_FRAMES)] for _ in range(fps * seconds)), width, height, fps)


def first_seconds(path: Path, seconds: float, out: Path) -> Path:
    """The first seconds of a video, encoded anew at its own rate, so that whatever reads it sees the same times."""
    with av.open(str(path)) as container:
        rate = float(container.streams.video[0].average_rate or 25)
    fps = round(rate) if 1 <= rate <= 60 else 25
    with FootageReader(path, fps=1000.0, stated_fps=fps) as reader:
        pictures = (frame.image for frame in takewhile(lambda frame: frame.seconds < seconds, reader))
        first = next(pictures)
        height, width = first.shape[:2]
        return write_film(out, _chain(first, pictures), width, height, fps)


def repeated(path: Path, seconds: float, out: Path) -> Path:
    """A video's own packets, again and again, until it lasts so long; it must have a steady rate."""
    with av.open(str(path)) as source, av.open(str(out), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        packets = list(_packets(source, stream))
        if stream.average_rate is None or stream.time_base is None:
            raise ValueError(f"{path} has no rate")
        length = round(len(packets) / (stream.average_rate * stream.time_base))
        begin = min(pts for pts, *_ in packets)
        for turn in range(round(seconds / float(length * stream.time_base))):
            for pts, dts, is_keyframe, content in packets:
                packet = av.Packet(content)
                packet.stream, packet.time_base, packet.is_keyframe = copy, stream.time_base, is_keyframe
                packet.pts, packet.dts = pts - begin + turn * length, dts - begin + turn * length
                target.mux(packet)
    return out


def copies(path: Path, count: int) -> list[Path]:
    """An MP4 so many times, beside it, each of another content: an empty box at the end holds a number."""
    made = [path.with_stem(f"{path.stem}-{number}") for number in range(count)]
    for number, copy in enumerate(made):
        copy.write_bytes(path.read_bytes() + struct.pack(">I4sI", 12, b"free", number))
    return made


def _packets(source: av.container.InputContainer, stream: av.VideoStream) -> Iterator[tuple[int, int, bool, bytes]]:
    for packet in source.demux(stream):
        if packet.pts is not None and packet.dts is not None:
            yield packet.pts, packet.dts, packet.is_keyframe, bytes(packet)


def _chain(first: Image, others: Iterator[Image]) -> Iterator[Image]:
    yield first
    yield from others


def write_film(out: Path, pictures: Iterator[Image], width: int, height: int, fps: int) -> Path:
    """A video (H.264) of BGR pictures (height, width, 3)."""
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "23", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return out
