"""Contact sheets of results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL.Image import Image as Picture

from surveil.app.results import ExamplePicture, IdentityDetail, Match, SearchResult
from surveil.app.timeline import timeline_picture
from surveil.app.wording import about, in_words, local_time, scores
from surveil.people.crops import cut
from surveil.search.example import read_query_picture
from surveil.search.sheet import Cell, contact_sheet, picture_of


def search_sheet(result: SearchResult) -> Picture:
    """The example pictures, then the matches."""
    queries = [*_examples("like", result.understood.like), *_examples("unlike", result.understood.unlike)]
    count = len(result.matches)
    title = f"{count} {'match' if count == 1 else 'matches'}"
    return contact_sheet([*queries, *_cells(result.matches)], title, in_words(result.understood))


def identity_sheet(detail: IdentityDetail) -> Picture:
    """When each camera saw an identity, and its crops: camera by camera, in order of time."""
    title = f"Identity {detail.identity}" + (f": {detail.name}" if detail.name else "")
    by_camera = sorted(detail.sightings, key=lambda match: match.camera)
    banner = partial(timeline_picture, detail.timeline) if detail.timeline else None
    return contact_sheet(_cells(by_camera), title, "; ".join(about(detail)), banner)


def _examples(label: str, examples: Sequence[ExamplePicture]) -> Iterator[Cell]:
    for example in examples:
        path = Path(example.crop or example.picture)
        picture = read_query_picture(path)
        if example.box is not None:
            picture = cut(picture, np.array(example.box, np.float32))
        yield Cell(picture_of(picture), (Path(example.picture).name, example.taken), label=label)


def _cells(matches: Sequence[Match]) -> list[Cell]:
    drawn = []
    for number, match in enumerate(matches, 1):
        lines = (f"{number}  {match.camera}", local_time(match.first_seen, match.zone), scores(match))
        drawn.append(Cell(_crop(match), tuple(line for line in lines if line)))
    return drawn


def _crop(match: Match) -> Picture | str:
    if match.crop is None:
        return "no picture"
    try:
        return picture_of(Path(match.crop).read_bytes())
    except OSError:
        return "the picture is missing"
