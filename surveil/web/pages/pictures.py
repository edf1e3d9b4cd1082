"""Pictures and clips. What may be seen is asked for each; their content never changes under one address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from surveil.web.access import See, View
from surveil.web.problems import named_by_address
from surveil.web.ranges import ranged

router = APIRouter()
PRIVATELY = "private, no-cache"
"""Kept by the browser of whoever may see it, and asked for again each time: it may have been deleted."""


@router.get("/sightings/{sighting}/crops/{place}.jpg")
def crop(view: See, sighting: int, place: int) -> Response:
    """A crop of a sighting; 0 is the best."""
    with named_by_address(), _on_record(view, {"picture of": sighting}):
        return _picture(view, view.archive.crop(sighting, place))


@router.get("/identities/{identity}/picture.jpg")
def identity_picture(view: See, identity: int) -> Response:
    """The picture of an identity."""
    with named_by_address(), _on_record(view, {"picture of identity": identity}):
        return _picture(view, view.archive.face_of(identity))


@router.get("/pictures/{name}.jpg")
def handed_in(view: See, name: str) -> Response:
    """An example that was handed in."""
    with named_by_address():
        return _picture(view, view.archive.handed_in(f"picture:{name}"))


@router.get("/sightings/{sighting}/frame.jpg")
def frame(view: See, sighting: int) -> Response:
    """The frame in which the person is seen largest."""
    with named_by_address(), _on_record(view, {"frame of": sighting}):
        still = view.archive.frame(sighting)
    return Response(still.content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


@router.get("/sightings/{sighting}/clip.mp4")
def clip(view: See, sighting: int, request: Request) -> Response:
    """A film of the sighting, which can be sought in."""
    asked = request.headers.get("range")
    if asked is None or asked.startswith("bytes=0-"):  # once for each time it is played, not for each part
        with named_by_address(), view.acting("see", {"clip": sighting}):
            view.archive.sighting(sighting)
    with named_by_address():
        _, content = view.desk.clips.get(view.archive, sighting)
    return ranged(content, "video/mp4", asked)


@contextmanager
def _on_record(view: View, what: dict[str, int]) -> Iterator[None]:
    """What a page of ours shows is on record with the page; a picture that is asked for by itself is put there too.

    Browsers say of themselves what they fetch something for, and no script of a page can make them say another thing.
    """
    if view.request.headers.get("sec-fetch-dest") != "image":
        with view.acting("see", what):
            yield
    else:
        view.check_reason()
        yield


def _picture(view: View, path: Path) -> Response:
    """A JPEG file whose name tells its content."""
    tag = f'"{path.parent.name}{path.stem}"'
    headers = {"Cache-Control": PRIVATELY, "ETag": tag}
    if view.request.headers.get("if-none-match") == tag and path.exists():
        return Response(status_code=304, headers=headers)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise HTTPException(404, "The picture is missing from the media folder.") from error
    return Response(content, media_type="image/jpeg", headers=headers)
