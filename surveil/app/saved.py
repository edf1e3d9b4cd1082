"""Saved searches."""

from __future__ import annotations

from pathlib import Path

from surveil.app.requests import KEPT, STORED, SearchRequest


def absolute_pictures(request: SearchRequest) -> SearchRequest:
    """The request with paths of pictures that hold wherever it is run."""

    def absolute(given: str) -> str:
        return given if STORED.fullmatch(given) or KEPT.fullmatch(given) else str(Path(given).absolute())

    return request.model_copy(
        update={"like": tuple(map(absolute, request.like)), "unlike": tuple(map(absolute, request.unlike))}
    )
