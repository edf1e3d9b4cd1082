"""The order of matches: the same whether the database or the program sorts, and whoever has no picture last."""

import numpy as np
import pytest
from sqlalchemy import delete, select

import surveil
from surveil.store.tables import CropRow, SightingRow

LOOKS = np.random.default_rng(3).normal(size=(6, 544)).astype(np.float32)


@pytest.fixture
def archive(database, media, fill, made_up):
    """Six people: of odd heights, in no order; the fourth has no picture any more."""
    fill([made_up(60.0 * minute, embedding=look) for minute, look in zip((3, 1, 5), LOOKS[:3], strict=True)])
    fill([made_up(60.0 * minute, embedding=look) for minute, look in zip((4, 0, 2), LOOKS[3:], strict=True)])
    with database.session() as session:
        session.execute(delete(CropRow).where(CropRow.sighting_id == 4))
        for number, height in zip((1, 2, 3, 5, 6), (99.5, 300, 20, 101, 100), strict=True):
            crop = session.scalars(select(CropRow).where(CropRow.sighting_id == number)).one()
            crop.box = [5.0, 7.5, 600.0 - height, 7.5 + height]
    with surveil.open(database.url, media=media.folder, device="cpu") as opened:
        yield opened


ORDERS = {"largest": [2, 5, 6, 1, 3, 4], "newest": [3, 4, 1, 6, 2, 5], "oldest": [5, 2, 6, 1, 4, 3]}


@pytest.mark.parametrize("asked", [{}, {"like": ["sighting:6"]}, {"text": "a woman", "min_confidence": 0.0}], ids=str)
def test_matches_come_in_the_order_asked_for(archive, asked):
    with archive.database.session() as session:
        times = dict(session.execute(select(SightingRow.id, SightingRow.first_seen)).all())
    for sort, expected in ORDERS.items():
        found = archive.search(sort=sort, **asked).matches
        assert [match.sighting for match in found] == expected, sort
        assert all(match.first_seen == times[match.sighting] for match in found)
