"""Results in the words that every door shows: the terminal, the contact sheet and the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from surveil.attributes import ATTRIBUTES
from surveil.footage.warnings import warnings_in_words
from surveil.formatting import match_percent, percent
from surveil.timezones import zone_named

if TYPE_CHECKING:
    from surveil.app.results import AttributeValue, FilterWorth, IdentityDetail, Match, Understood

__all__ = ["MATCH_COLUMNS", "about", "in_words", "local_time", "looks", "measured", "scores", "warnings_in_words"]

MATCH_COLUMNS = (
    *("sighting", "footage", "camera", "zone", "first_seen", "last_seen", "box", "similarity", "probability"),
    *("gallery_probability", "expected_false"),
    *(f"attributes.{attribute.name}.{part}" for attribute in ATTRIBUTES for part in ("value", "probability")),
    *("identity", "name", "crop"),
)
"""The columns of a table of matches: the names of the JSON, nested ones with dots."""


def in_words(understood: Understood) -> str:
    """What a search looks for, such as "gender female; upper colour red; camera gate"."""
    examples = (("like", understood.like), ("unlike", understood.unlike))
    parts = [f"{option} {Path(example.picture).name}" for option, given in examples for example in given]
    parts += [f"{_attribute(name)} {' or '.join(labels)}" for name, labels in understood.attributes.items()]
    parts += [f"{shade} taken as {' or '.join(colours)}" for shade, colours in understood.taken_as.items()]
    if understood.attributes and understood.min_confidence is not None:
        parts.append(f"probability of each {understood.min_confidence:g} or more")
    if understood.cameras:
        parts.append(f"camera {' or '.join(understood.cameras)}")
    parts += [f"only {_attribute(name)} {' or '.join(labels)}" for name, labels in understood.only.items()]
    parts += [f"not {_attribute(name)} {' or '.join(labels)}" for name, labels in understood.without.items()]
    for name, values in (("footage", understood.footage), ("identity", understood.identities)):
        if values:
            parts.append(f"{name} {' or '.join(values)}")
    if understood.min_height:
        parts.append(f"at least {understood.min_height} pixels high")
    if understood.newer_than is not None:
        parts.append(f"stored after sighting {understood.newer_than}")
    if understood.when:
        parts.append(f"{understood.when} on the camera's clock")
    limits = (("after", understood.after), ("before", understood.before))
    parts += [f"{name} {time:%Y-%m-%d %H:%M:%S %Z}" for name, time in limits if time]
    return "; ".join(parts) or "everybody"


def measured(filters: Sequence[FilterWorth], unmeasured: Sequence[str] = ()) -> str:
    """What filters are worth: "Measured on ...: gender female right in 95%, finds 88% of them"; "" where none is.

    Of several values of one attribute no card has what they are worth together: it is said that each is told alone.
    """
    asked = {one.filter for one in filters} | set(unmeasured)
    alike = Counter(name.rpartition(" ")[0] for name in asked)
    told: dict[str, list[str]] = {}
    for one in filters:
        right, found = (None if value is None else percent(value) for value in (one.precision, one.recall))
        said = f"right in {right}, finds {found} of them" if right and found else "found nobody"
        line = "" if one.least is None else f" at {percent(one.least)} or more"
        alone = " alone" if alike[one.filter.rpartition(" ")[0]] > 1 else ""
        told.setdefault(one.measured_on, []).append(f"{_attribute(one.filter)}{alone}{line} {said}")
    sentences = [f"Measured on {where}: {'; '.join(parts)}" for where, parts in told.items()]
    if unmeasured:
        sentences.append(f"Not measured: {'; '.join(_attribute(name) for name in unmeasured)}")
    return ". ".join(sentences)


def about(detail: IdentityDetail) -> list[str]:
    """What there is to say of an identity: "4 sightings by gate, hall", "first seen 2026-09-14 08:15:10 UTC", ..."""
    parts = [f"{len(detail.sightings)} sightings by {', '.join(camera.camera for camera in detail.timeline)}"]
    if detail.sightings:
        first = min(detail.sightings, key=lambda match: match.first_seen)
        last = max(detail.sightings, key=lambda match: match.last_seen)
        parts.append(f"first seen {local_time(first.first_seen, first.zone)}")
        parts.append(f"last seen {local_time(last.last_seen, last.zone)}")
    else:
        parts = ["no sightings now"]
    if detail.note:
        parts.append(f"note: {detail.note}")
    return parts


def _attribute(name: str) -> str:
    return name.replace("_", " ")


def local_time(moment: datetime, zone: str) -> str:
    """A UTC time on the clock of a zone, such as "2026-09-14 08:03:12 CEST"."""
    return f"{moment.astimezone(zone_named(zone)):%Y-%m-%d %H:%M:%S %Z}"


def looks(attributes: Mapping[str, AttributeValue]) -> str:
    """The likeliest values in a few words, such as "female adult, red top, blue pants, backpack"."""
    label = {name: value.value for name, value in attributes.items()}
    carried = [name for name in ("backpack", "bag", "handbag", "hat") if label[name] == "yes"]
    parts = [
        f"{label['gender']} {label['age']}",
        f"{label['upper_colour']} top",
        f"{label['lower_colour']} {label['lower_type']}",
        *carried,
    ]
    return ", ".join(parts)


def scores(match: Match) -> str:
    """How well a match fits, such as "similarity 0.83 · 97%"; "" where nothing was asked that has a score.

    Where it is known, the probability is that among all candidates.
    """
    similarity = None if match.similarity is None else f"similarity {match.similarity:.2f}"
    among_all = match.gallery_probability
    probability = match_percent(match.probability) if among_all is None else f"{match_percent(among_all)} among all"
    if similarity and probability:
        return f"{similarity} · {probability}"
    return similarity or (f"probability {probability}" if probability else "")
