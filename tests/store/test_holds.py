"""Footage that open cases hold."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from surveil.errors import StoreError
from surveil.store.case_tables import CaseFolder, CaseItem
from surveil.store.holds import check_not_held, held_footage
from surveil.store.tables import Footage

NOW = datetime(2026, 9, 14, 12, tzinfo=UTC)


@pytest.fixture
def held(database, fill, made_up):
    """Footage 1 is in two open cases, and twice in one of them; 2 in a closed one; 3 in none."""
    for _ in range(3):
        fill([made_up()])
    with database.session() as session:
        cases = {
            name: CaseFolder(name=name, made_at=NOW, made_by="maria", closed_at=closed)
            for name, closed in (("theft", None), ("arson", None), ("old", NOW))
        }
        session.add_all(cases.values())
        session.flush()
        for name, footage in (("theft", 1), ("theft", 1), ("arson", 1), ("old", 2)):
            item = {"case_id": cases[name].id, "footage_id": footage, "begin": 0.0, "end": 1.0}
            session.add(CaseItem(**item, added_at=NOW, added_by="maria"))
    return database


def test_each_open_case_is_named_once_in_order(held):
    with held.session() as session:
        assert held_footage(session) == {1: ("arson", "theft")}
        assert held_footage(session, [1, 2]) == {1: ("arson", "theft")}
        assert held_footage(session, [2, 3]) == {}
        assert held_footage(session, []) == {}


def test_what_a_case_holds_is_told_with_the_cases_and_what_to_do(held):
    with held.session() as session:
        footage = session.scalars(select(Footage).order_by(Footage.id)).all()
        check_not_held(session, footage[1:])
        check_not_held(session, [])
        with pytest.raises(StoreError, match=r"yard-1\.mp4: a case holds it: arson, theft\. Close the case first"):
            check_not_held(session, footage)


def test_closing_the_last_case_frees_it(held):
    with held.session() as session:
        for case in session.scalars(select(CaseFolder)):
            case.closed_at = NOW
    with held.session() as session:
        check_not_held(session, session.scalars(select(Footage)).all())
        assert held_footage(session) == {}
