"""What the rooms hand to each other. Boxes are float32 (N, 4) as x1, y1, x2, y2 in pixels of the frame;
images are uint8 (H, W, 3) in BGR order; `seconds` count from the first frame of the footage, by its own timestamps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from surveil.files import path_text

MAX_KEY = 500
"""Characters of a path by which a scan remembers it as it is."""

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
State = dict[str, Any]
"""Where something stands: values that JSON has, and arrays, in dictionaries and lists."""


@dataclass(frozen=True, slots=True)
class CropFile:
    """A picture in a folder of crops, and its time from the source's `started_at`."""

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class FoundFootage:
    """A piece of footage that a walk met: what its name and the file system say; nothing was opened or hashed.

    Attributes:
        path: The video file, or the folder of crops.
        kind: What `path` is.
        camera: The camera's name.
        camera_from: Where the name was taken from: "flag", "path" or "default".
        size: Bytes; of a folder of crops, of all its pictures.
        mtime_ns: When it was last changed, in nanoseconds since 1970; of a folder of crops, the latest of the folder
            and its pictures.
        pictures: One camera's pictures in a folder of crops; empty for a video.
    """

    path: Path
    kind: Literal["video", "crops"]
    camera: str
    camera_from: str
    size: int
    mtime_ns: int
    pictures: tuple[Path, ...] = ()

    @property
    def scan_key(self) -> str:
        """What a scan remembers it by: the path, and in a folder of crops, which may hold several, the camera too.

        Of a very long one the hash: indexes of databases take no more than about 2,700 bytes.
        """
        key = path_text(self.path) if self.kind == "video" else f"{path_text(self.path)}#{self.camera}"
        return key if len(key) <= MAX_KEY else f"{key[:MAX_KEY]}...{hashlib.sha256(key.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file or folder that a walk met and does not take for footage, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of footage that was examined: it can be opened, and its content is known by its hash.

    Attributes:
        path: The video file, or the folder of crops.
        kind: What `path` is.
        camera: The camera's name.
        camera_from: Where the name was taken from: "flag", "path" or "default".
        started_at: UTC time of the first frame.
        started_from: Where the time was taken from: "flag", "path", "metadata" or "file time". A folder of crops is
            "file time" whenever its pictures' distances in time are those of their files, also where a flag says when
            they start: such times do not show that two people were in one picture.
        content_hash: SHA-256 of the content (hex), the identity of the footage whatever its name.
        crops: One camera's pictures in a folder of crops, in order of time; empty for a video.
        skipped: Pictures of that camera that are junk by their names and were left out.
        size: Bytes at the moment of hashing, and
        mtime_ns: when it was last changed then: see `FoundFootage`.
        warnings: What is doubtful in what is said of it.
    """

    path: Path
    kind: Literal["video", "crops"]
    camera: str
    camera_from: str
    started_at: datetime
    started_from: str
    content_hash: str
    crops: tuple[CropFile, ...] = ()
    skipped: int = 0
    size: int = 0
    mtime_ns: int = 0
    warnings: tuple[FootageWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame.

    Attributes:
        index: Its number in decoding order, from 0.
        seconds: Its time.
        image: Its picture (H, W, 3).
        place: What a reader needs to go on after it without decoding all that comes before; None: it cannot.
        is_still: Whether it shows nothing that the last frame that is not still did not show.
    """

    index: int
    seconds: float
    image: Image
    place: State | None = None
    is_still: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the picture takes."""
        return self.image.nbytes


@dataclass(frozen=True, slots=True)
class Detections:
    """People found in one frame: boxes (N, 4) in pixels and scores (N,) from 0 to 1. N may be 0."""

    boxes: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.boxes)

    @staticmethod
    def none() -> Detections:
        """Nobody."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Crop:
    """A person cut out of a frame.

    Attributes:
        image: (h, w, 3) picture.
        seconds: Time of the frame.
        box: (4,) where in the frame it was, in pixels.
        quality: 0 to 1; size, sharpness, occlusion by other boxes and the frame's border.
    """

    image: Image
    seconds: float
    box: Floats
    quality: float


