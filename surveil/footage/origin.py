"""Which camera recorded a piece of footage, and when it starts; where each answer was taken from is kept.

Order: flag > pattern on the path > container metadata > file time (the camera's name: flag > path > default).
A time without a zone is local time in the camera's zone. Where the clocks go back it exists twice and means the first;
where they go forward and it does not exist, it is read with the offset that held before the change.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from surveil.errors import FootageError, SurveilError
from surveil.footage.patterns import DEFAULT_PATTERNS, KNOWN_GROUPS
from surveil.timezones import in_zone, occurrences, zone_named
from surveil.types import FootageWarning

METADATA_TIMES = ("com.apple.quicktime.creationdate", "creation_time", "date_recorded", "date")
"""Tags, their names in lower case."""
OLDEST_YEAR = 1990
"""Recorders whose clock was never set write 1904 or 1970 into the metadata."""
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Times outside are taken for errors; arithmetic with them could leave the calendar."""


@dataclass(frozen=True, slots=True)
class OriginRules:
    """How to answer which camera recorded footage, and when.

    Attributes:
        zone: IANA name of the zone of times that do not say theirs.
        zones: Zones of single cameras, by camera name; they go before `zone`.
        patterns: Regular expressions searched in the whole path (with forward slashes), before the default ones.
            Named groups: camera; year, month, day, hour, minute, second; or date and time (digits, separators are
            dropped); or epoch (seconds or milliseconds since 1970, UTC); utc, if it takes part in the match (it may be
            empty), marks the time as UTC.
        camera: The camera's name, for all footage.
        start: When it starts, for all footage; without a zone it is local time.
    """

    zone: str = "UTC"
    zones: Mapping[str, str] | None = None
    patterns: tuple[re.Pattern[str], ...] = DEFAULT_PATTERNS
    camera: str | None = None
    start: datetime | None = None

    @staticmethod
    def of(
        zone: str = "UTC",
        patterns: Sequence[str] = (),
        zones: Mapping[str, str] | None = None,
        *,
        camera: str | None = None,
        start: datetime | None = None,
    ) -> OriginRules:
        """Rules from settings and flags.

        Raises:
            SurveilError: A zone is unknown, or a pattern is no regular expression or names no group it could.
        """
        for name in (zone, *(zones or {}).values()):
            zone_named(name)
        if start is not None and not FIRST_YEAR <= start.year <= LAST_YEAR:
            raise SurveilError("no time at which footage can start", f"start {start}", "Write 2026-09-14T08:30.")
        compiled = tuple(_compile(pattern) for pattern in patterns) + DEFAULT_PATTERNS
        return OriginRules(zone, zones, compiled, camera, start)

    def camera_of(self, path: Path) -> tuple[str, str]:
        """The camera's name, and where it was taken from: "flag", "path" or "default"."""
        if self.camera:
            return self.camera, "flag"
        named, _ = self._said(path)
        return (named, "path") if named else (default_camera(path), "default")

    def start_of(
        self, path: Path, camera: str, *, metadata: Mapping[str, str], modified: float, duration: float = 0.0
    ) -> tuple[datetime, str]:
        """The UTC time of a video's first frame, and where it was taken from.

        Args:
            path: The footage, absolute, so that a camera's folder is seen even from inside it.
            camera: Its camera.
            metadata: What the container says of itself.
            modified: The file time, in seconds since 1970: a recorder writes last when it stops, so footage starts
                `duration` earlier.
            duration: Seconds that the container claims to last, 0 if it does not say.

        Raises:
            FootageError: The file time is needed, and is none.
        """
        said, said_by = self._said_start(path, metadata)
        if said is None:
            return file_time(path, modified - duration), "file time"
        return self.to_utc(said, camera), said_by

    def clock_change(self, path: Path, camera: str, *, metadata: Mapping[str, str]) -> FootageWarning | None:
        """What is to be told where the time that a video is said to start at exists twice, or not at all."""
        said, _ = self._said_start(path, metadata)
        if said is None or said.tzinfo is not None:
            return None
        zone = self._zone(camera)
        times = occurrences(said, zone)
        if times == 1:
            return None
        return FootageWarning("clock_change", detail={"local": f"{said:%F %T}", "zone": zone.key, "times": times})

    def read_path(self, path: Path) -> tuple[str | None, datetime | None]:
        """The camera and the UTC time that the path names; each comes from the first pattern that gives it."""
        camera, time = self._said(path)
        return camera, time and self.to_utc(time, camera)

    def to_utc(self, time: datetime, camera: str | None = None) -> datetime:
        """The time in UTC; one without a zone is local to the camera."""
        return in_zone(time, self._zone(camera)).astimezone(UTC)

    def _zone(self, camera: str | None) -> ZoneInfo:
        return zone_named((self.zones or {}).get(camera or "", self.zone))

    def _said_start(self, path: Path, metadata: Mapping[str, str]) -> tuple[datetime | None, str]:
        """When a video is said to start, and by what; naive unless the zone is said too."""
        if self.start is not None:
            return self.start, "flag"
        _, path_time = self._said(path)
        return (path_time, "path") if path_time is not None else (_metadata_time(metadata), "metadata")

    def _said(self, path: Path) -> tuple[str | None, datetime | None]:
        """The camera and the time that the path names; the time is naive unless it names the zone too."""
        camera: str | None = None
        time: datetime | None = None
        for groups in self._matches(path):
            camera = camera or (groups.get("camera") or "").strip(" _-.") or None
            time = time or _time_of(groups)
        return camera, time

    def _matches(self, path: Path) -> Iterator[dict[str, str | None]]:
        for pattern in self.patterns:
            match = pattern.search(_legible(path).as_posix())
            if match and not (_names_a_time(pattern) and _time_of(match.groupdict()) is None):
                yield match.groupdict()


