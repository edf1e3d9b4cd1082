"""A search as a link, there and back: every field of a request is a part of the address that people can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode

from surveil.app import Archive, SearchRequest
from surveil.app.requests import KEPT, STORED
from surveil.attributes import BY_NAME
from surveil.errors import QueryError
from surveil.web.text import check_text

Pairs = list[tuple[str, str]]
MANY = {
    **{name: name for name in ("like", "unlike", "footage")},
    "camera": "cameras",
    "identity": "identities",
    "weekday": "weekdays",
}
"""Parts of the address that may come several times, and their fields."""
ONE = {
    "q": "text",
    "from": "time_from",
    "to": "time_to",
    **{
        name: name
        for name in ("person", "after", "before", "zone", "min_height", "newer_than", "min_confidence", "sort", "group")
    },
    **{name: name for name in ("refine", "offset", "limit")},
}
LABELLED = {"only": "only", "not": "without"}
"""Parts such as `only=upper_colour:red`."""
PAGE = 24
"""Matches of a page."""
MAX_PAGE = 200
MAX_TEXT, MAX_VALUES = 2000, 200
"""Characters of a description, and values of a filter or examples."""


def read_request(archive: Archive, pairs: Iterable[tuple[str, str]], **fields: Any) -> SearchRequest:
    """The request of an address.

    Args:
        archive: What is searched.
        pairs: Names and values; those without a value count nothing.
        fields: Of the request, in place of what the address says.

    Raises:
        QueryError: A part is unknown, or its value is not allowed.
        SurveilError: A time is none.
        NoTextError: One is no text.
    """
    asked: dict[str, Any] = {"limit": PAGE}
    for name, value in pairs:
        check_text((name, value))
        if not value.strip():
            continue
        if name in MANY:
            asked.setdefault(MANY[name], []).append(value)
        elif name in ONE:
            asked[ONE[name]] = value
        elif name in LABELLED:
            attribute, _, label = value.partition(":")
            asked.setdefault(LABELLED[name], {}).setdefault(attribute, []).append(label)
        elif name in BY_NAME:
            asked.setdefault("attributes", {}).setdefault(name, []).append(value)
        else:
            raise QueryError(f"a search has no {name!r}", "address")
    request = archive.request(**asked | fields)
    check_web_request(request)
    return request


def check_web_request(request: SearchRequest) -> None:
    """Refuse what a request from the web may not ask.

    Raises:
        QueryError: An example is a path of this machine, or more is asked than anybody needs: it would keep the server
            from answering others.
    """
    listed = (request.like, request.unlike, request.cameras, request.footage, request.identities)
    labelled = (request.attributes, request.only, request.without)
    if (
        len(request.text or "") > MAX_TEXT
        or any(len(values) > MAX_VALUES for values in (*listed, *labelled))
        or any(len(labels) > MAX_VALUES for labels_of in labelled for labels in labels_of.values())
    ):
        raise QueryError(
            f"a description has up to {MAX_TEXT} characters, and a filter up to {MAX_VALUES} values", "search"
        )
    for example in (*request.like, *request.unlike):
        check_example(example)
    if request.limit > MAX_PAGE:
        raise QueryError(f"more than {MAX_PAGE} matches of a page", "limit", "Page through them.")


def check_example(example: str) -> None:
    """Refuse an example that is a path: it would let whoever asks read the files of this machine.

    Raises:
        QueryError: It is one, or nothing that is known.
    """
    if not (STORED.fullmatch(example) or KEPT.fullmatch(example)):
        raise QueryError(
            "not an example for the web", example[:40], "Hand the picture in, or name sighting:N or identity:N."
        )


def write_pairs(request: SearchRequest) -> Pairs:
    """The parts of the address of a request, always in the same order; what is as usual is left out."""
    pairs: Pairs = []
    usual = SearchRequest(limit=PAGE)
    for name, field in ONE.items():
        value = getattr(request, field)
        if value != getattr(usual, field):
            pairs.append((name, _text(value)))
    for name, field in MANY.items():
        pairs += [(name, value) for value in getattr(request, field)]
    pairs += [(name, label) for name, labels in request.attributes.items() for label in labels]
    for name, field in LABELLED.items():
        labelled: Mapping[str, tuple[str, ...]] = getattr(request, field)
        pairs += [(name, f"{attribute}:{label}") for attribute, labels in labelled.items() for label in labels]
    return pairs


def link(request: SearchRequest, page: str = "/search", **changes: Any) -> str:
    """The address of a request, with some fields changed; it begins at the first match unless that is said."""
    changed = request.model_copy(update={"offset": 0, "limit": PAGE, "facets": False, **changes})
    pairs = write_pairs(changed)
    return f"{page}?{urlencode(pairs)}" if pairs else page


def without(request: SearchRequest, name: str, value: str) -> Pairs:
    """The parts of an address less one."""
    pairs = write_pairs(request.model_copy(update={"offset": 0, "facets": False}))
    pairs.remove((name, value))
    return pairs


def _text(value: Any) -> str:
    if isinstance(value, (datetime, time)):
        return value.isoformat(timespec="auto" if value.second or value.microsecond else "minutes")
    return "1" if value is True else str(value)
