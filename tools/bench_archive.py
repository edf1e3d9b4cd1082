"""A large archive to measure the desk on, with everything that people and clusterings leave in one."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select, text

import surveil
from surveil.app import Archive
from surveil.attributes import OUTPUT_NAMES
from surveil.audit.chain import append, canonical
from surveil.store.models import ModelRef
from surveil.store.session import Database
from surveil.store.tables import Description, Embedding, Model
from surveil.types import Appearance
from tools.bench_data import START, fill

SIGHTINGS_OF_EACH = 8
NAMED, CASES = 500, 100
RECORDS = 20_000
"""Of the audit."""


def make_archive(sample: str, url: str, sightings: int) -> None:
    """Make an archive at a URL from the descriptions in another one."""
    with Database.open(sample, create=False) as database:
        looks, model = descriptions(database)
    with Database.open(url) as database:
        fill(database, looks, model, sightings)
        _identities(database, sightings)
        _audit(database)
    with surveil.open(url) as archive:
        _kept(archive)


def descriptions(database: Database) -> tuple[list[Appearance], ModelRef]:
    """What the model in use says of everybody in a database, and the model."""
    with database.session() as session:
        model = session.scalars(select(Model).where(Model.in_use)).one()
        same = (Embedding.sighting_id == Description.sighting_id) & (Embedding.model_id == Description.model_id)
        said = session.execute(select(Description, Embedding.vector).join(Embedding, same)).all()
        looks = [
            Appearance(np.array([getattr(row, name) for name in OUTPUT_NAMES], np.float32), vector.astype(np.float32))
            for row, vector in said
        ]
        return looks, ModelRef(model.name, model.sha256, model.card)


def _identities(database: Database, sightings: int) -> None:
    """Everybody belongs to somebody, as one clustering found; the sightings of each lie over cameras and days."""
    count = max(1, sightings // SIGHTINGS_OF_EACH)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
    measured = {"sightings": sightings, "identities": count}
    with database.session() as session:
        session.execute(text(f"{numbers}INSERT INTO identity (id) SELECT i FROM n"))
        session.execute(text(f"UPDATE sighting SET identity_id = 1 + id % {count}"))
        session.execute(
            text("INSERT INTO clustering (id, made_at, parameters, metrics) VALUES (1, :at, :how, :what)"),
            {"at": START.replace(tzinfo=None), "how": canonical({"method": "graph"}), "what": canonical(measured)},
        )
        members = (
            "INSERT INTO membership (clustering_id, sighting_id, identity_id) SELECT 1, id, identity_id FROM sighting"
        )
        session.execute(text(members))


def _audit(database: Database) -> None:
    with database.session() as session:
        for _ in range(RECORDS):
            append(session, "investigator", "search", {"text": "woman, red top", "limit": 24})


def _kept(archive: Archive) -> None:
    """What people keep: names, cases, watchlists."""
    with archive.decide("investigator") as decisions:
        for identity in range(1, NAMED + 1):
            decisions.name(identity, f"Visitor {identity}")
    for number in range(1, CASES + 1):
        archive.cases.new(f"case {number}", "investigator")
        archive.cases.add_sighting(f"case {number}", number, "investigator")
    for number, request in enumerate(["woman, red top", "backpack", "hat", "man, black top", "handbag"] * 2):
        archive.save_search(f"watchlist {number}", archive.request(request), watch=True)