def file_time(path: Path, seconds: float) -> datetime:
    """The UTC time of a file, given in seconds since 1970.

    Raises:
        FootageError: It is outside the calendar.
    """
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        time = datetime.max.replace(tzinfo=UTC)
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise FootageError("its file time cannot be", path, "Say with --start when it starts.")
    return time


def default_camera(path: Path) -> str:
    """The file's own name if it has letters (`entrance.mp4`), else its folder's (`entrance/0001.mp4`)."""
    path = _legible(path)
    without_time = re.sub(r"(?<=\d)[TZ](?=\d|$)", "", path.stem)  # the letters of 20260914T081500Z name no camera
    return path.stem if re.search(r"[^\W\d_]", without_time) else path.parent.name or path.stem


def _legible(path: Path) -> Path:
    """The path as text that can be stored: names that are no UTF-8 are read as Latin-1."""
    return Path(*(_legible_name(name) for name in path.parts))


def _legible_name(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("latin-1")
    return name


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise SurveilError(f"not a regular expression: {error}", f"camera pattern {pattern!r}") from error
    if not KNOWN_GROUPS & set(compiled.groupindex):
        raise SurveilError(
            "it names neither a camera nor a time",
            f"camera pattern {pattern!r}",
            f"Use named groups, (?P<camera>...), of these: {', '.join(sorted(KNOWN_GROUPS))}.",
        )
    return compiled


def _names_a_time(pattern: re.Pattern[str]) -> bool:
    return bool({"epoch", "date", "year"} & set(pattern.groupindex))


def _time_of(groups: Mapping[str, str | None]) -> datetime | None:
    """The time that a match names, None if it names none or an impossible one; naive unless epoch or utc."""
    if epoch := groups.get("epoch"):
        return _epoch(epoch)
    if date := re.sub(r"\D", "", groups.get("date") or ""):
        time = re.sub(r"\D", "", groups.get("time") or "").ljust(6, "0")
        parts = [date[:4], date[4:6], date[6:], time[:2], time[2:4], time[4:6]]
    elif groups.get("year"):
        parts = [groups.get(name) or "0" for name in ("year", "month", "day", "hour", "minute", "second")]
    else:
        return None
    try:
        year, month, day, hour, minute, second = map(int, parts)
        time_zone = None if groups.get("utc") is None else UTC
        return _possible(datetime(year, month, day, hour, minute, second, tzinfo=time_zone))
    except ValueError:
        return None


def _possible(time: datetime) -> datetime | None:
    return time if FIRST_YEAR <= time.year <= LAST_YEAR else None


def _epoch(digits: str) -> datetime | None:
    try:
        seconds = float(digits)
        return _possible(datetime.fromtimestamp(seconds / 1000 if seconds >= 1e11 else seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _metadata_time(metadata: Mapping[str, str]) -> datetime | None:
    for key in METADATA_TIMES:
        try:
            time = datetime.fromisoformat(metadata.get(key, ""))
        except ValueError:
            continue
        if OLDEST_YEAR <= time.year <= LAST_YEAR:
            return time
    return None