@dataclass(frozen=True, slots=True)
class Track:
    """One person followed through one piece of footage.

    Attributes:
        seconds: (n,) float64 times at which the person was detected, ascending.
        boxes: (n, 4) boxes in pixels.
        scores: (n,) detection scores.
        crops: The best crops, best first.
        is_one_person: Whether it certainly shows one person: nobody came near, and she was never lost from sight.
    """

    seconds: NDArray[np.float64]
    boxes: Floats
    scores: Floats
    crops: tuple[Crop, ...]
    is_one_person: bool = False


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a person looks like.

    Attributes:
        attributes: (32,) probabilities.
        embedding: (544,) of unit length.
        person: How much it looks like a person at all, 0 to 1; below one half it is unlike any person. 1 where the
            model does not tell.
    """

    attributes: Floats
    embedding: Floats
    person: float = 1.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """A finished track with what the model says of it: the unit that is stored and searched."""

    track: Track
    appearance: Appearance


@dataclass(slots=True)
class FrameCounts:
    """What became of every frame: decoded = processed + gated + sampled_out; unreadable ones never decoded."""

    decoded: int = 0
    processed: int = 0
    gated: int = 0
    sampled_out: int = 0
    unreadable: int = 0


WarningKind = Literal[
    "clock_change",
    "clock_jump",
    "container_broken",
    "damaged",
    "gap",
    "invented_times",
    "junk_skipped",
    "not_people",
    "other",
    "outlier_times",
    "stated_fps",
    "truncated",
    "unreadable_pictures",
]


@dataclass(frozen=True, slots=True)
class FootageWarning:
    """What an operator should know of footage that was read all the same: something wrong with it, or left out.

    `surveil.footage.warnings` says it in English.

    As JSON it is what `dataclasses.asdict` makes of it, and `FootageWarning(**record)` reads it back.

    Attributes:
        kind: What is wrong:
            "clock_change": it is said to start at a local time that exists twice, or not at all (`detail`: local, zone,
                times);
            "clock_jump": the file's clock begins anew (`detail`: times);
            "container_broken": reading stopped at `start`, where the container could not be followed any more;
            "damaged": frames between `start` and `end` are lost or flawed (`detail`: unreadable, flawed);
            "gap": no frames between `start` and `end`;
            "invented_times": frames without a time (`detail`: frames);
            "junk_skipped": pictures that are junk by their names (`detail`: pictures);
            "not_people": something that never moves and looks like nobody stood at one place from `start` to `end`, and
                what was taken for people there was not stored (`detail`: tracks);
            "other": stored by an earlier release (`detail`: text);
            "outlier_times": frames with times that fit to none around them (`detail`: frames);
            "stated_fps": no timestamps in the file (`detail`: fps);
            "truncated": frames end at `start`, the container says `end`;
            "unreadable_pictures": pictures that cannot be decoded (`detail`: pictures, names of the first few).
        start: Seconds from the first frame at which it begins, None if it concerns all of it.
        end: Seconds at which it ends.
        detail: Figures and names. `places`, if there, counts the places of its kind that this one stands for.
    """

    kind: WarningKind
    start: float | None = None
    end: float | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What reading footage came to, so far or at its end.

    Attributes:
        frames: What became of the frames.
        duration: Seconds of footage read.
        warnings: What is wrong with it.
    """

    frames: FrameCounts
    duration: float
    warnings: tuple[FootageWarning, ...]


@dataclass(slots=True)
class FootageReport:
    """What ingesting one piece of footage came to.

    Attributes:
        state: "done"; "failed"; "known" (the same content was ingested before); "busy" (another worker still holds it);
            "stopped" (the run was told to stop before it was done).
        seconds: Wall-clock seconds that the work took.
        duration: Seconds that the footage lasts.
        warnings: What is wrong with the footage although it was ingested: gaps, truncation, a stated frame rate.
        remark: Why it was not worked on, or not to its end.
        error: Why it failed.
        short_tracks: Tracks dropped because they had too few detections, or no crop that shows enough.
        kind: What the footage is; a folder of crops lasts as long as its names say, not as long as frames do.
        not_people: Tracks left out because they never moved and look like nobody; `warnings` say when.
    """

    path: Path
    camera: str
    state: Literal["done", "failed", "known", "busy", "stopped"]
    frames: FrameCounts = field(default_factory=FrameCounts)
    sightings: int = 0
    seconds: float = 0.0
    duration: float = 0.0
    warnings: tuple[FootageWarning, ...] = ()
    remark: str | None = None
    error: str | None = None
    short_tracks: int = 0
    kind: Literal["video", "crops"] = "video"
    not_people: int = 0


ProgressCallback = Callable[[Source, float], None]
"""Is told which footage is worked on, and how much of it is done (0 to 1)."""
