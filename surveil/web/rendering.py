"""The templates, and how times, probabilities and pictures are written in them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from surveil.app import Match
from surveil.app.wording import local_time, looks, measured, warnings_in_words
from surveil.formatting import match_percent, percent
from surveil.timezones import zone_named
from surveil.web.public import example_link

LIKELY = ((0.9, "very likely"), (0.65, "likely"), (0.35, "possible"), (0.1, "unlikely"), (0.0, "very unlikely"))
"""Words for a probability, from which on they hold."""
STATIC_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def environment() -> Environment:
    """The templates' environment: everything that is shown is escaped."""
    made = Environment(
        loader=PackageLoader("surveil.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "percent": percent,
        "match_percent": match_percent,
        "measured": measured,
        "likely": likely,
        "level": level,
        "looks": looks,
        "local": local_time,
        "day": day,
        "clock": clock,
        "utc_clock": utc_clock,
        "iso": datetime.isoformat,
        "seconds": seconds,
        "words": lambda name: name.replace("_", " "),
        "file_name": lambda path: path.rpartition("/")[2],
        "warnings": warnings_in_words,
        "worth": worth,
        "field_time": field_time,
        "field_clock": field_clock,
        "example_link": example_link,
        "example_words": example_words,
    }
    made.globals["static"] = static_link
    return made


def likely(probability: float) -> str:
    """A probability in words."""
    return next(words for least, words in LIKELY if probability >= least)


def level(probability: float) -> int:
    """5 for what is very likely, down to 1."""
    return len(LIKELY) - next(i for i, (least, _) in enumerate(LIKELY) if probability >= least)


def worth(match: Match) -> float | None:
    """What a match is worth: among all candidates where that is known, else by itself."""
    return match.probability if match.gallery_probability is None else match.gallery_probability


def day(moment: datetime, zone: str = "UTC") -> str:
    """A date on the clock of a zone, such as "Mon 14 Sep 2026"."""
    return f"{moment.astimezone(zone_named(zone)):%a %-d %b %Y}"


def clock(moment: datetime, zone: str = "UTC") -> str:
    """A time of day on the clock of a zone, such as "10:15:04 CEST"."""
    return f"{moment.astimezone(zone_named(zone)):%H:%M:%S %Z}"


def utc_clock(moment: datetime) -> str:
    """A time of day in UTC, such as "08:15:04 UTC"."""
    return f"{moment.astimezone(UTC):%H:%M:%S} UTC"


def field_time(moment: datetime | None) -> str:
    """A time as a form field holds it."""
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M}"


def field_clock(moment: time | None) -> str:
    """A time of day as a form field holds it."""
    return "" if moment is None else f"{moment:%H:%M}"


def example_words(example: str) -> str:
    """What an example is called."""
    kind, _, name = example.partition(":")
    return {"picture": "the picture", "person": "the person in the box"}.get(kind, f"{kind} {name}")


def seconds(length: float) -> str:
    """A length of time, such as "1 h 04 min", "3 min 20 s" or "8 s"."""
    whole = round(length)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {whole % 60:02d} s" if minutes else f"{whole} s"


@cache
def static_files() -> dict[str, tuple[bytes, str, str]]:
    """Every file that is served as it is: its content, its type, and a name for its content."""
    found = {}
    for file in files("surveil.web").joinpath("static").iterdir():
        kind = STATIC_TYPES.get(file.name[file.name.rfind(".") :])
        if kind is not None:
            content = file.read_bytes()
            found[file.name] = content, kind, hashlib.sha256(content).hexdigest()[:12]
    return found


def static_link(name: str) -> str:
    """The address of a file that is served as it is; another content gets another address."""
    return f"/static/{name}?v={static_files()[name][2]}"
