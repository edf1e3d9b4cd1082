"""Cases gather, and keep what they gathered."""

import pytest
from sqlalchemy import select

from surveil.errors import QueryError, StoreError
from surveil.store.footage import forget_footage
from surveil.store.tables import Footage
from surveil.store.writer import _shorter_versions


def test_what_is_in_a_case(archive, case):
    shown = archive.cases.show(case)
    assert [(entry.sighting, entry.begin, entry.end) for entry in shown.entries] == [
        (1, 6.0, 11.0),
        (2, 8.0, 13.0),
        (None, 0.5, 1.5),
    ]
    assert [entry.added_by for entry in shown.entries] == ["maria", "maria", "ben"]
    assert (shown.items, shown.made_by, shown.closed_at) == (3, "maria", None)
    archive.cases.remove(case, shown.entries[0].item)
    assert archive.cases.list().cases[0].items == 2


def test_what_cannot_be_put_into_a_case(archive, case):
    for action, says in (
        (lambda: archive.cases.new(case, "ben"), "already"),
        (lambda: archive.cases.new(" ", "ben"), "a name has"),
        (lambda: archive.cases.show("none"), "no case"),
        (lambda: archive.cases.add_sighting(case, 99, "ben"), "no sighting"),
        (lambda: archive.cases.add_clip(case, 99, 0, 1, "ben"), "no footage"),
        (lambda: archive.cases.add_clip(case, 1, 5, 5, "ben"), "no stretch"),
        (lambda: archive.cases.add_clip(case, 1, 28, 29, "ben"), "no stretch"),
        (lambda: archive.cases.add_clip(case, 1, -1, 2, "ben"), "no stretch"),
        (lambda: archive.cases.remove(case, 99), "no item"),
    ):
        with pytest.raises(QueryError, match=says):
            action()
    archive.cases.close(case)
    for action in (
        lambda: archive.cases.add_clip(case, 1, 0, 1, "ben"),
        lambda: archive.cases.remove(case, archive.cases.show(case).entries[0].item),
    ):
        with pytest.raises(QueryError, match="closed"):
            action()


def test_an_open_case_keeps_its_footage(archive, case, database, media):
    with pytest.raises(StoreError, match="a case holds it: theft"):
        archive.forget_footage(1)
    assert archive.sighting(1).match.sighting == 1
    archive.cases.close(case)
    archive.cases.close(case, False)
    with pytest.raises(StoreError, match="surveil case close"):
        forget_footage(database, media, "1")
    archive.cases.close(case)
    archive.forget_footage(1)
    assert archive.cases.show(case).entries == ()


def test_footage_that_a_case_holds_is_not_replaced_by_what_it_grew_into(archive, case, database):
    with database.session() as session:
        old = session.scalars(select(Footage)).one()
        values = {column.key: getattr(old, column.key) for column in Footage.__table__.columns if column.key != "id"}
        grown = Footage(**values | {"content_hash": "e" * 64, "duration": 99.0})
        session.add(grown)
        session.flush()
        assert _shorter_versions(session, grown.id) == []
        newer = grown.id
    archive.cases.close(case)
    with database.session() as session:
        assert _shorter_versions(session, newer) == [1]


def test_an_item_outlives_its_sighting(archive, case, database):
    from sqlalchemy import delete

    from surveil.store.tables import SightingRow

    with database.session() as session:
        session.execute(delete(SightingRow).where(SightingRow.id == 1))
    assert [entry.sighting for entry in archive.cases.show(case).entries] == [None, 2, None]
