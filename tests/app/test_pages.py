"""Pages of what a search finds follow each other: whatever the order and the groups, nobody twice, nobody lost."""

import shutil

import numpy as np
import pytest

import surveil
from surveil.errors import QueryError
from surveil.store.tables import Identity, SightingRow
from surveil.visits import VISIT_GAP

PEOPLE = 40
EVERYBODY = 1000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory, empty_sqlite, filler, made_up):
    """People who come and go at two cameras, six of them known, some dressed alike."""
    folder = tmp_path_factory.mktemp("crowd")
    url = f"sqlite:///{shutil.copy(empty_sqlite, folder)}"
    random = np.random.default_rng(5)
    looks = random.normal(size=(12, 544)).astype(np.float32)
    with surveil.open(url, media=folder / "media", device="cpu") as archive:
        fill = filler(archive.database, archive.media)
        seen = []
        for camera in ("gate", "yard"):
            starts = np.sort(random.integers(0, 4 * 3600, PEOPLE // 2))
            near = [looks[random.integers(12)] + 0.4 * random.normal(size=544) for _ in starts]
            women = random.uniform(0.05, 0.95, len(starts))
            there = zip(starts, women, near, strict=True)
            seen += fill(
                [made_up(float(s), s + 30.0, {"gender_female": float(w)}, e) for s, w, e in there], camera=camera
            )
        know(archive, {number: int(random.integers(0, 7)) for number in seen})
        yield archive


def know(archive, identities):
    """Say of whom sightings are; of nobody known where the number is 0."""
    with archive.database.session() as session:
        session.add_all(Identity(id=number) for number in sorted(set(identities.values()) - {0}))
        session.flush()
        for sighting, identity in identities.items():
            session.get(SightingRow, sighting).identity_id = identity or None


def rows(result):
    return [(match.sighting, match.similarity, match.probability) for match in result.matches]


def paged(archive, size, **asked):
    """All pages one after the other, as somebody turns them."""
    found, offset = [], 0
    while offset is not None:
        page = archive.search(limit=size, offset=offset, **asked)
        assert 0 < len(page.matches) <= size
        found += rows(page)
        offset = page.next_offset
    return found


@pytest.mark.parametrize("group", [None, "identity", "visit", "look"])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"sort": "oldest"},
        {"text": "woman", "min_confidence": 0.3},
        {"like": ["sighting:3"]},
        {"like": ["sighting:3"], "refine": True},
        {"like": ["sighting:3"], "cameras": ["yard"]},
    ],
    ids=str,
)
def test_pages_put_together_are_what_one_page_gives(crowd, group, asked):
    whole = crowd.search(limit=EVERYBODY, group=group, **asked)
    assert whole.next_offset is None
    for size in (3, 7):
        assert paged(crowd, size, group=group, **asked) == rows(whole)


def test_only_what_an_example_finds_can_be_refined(crowd):
    with pytest.raises(QueryError, match="Add an example to like"):
        crowd.search(refine=True)


def test_two_stays_that_a_worse_match_joins_are_one_visit_on_every_page(database, media, fill, made_up):
    """The worst match of somebody joins her two best ones; whoever follows her must not be passed over for that."""

    def seen(seconds, place):
        return made_up(seconds, None, {"gender_female": 0.95 - 0.02 * place})

    apart = 0.8 * VISIT_GAP.total_seconds()
    hers = fill([seen(0.0, 0), seen(2 * apart, 1), seen(apart, 15)])
    others = fill([seen(10.0 * place, place) for place in range(2, 15)], camera="yard")
    with surveil.open(database.url, media=media.folder) as archive:
        know(archive, dict.fromkeys(hers, 1))
        found = paged(archive, 2, text="woman", group="visit")
    assert [sighting for sighting, *_ in found] == [hers[0], *others]


def test_a_later_stay_comes_behind_whoever_matches_better(database, media, fill, made_up):
    """Sixteen best matches of two stays, three others, then her third and fourth stay, which match least."""

    def seen(stay, place):
        return made_up(stay * 3 * VISIT_GAP.total_seconds() + place, None, {"gender_female": 0.95 - 0.01 * place})

    hers = fill([seen(place % 2, place) for place in range(16)] + [seen(2, 30), seen(3, 31)])
    others = fill([seen(0, place) for place in (20, 21, 22)], camera="yard")
    with surveil.open(database.url, media=media.folder) as archive:
        know(archive, dict.fromkeys(hers, 1))
        visits = paged(archive, 3, text="woman", group="visit")
        people = paged(archive, 1, text="woman", group="identity")
    assert [sighting for sighting, *_ in visits] == [*hers[:2], *others, *hers[16:]]
    assert [sighting for sighting, *_ in people] == [hers[0], *others]


def test_refined_groups_go_on_behind_those_that_were_re_ranked(crowd, monkeypatch):
    monkeypatch.setattr("surveil.search.refine.POOL", 6)
    asked = {"like": ["sighting:3"], "refine": True}
    for group in ("identity", "visit"):
        whole = crowd.search(limit=EVERYBODY, group=group, **asked)
        assert sum(1 + len(match.others) for match in whole.matches) == PEOPLE
        assert paged(crowd, 3, group=group, **asked) == rows(whole)
