"""One sighting: the film, what the model says of the person, and who was there before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from surveil.app import Reliability, SightingDetail
from surveil.attributes import BY_NAME
from surveil.errors import FootageError
from surveil.web.access import Search, See, View
from surveil.web.links import link
from surveil.web.problems import named_by_address

router = APIRouter()
NEIGHBOURS = 5
TELLS = ((0.9, "reliable"), (0.75, "fair"), (0.0, "weak"))
"""Words for the area under an ROC curve in a place that no training saw."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An attribute of a person: the likeliest value, and what the model's word for it is worth."""

    attribute: str
    value: str
    probability: float
    familiar: float | None
    elsewhere: float | None

    @property
    def worth(self) -> str:
        """In a word; "" where nothing was measured."""
        measured = self.elsewhere if self.elsewhere is not None else self.familiar
        return "" if measured is None else next(word for least, word in TELLS if measured >= least)


@router.get("/sightings/{sighting}")
def sighting_page(view: See, sighting: int) -> Response:
    """Everything there is of a sighting."""
    with named_by_address(), view.acting("see", {"sighting": sighting}):
        detail = view.archive.sighting(sighting)
    before, after = view.archive.neighbours(sighting, NEIGHBOURS)
    try:
        still = view.archive.frame(sighting) if detail.is_film else None
        missing = None if still else "This sighting comes from a folder of crops: there is no film of it."
    except FootageError as error:
        still, missing = None, str(error)
    return view.page(
        "sighting.html",
        detail=detail,
        match=detail.match,
        still=still,
        missing=missing,
        bars=_bars(view, detail),
        before=before,
        after=after,
        box=_box_of(detail, still.seconds) if still else None,
        decision=view.archive.last_decision(),
        find=link(view.archive.request(like=[f"sighting:{sighting}"])),
        limits=view.archive.reliability().limits,
        cases=[one.name for one in view.archive.cases.list().cases if not one.closed_at]
        if view.actor.may("case")
        else [],
    )


@router.post("/sightings/{sighting}/box")
def search_box(
    view: Search,
    sighting: int,
    at: Annotated[float, Form(ge=0)],
    x1: Annotated[float, Form(ge=0, le=1)],
    y1: Annotated[float, Form(ge=0, le=1)],
    x2: Annotated[float, Form(ge=0, le=1)],
    y2: Annotated[float, Form(ge=0, le=1)],
) -> RedirectResponse:
    """Search for whoever a box shows on the paused film; `at` are seconds of the clip."""
    with named_by_address():
        start, _ = view.desk.clips.get(view.archive, sighting)
    example = view.desk.hand_in_box(sighting, start + at, (x1, y1, x2, y2), view.actor)
    return RedirectResponse(link(view.archive.request(like=[example])), 303)


def _box_of(detail: SightingDetail, seconds: float) -> tuple[float, ...]:
    """x1, y1, x2, y2 of the detection next to a moment."""
    return min(detail.boxes, key=lambda row: abs(row[0] - seconds))[1:5]


def _bars(view: View, detail: SightingDetail) -> list[Bar]:
    worth = {one.output: one for one in view.archive.reliability().outputs}
    return [
        Bar(name, said.value, said.probability, measured.familiar, measured.elsewhere)
        for name, said in detail.match.attributes.items()
        for measured in [_measured(worth, name, said.value)]
    ]


def _measured(worth: dict[str, Reliability], name: str, label: str) -> Reliability:
    """What is known of the output behind a label: of a binary attribute both labels have one output."""
    attribute = BY_NAME[name]
    if attribute.exclusive:
        output = f"{name}_{label}"
    else:
        output = name if attribute.labels[1] == "yes" else f"{name}_{attribute.labels[1]}"
    return worth[output]
