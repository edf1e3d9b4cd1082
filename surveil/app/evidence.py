"""What a case comes to as evidence: everything that the database knows of what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil import __version__
from surveil.errors import QueryError
from surveil.evidence.cases import find_case, items_of
from surveil.evidence.exhibit import About, Exhibit, ExhibitedSighting, Likeness, Picture
from surveil.files import text_path
from surveil.search.rank import Score, load_sightings
from surveil.store import vectors
from surveil.store.case_tables import CaseFolder, CaseItem
from surveil.store.clock import database_now
from surveil.store.granted import only_cameras
from surveil.store.media import MediaFolder
from surveil.store.models import StoredCard, model_in_use
from surveil.store.tables import CropRow, Model, SightingRow
from surveil.types import FootageWarning

if TYPE_CHECKING:
    from surveil.app.archive.base import ArchiveBase


def exhibits_of(
    archive: ArchiveBase, name: str, actor: str, reason: str | None, *, blurred: bool
) -> tuple[About, list[Exhibit]]:
    """What goes into the package of a case, and who makes it, of what and with what.

    Raises:
        QueryError: There is no such case, or nothing is in it.
        StoreError: A picture is missing in the media folder.
    """
    with archive.database.session() as session:
        case = find_case(session, name)
        items = items_of(session, case)
        _check_all_seen(session, case, len(items))
        if not items:
            raise QueryError("nothing is in the case", f"case {name}", "See: surveil case add --help")
        sightings = {number: item.sighting_id for number, item in enumerate(items, 1) if item.sighting_id is not None}
        model = model_in_use(session) if sightings else None
        scores = _scores(session, model, sightings) if model else {}
        exhibits = [
            _exhibit(session, archive.media, number, item, scores.get(number, ()))
            for number, item in enumerate(items, 1)
        ]
        about = About(
            case=name,
            made_at=database_now(session),
            made_by=actor,
            reason=reason,
            version=__version__,
            model=model.name if model else None,
            model_sha256=model.sha256 if model else None,
            limits=_limits(session, model),
            blurred=blurred,
        )
    return about, exhibits


def _check_all_seen(session: Session, case: CaseFolder, seen: int) -> None:
    """Evidence that leaves something out without a word is none."""
    with only_cameras(None):
        everything = len(items_of(session, case))
    if seen < everything:
        raise QueryError(
            f"{everything - seen} of its entries are of cameras that you may not see",
            f"case {case.name}",
            "Ask somebody who may, or gather your own in a case.",
        )


def _exhibit(
    session: Session, media: MediaFolder, number: int, item: CaseItem, scores: tuple[Likeness, ...]
) -> Exhibit:
    footage, camera = item.footage, item.footage.camera
    seen = None if item.sighting_id is None else _seen(session, media, item.sighting_id, scores)
    return Exhibit(
        number=number,
        camera=camera.name,
        zone=camera.zone,
        clock_offset=camera.clock_offset,
        footage=text_path(footage.path),
        kind=cast("Literal['video', 'crops']", footage.kind),
        content_hash=footage.content_hash,
        started_at=footage.started_at,
        started_from=footage.started_from,
        duration=footage.duration,
        warnings=tuple(FootageWarning(**warning) for warning in footage.warnings),
        begin=item.begin,
        end=item.end,
        note=item.note,
        seen=seen,
    )


def _seen(session: Session, media: MediaFolder, sighting: int, scores: tuple[Likeness, ...]) -> ExhibitedSighting:
    row = session.get_one(SightingRow, sighting)
    [ranked] = load_sightings(session, {sighting: Score()})
    boxes = np.asarray(row.boxes, np.float32)
    crops = []
    for crop in session.scalars(select(CropRow).where(CropRow.sighting_id == sighting).order_by(CropRow.rank)):
        seconds = boxes[0, 0] + (crop.taken_at - row.first_seen).total_seconds()
        x1, y1, x2, y2 = crop.box
        crops.append(Picture(media.read(crop.media_key), float(seconds), (x1, y1, x2, y2)))
    return ExhibitedSighting(
        sighting=sighting,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        boxes=boxes,
        attributes={name: (value.label, value.probability) for name, value in ranked.attributes.items()},
        crops=tuple(crops),
        scores=scores,
    )


def _scores(session: Session, model: StoredCard, sightings: dict[int, int]) -> dict[int, tuple[Likeness, ...]]:
    """How alike the sightings of the exhibits are to each other, by the exhibit's number."""
    ids, embeddings = vectors.load(session, sorted(set(sightings.values())), model.id)
    place = {int(sighting): i for i, sighting in enumerate(ids)}
    similarities = embeddings @ embeddings.T
    known = {number: place[sighting] for number, sighting in sightings.items() if sighting in place}
    found: dict[int, tuple[Likeness, ...]] = {}
    for number, here in known.items():
        others = [other for other in known if other != number]
        values = [float(similarities[here, known[other]]) for other in others]
        chances = model.calibration.same_person(values) if values else None
        found[number] = tuple(
            Likeness(other, value, None if chances is None else float(chances[i]))
            for i, (other, value) in enumerate(zip(others, values, strict=True))
        )
    return found


def _limits(session: Session, model: StoredCard | None) -> tuple[str, ...]:
    """What the model's own card says that it cannot do."""
    card = session.scalars(select(Model.card).where(Model.id == model.id)).one() if model else {}
    return (str(card["limits"]),) if card.get("limits") else ()
