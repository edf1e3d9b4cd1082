"""How those who pass the filters are spread."""

from dataclasses import replace

import numpy as np

from surveil.attributes import ATTRIBUTES
from surveil.search.facets import count_facets
from surveil.search.filters import Filters, candidates


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
