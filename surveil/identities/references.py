"""Naming sightings so that they are found again after their footage was ingested anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.store.tables import CropRow, Footage, SightingRow
from surveil.store.vectors import IDS_PER_QUERY

Reference = dict[str, Any]
"""sighting: its number · footage: content hash · seconds, box: a detection in the middle · picture: its best crop."""
MIN_OVERLAP = 0.5
"""Intersection over union from which on a box of another ingest shows the same person."""
MAX_SECONDS = 1.0
"""How far the nearest detection of another ingest may be away in time."""


def refer_to(session: Session, sightings: Sequence[int]) -> list[Reference]:
    """References to sightings, in the order given; those that are gone are left out."""
    found: dict[int, Reference] = {}
    for part in _parts(sightings):
        rows = (
            select(SightingRow.id, SightingRow.boxes, Footage.content_hash, CropRow.media_key)
            .join(Footage, SightingRow.footage_id == Footage.id)
            .outerjoin(CropRow, (CropRow.sighting_id == SightingRow.id) & (CropRow.rank == 0))
            .where(SightingRow.id.in_(part))
        )
        for sighting, boxes, content, picture in session.execute(rows):
            seconds, *box, _score = boxes[len(boxes) // 2]
            found[sighting] = {
                "sighting": sighting,
                "footage": content,
                "seconds": seconds,
                "box": box,
                "picture": picture,
            }
    return [found[sighting] for sighting in sightings if sighting in found]


def resolve(session: Session, references: Iterable[Reference]) -> dict[int, int]:
    """The sightings that references mean now, by the numbers they had; those that cannot be found are left out.

    A number that is still there is right: none is used twice. Else it is the sighting of the same footage with the
    same picture, else the one with the most similar box at the same time.
    """
    wanted = {reference["sighting"]: reference for reference in references}
    found = {sighting: sighting for part in _parts(list(wanted)) for sighting in session.scalars(_present(part))}
    missing: dict[str, list[Reference]] = defaultdict(list)
    for sighting, reference in wanted.items():
        if sighting not in found:
            missing[reference["footage"]].append(reference)
    for content, lost in missing.items():
        found |= _search(session, content, lost)
    return found


def _search(session: Session, content: str, lost: Sequence[Reference]) -> dict[int, int]:
    """The sightings of one footage that references mean; each sighting once, the most similar first."""
    there = (
        select(SightingRow.id, SightingRow.boxes, CropRow.media_key)
        .join(Footage, SightingRow.footage_id == Footage.id)
        .outerjoin(CropRow, (CropRow.sighting_id == SightingRow.id) & (CropRow.rank == 0))
        .where(Footage.content_hash == content)
    )
    candidates = [
        (_likeness(reference, boxes) + bool(picture and picture == reference["picture"]), reference, sighting)
        for sighting, boxes, picture in session.execute(there)
        for reference in lost
    ]
    found: dict[int, int] = {}
    taken: set[int] = set()
    for likeness, reference, sighting in sorted(candidates, key=lambda one: -one[0]):
        if likeness >= MIN_OVERLAP and reference["sighting"] not in found and sighting not in taken:
            found[reference["sighting"]] = sighting
            taken.add(sighting)
    return found


def _likeness(reference: Reference, boxes: Sequence[Sequence[float]]) -> float:
    """Intersection over union of the reference's box and the one nearest to it in time; 0 where that is too far."""
    seconds, *box, _score = min(boxes, key=lambda row: abs(row[0] - reference["seconds"]))
    if abs(seconds - reference["seconds"]) > MAX_SECONDS:
        return 0.0
    (a, b, c, d), (e, f, g, h) = box, reference["box"]
    shared = max(0.0, min(c, g) - max(a, e)) * max(0.0, min(d, h) - max(b, f))
    whole = (c - a) * (d - b) + (g - e) * (h - f) - shared
    return shared / whole if whole > 0 else 0.0


def _present(sightings: Sequence[int]) -> Any:
    return select(SightingRow.id).where(SightingRow.id.in_(sightings))


def _parts(sightings: Sequence[int]) -> list[Sequence[int]]:
    return [sightings[start : start + IDS_PER_QUERY] for start in range(0, len(sightings), IDS_PER_QUERY)]
