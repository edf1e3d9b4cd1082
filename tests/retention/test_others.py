"""Who is forgotten takes along nothing that was decided or kept of others."""

import numpy as np
import pytest

ANNA, TWIN, CLARA = np.random.default_rng(7).normal(size=(3, 544)).astype(np.float32)


@pytest.fixture
def seen(archive, fill, made_up):
    """Anna, two who look like one person and Clara, each at a camera of their own, grouped; gives the sightings."""
    looks = {"gate": ANNA, "hall": TWIN, "yard": TWIN, "shop": CLARA}
    numbers = {camera: fill([made_up(embedding=look)], camera=camera)[0] for camera, look in looks.items()}
    archive.cluster()
    return numbers


def identity_of(archive, sighting):
    return archive.sighting(sighting).match.identity


def test_who_was_told_apart_stays_so(archive, seen):
    twins = identity_of(archive, seen["hall"])
    assert identity_of(archive, seen["yard"]) == twins
    with archive.decide("maria") as decisions:
        decisions.split(twins, [seen["yard"]])
        decisions.keep_apart(identity_of(archive, seen["gate"]), identity_of(archive, seen["shop"]))
    assert archive.retention.forget([seen["gate"]]).decisions == 1, "only the one that speaks of her"
    archive.cluster()
    assert identity_of(archive, seen["hall"]) != identity_of(archive, seen["yard"])


def test_names_and_notes_of_others_outlast_her_also_an_undo(archive, seen):
    anna, twin, clara = (identity_of(archive, seen[camera]) for camera in ("gate", "hall", "shop"))
    with archive.decide("maria") as decisions:
        for number, name in ((anna, "Anna"), (twin, "Tess"), (clara, "Clara")):
            decisions.name(number, name)
        decisions.note(twin, "carries two bags")
        renamed = decisions.name(twin, "Theresa")
    assert archive.retention.forget([seen["gate"]]).decisions == 1
    assert archive.identity(twin).note == "carries two bags"
    with archive.decide("maria") as decisions:
        decisions.undo(renamed)
    assert {one.name for one in archive.identities().identities} == {"Tess", "Clara"}


def test_searches_for_others_are_kept(archive, seen):
    anna, clara = identity_of(archive, seen["gate"]), identity_of(archive, seen["shop"])
    with archive.decide("maria") as decisions:
        decisions.name(clara, "Clara")
    asked = {
        "her number": {"identities": [str(anna)]},
        "her look": {"like": [f"identity:{anna}"]},
        "not her": {"like": [f"sighting:{seen['shop']}"], "unlike": [f"sighting:{seen['gate']}"]},
        "another's number": {"identities": [str(clara)]},
        "another's name": {"identities": ["Clara"]},
        "another's look": {"like": [f"sighting:{seen['shop']}"]},
    }
    for name, request in asked.items():
        archive.save_search(name, archive.request(**request))
    for request in ({"identities": ["Clara"]}, {"like": [f"sighting:{seen['shop']}"]}, {"cameras": ["yard"]}):
        archive.search(**request)
    assert archive.retention.forget([seen["gate"]]).searches == 3
    assert [saved.name for saved in archive.saved_searches().searches] == [
        "another's look",
        "another's name",
        "another's number",
    ]
    past = [search.request for search in archive.search_history().searches]
    assert all(not request.like for request in past), "any example may have shown her"
    assert {(request.identities, request.cameras) for request in past} == {(("Clara",), ()), ((), ("yard",))}
