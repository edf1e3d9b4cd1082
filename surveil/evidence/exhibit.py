"""What goes into a package of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from surveil.timezones import zone_named
from surveil.types import Floats, FootageWarning


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored crop: the JPEG file, the second of the footage at which it was taken, and its box (4,) in pixels."""

    jpeg: bytes
    seconds: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike the sighting of this exhibit is to that of another.

    Attributes:
        exhibit: The other one's number.
        similarity: Dot product of the embeddings, -1 to 1.
        probability: That both show one person, for pairs of which half do; None where the model was not calibrated.
    """

    exhibit: int
    similarity: float
    probability: float | None


@dataclass(frozen=True, slots=True)
class ExhibitedSighting:
    """The sighting that an exhibit is about.

    Attributes:
        sighting: Its number in the database.
        first_seen: UTC, with the camera's clock offset.
        last_seen: UTC, with the camera's clock offset.
        boxes: (n, 6) seconds, x1, y1, x2, y2 in pixels, and score of each detection.
        attributes: The likeliest value of each attribute and its probability, as the model says.
        crops: The stored pictures, best first.
        scores: Likeness to sightings of other exhibits.
    """

    sighting: int
    first_seen: datetime
    last_seen: datetime
    boxes: Floats
    attributes: Mapping[str, tuple[str, float]]
    crops: tuple[Picture, ...]
    scores: tuple[Likeness, ...] = ()


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A stretch of footage, and the sighting that it is about, if any.

    Attributes:
        number: Its number in the package, from 1.
        camera: Name of the camera.
        zone: Its time zone.
        clock_offset: Seconds that were added to the times that it stamps.
        footage: Where the original lies.
        kind: "video", or "crops" for a folder of pictures, of which there is no film.
        content_hash: SHA-256 (hex) of the original when it was ingested.
        started_at: When it starts by the camera's clock, as UTC.
        started_from: Where that was taken from.
        duration: Seconds that it lasts.
        warnings: What is wrong with it.
        begin: Seconds from the first frame.
        end: Seconds from the first frame.
        note: What the investigator noted.
        seen: The sighting.
    """

    number: int
    camera: str
    zone: str
    clock_offset: float
    footage: Path
    kind: Literal["video", "crops"]
    content_hash: str
    started_at: datetime
    started_from: str
    duration: float
    warnings: tuple[FootageWarning, ...]
    begin: float
    end: float
    note: str | None
    seen: ExhibitedSighting | None

    def time(self, seconds: float) -> datetime:
        """The time of a second of the footage, with the clock offset, in the camera's zone."""
        corrected = self.started_at + timedelta(seconds=self.clock_offset + seconds)
        return corrected.astimezone(zone_named(self.zone))


@dataclass(frozen=True, slots=True)
class About:
    """Who made a package, of what, when, and with what.

    Attributes:
        case: Name of the case.
        made_at: By the database's clock, UTC.
        made_by: Who exported it.
        reason: Why, as they said.
        version: Of surveil.
        model: Name of the appearance model, and `model_sha256` of its weights; None where there is no sighting.
        limits: What the software cannot do.
        blurred: Whether the others in the pictures were made unrecognisable.
    """

    case: str
    made_at: datetime
    made_by: str
    reason: str | None
    version: str
    model: str | None = None
    model_sha256: str | None = None
    limits: tuple[str, ...] = field(default=())
    blurred: bool = False
