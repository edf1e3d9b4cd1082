"""How those who pass the filters are spread."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import delete

from surveil.attributes import ATTRIBUTES, OUTPUT_NAMES
from surveil.search.facets import count_facets
from surveil.search.facets_in_memory import tally
from surveil.search.filters import Filters, candidates
from surveil.store import description_columns
from surveil.store.cameras import configure_camera
from surveil.store.granted import only_cameras
from surveil.store.tables import SightingRow

NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)


def test_facets_count_those_who_pass(database, fill, made_up):
    fill(
        [made_up(0, outputs={"hat": 0.75, "upper_colour_red": 0.6}), made_up(7200, outputs={"hat": 0.5})],
        camera="gate",
        zone="Europe/Berlin",
    )
    fill([made_up(0, outputs={"hat": 0.25})], camera="yard")
    with database.session() as session:
        facets = count_facets(session, Filters())
        assert facets["camera"] == {"gate": 2, "yard": 1}
        assert facets["hour"] == {"12": 1, "14": 1, "16": 1}, "each on the clock of its camera"
        assert facets["upper_colour"]["red"] == 1
        yard = count_facets(session, Filters(cameras=("yard",)))
        assert yard["hour"] == {"12": 1}
        assert yard["camera"] == {"gate": 2, "yard": 1}, "what else could be chosen"
        assert count_facets(session, Filters(attributes={"hat": ("yes",)}))["hour"] == {"14": 1, "16": 1}


def test_in_memory_the_same_is_counted(database, fill, made_up, monkeypatch):
    if database.dialect == "postgresql":
        pytest.skip("no copy is kept in memory on Postgres")
    random = np.random.default_rng(6)
    names = [name for name in OUTPUT_NAMES if random.random() < 0.7]
    for camera, zone in (("gate", "Europe/Berlin"), ("yard", "UTC"), ("hall", "Asia/Kathmandu")):
        outputs = [dict(zip(names, random.random(len(names)), strict=True)) for _ in range(40)]
        fill([made_up(700 * i, outputs=one) for i, one in enumerate(outputs)], camera=camera, zone=zone)
    asked = [
        Filters(), Filters(cameras=("gate",)), Filters(min_confidence=0.4), Filters(newer_than=50),
        Filters(attributes={"gender": ("female",)}),
        Filters(cameras=("gate", "hall"), attributes={"hat": ("yes",), "upper_colour": ("red", "blue")}),
        Filters(only={"upper_colour": ("red",)}),
        Filters(without={"backpack": ("yes",)}, before=NOON + timedelta(hours=3)),
    ]  # fmt: skip
    monkeypatch.setattr(description_columns, "MIN_ROWS", 1)

    def agree():
        with database.session() as session:
            for filters in asked:
                assert tally(database, session, filters) is not None
                plain, quick = (count_facets(session, filters, one) for one in (None, database))
                assert plain == quick, filters
                assert list(plain["camera"]) == list(quick["camera"])

    agree()
    with only_cameras(["yard", "hall"]), database.session() as session:
        quick = count_facets(session, Filters(), database)
        assert quick == count_facets(session, Filters())
        assert set(quick["camera"]) == {"yard", "hall"}
    with database.session() as session:
        configure_camera(session, "gate", clock_offset=-5000.0)
    agree()
    fill([made_up(9, outputs={"hat": 0.9})], camera="gate")
    agree()
    with database.session() as session:
        session.execute(delete(SightingRow).where(SightingRow.id == 3))
    agree()


def test_of_nobody_nothing_is_counted(database, fill, made_up):
    fill([made_up()], camera="gate")
    with database.session() as session:
        facets = count_facets(session, Filters(attributes={"hat": ("yes",)}))
    assert facets["camera"] == facets["hour"] == {}
    assert facets["backpack"] == {"no": 0, "yes": 0}
    assert facets["hat"] == {"no": 1, "yes": 0}, "what else could be chosen"


def test_a_count_is_what_asking_for_it_gives(database, fill, made_up):
    rng = np.random.default_rng(4)
    names = ["hat", "backpack", "gender_female", "upper_colour_red", "upper_colour_blue", "age_adult"]
    fill([made_up(i, outputs=dict(zip(names, rng.random(6), strict=True))) for i in range(40)], camera="gate")
    fill([made_up(i, outputs=dict(zip(names, rng.random(6), strict=True))) for i in range(20)], camera="yard")
    asked = {"gender": ("female",), "upper_colour": ("red", "blue")}
    with database.session() as session:
        for least in (None, 0.3):
            filters = Filters(cameras=("gate",), attributes=asked, min_confidence=least)
            facets = count_facets(session, filters)
            for attribute in ATTRIBUTES:
                for label in attribute.labels:
                    only = {**asked, attribute.name: (label,)}
                    passing = session.execute(candidates(session, replace(filters, attributes=only))).all()
                    assert facets[attribute.name][label] == len(passing), (attribute.name, label)
