"""How those who pass the filters are spread."""

import pytest

from surveil.search.facets import count_facets
from surveil.search.filters import Filters


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
        assert facets["hat"] == {"no": 1.5, "yes": 1.5}
        assert facets["upper_colour"]["red"] == pytest.approx(0.8)
        assert count_facets(session, Filters(cameras=("yard",)))["camera"] == {"yard": 1}
        assert count_facets(session, Filters(attributes={"hat": ("yes",)}))["hour"] == {"14": 1, "16": 1}


def test_of_nobody_nothing_is_counted(database, fill, made_up):
    fill([made_up()], camera="gate")
    with database.session() as session:
        facets = count_facets(session, Filters(attributes={"hat": ("yes",)}))
    assert facets["camera"] == facets["hour"] == {}
    assert facets["hat"] == {"no": 0, "yes": 0}
