"""What goes into a package: each exhibit as it was seen, and how alike the people of the exhibits are."""

import numpy as np
import pytest

import surveil
from surveil.app import Actor
from surveil.app.evidence import exhibits_of
from surveil.errors import QueryError
from surveil.store.models import model_in_use

ANNA, BEN = np.eye(2, 544, dtype=np.float32)
CASE = "theft"


@pytest.fixture
def archive(database, media, fill, made_up):
    """A case of a stretch of film, of Anna at the gate, of Anna and Ben in the yard, as exhibits 1 to 4."""
    alike = (0.6 * ANNA + 0.8 * BEN).astype(np.float32)
    fill([made_up(10, 14, {"gender_female": 0.9}, ANNA)], camera="gate", zone="Europe/Berlin")
    fill([made_up(3, 4, embedding=alike), made_up(70, embedding=BEN)], camera="yard")
    with surveil.open(database.url, media=media.folder, device="cpu") as opened:
        opened.cases.new(CASE, "maria")
        opened.cases.add_clip(CASE, 1, 5.0, 9.0, "maria")
        for sighting in (1, 2, 3):
            opened.cases.add_sighting(CASE, sighting, "maria", note=f"person {sighting}")
        yield opened


def test_how_alike_the_people_are_is_told_between_each_two(archive):
    about, exhibits = exhibits_of(archive, CASE, "maria", "request 7", blurred=True)
    assert (about.case, about.made_by, about.reason, about.blurred) == (CASE, "maria", "request 7", True)
    assert [exhibit.number for exhibit in exhibits] == [1, 2, 3, 4]
    assert exhibits[0].seen is None
    told = {
        exhibit.number: {score.exhibit: (score.similarity, score.probability) for score in exhibit.seen.scores}
        for exhibit in exhibits[1:]
    }
    with archive.database.session() as session:
        calibration = model_in_use(session).calibration
    expected = {(2, 3): 0.6, (2, 4): 0.0, (3, 4): 0.8}
    assert {number: set(others) for number, others in told.items()} == {2: {3, 4}, 3: {2, 4}, 4: {2, 3}}
    for (one, other), similarity in expected.items():
        assert told[one][other] == told[other][one]
        assert told[one][other][0] == pytest.approx(similarity, abs=1e-3)
        assert told[one][other][1] == pytest.approx(float(calibration.same_person([similarity])[0]), abs=1e-2)


def test_an_exhibit_says_where_when_and_what_was_seen(archive):
    _, exhibits = exhibits_of(archive, CASE, "maria", None, blurred=False)
    gate, yard = exhibits[1], exhibits[2]
    assert (gate.camera, gate.zone, yard.camera, yard.zone) == ("gate", "Europe/Berlin", "yard", "UTC")
    assert (exhibits[0].begin, exhibits[0].end) == (5.0, 9.0)
    assert gate.begin <= 10
    assert gate.end >= 14
    assert gate.note == "person 1"
    assert (gate.seen.last_seen - gate.seen.first_seen).total_seconds() == 4
    [crop] = gate.seen.crops
    assert crop.seconds == pytest.approx(10, abs=0.01), "of the footage, not of the sighting"
    label, probability = gate.seen.attributes["gender"]
    assert (label, probability) == ("female", pytest.approx(0.9, abs=0.01))


def test_nobody_exports_what_they_may_not_see_or_nothing(archive):
    with (
        archive.acting(Actor("jan", "investigator", frozenset({"gate"})), "export", {}),
        pytest.raises(QueryError, match="2 of its entries are of cameras that you may not see"),
    ):
        exhibits_of(archive, CASE, "jan", None, blurred=False)
    archive.cases.new("empty", "maria")
    with pytest.raises(QueryError, match="nothing is in the case"):
        exhibits_of(archive, "empty", "maria", None, blurred=False)
