"""What was understood of a search, as chips that can be taken away one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from surveil.app import SearchRequest, SearchResult
from surveil.web.links import link, without, write_pairs

HIDDEN = ("q", "zone", "like", "unlike", "offset", "limit", "sort", "group", "refine", "person")
"""Parts of the address that are shown elsewhere."""
TITLES = {
    "from": "from",
    "to": "until",
    "min_height": "at least (pixels)",
    "newer_than": "stored after sighting",
    "min_confidence": "least probability",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A part of a search.

    Attributes:
        text: What it says.
        meaning: What it was taken to mean, or why it was not understood.
        remove: The address of the search without it.
        understood: Whether it was.
    """

    text: str
    meaning: str
    remove: str
    understood: bool = True


def chips_of(request: SearchRequest, result: SearchResult | None) -> list[Chip]:
    """The chips of a search: its words, then its filters. Without a result, the words are one chip."""
    chips: list[Chip] = []
    if request.text and result is not None:
        said = result.understood
        for phrase in said.phrases:
            chips.append(Chip(phrase.words, phrase.meaning.replace("_", " "), _less_words(request, phrase.words)))
        for phrase in said.unknown:
            chips.append(Chip(phrase.words, phrase.meaning, _less_words(request, phrase.words), understood=False))
    elif request.text:
        chips.append(Chip(request.text, "not understood", link(request, text=None), understood=False))
    for name, value in write_pairs(request):
        if name not in HIDDEN:
            less = without(request, name, value)
            title = TITLES.get(name, name.replace("_", " "))
            chips.append(Chip(f"{title}: {_words(value)}", "", f"/search?{urlencode(less)}" if less else "/search"))
    return chips


def _words(value: str) -> str:
    attribute, colon, label = value.partition(":")
    return f"{attribute.replace('_', ' ')} {label}" if colon and not attribute.isdigit() and "T" not in value else value


def _less_words(request: SearchRequest, words: str) -> str:
    """The address of a search without some of its words."""
    text = (request.text or "").replace(words, "", 1)
    text = re.sub(r"(\s*,)+\s*", ", ", text).strip(" ,")
    return link(request, text=text or None)
