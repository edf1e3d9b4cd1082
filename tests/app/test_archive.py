"""The application object: what the commands do, without them."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

import surveil
from surveil import app
from surveil.app import IngestResult, SearchRequest, SearchResult
from surveil.errors import QueryError, StoreError, SurveilError
from surveil.types import FootageReport

ANNA, BEN = np.eye(2, 544, dtype=np.float32)


@pytest.fixture
def database_url(seldom_database_url):
    return seldom_database_url


@pytest.fixture
def people(fill, made_up):
    gate = fill(
        [
            made_up(0, 4, {"gender_female": 0.9, "upper_colour_red": 0.8}, embedding=ANNA, colour=(20, 20, 220)),
            made_up(9, 11, {"gender_female": 0.1, "upper_colour_blue": 0.9}, embedding=BEN),
        ],
        camera="gate",
        zone="Europe/Berlin",
    )
    return [*gate, *fill([made_up(3600, 3610, {"gender_female": 0.2}, embedding=ANNA)], camera="yard")]


def numbers(result):
    return [match.sighting for match in result.matches]


def there_and_back(value):
    """A result after a journey through JSON text."""
    return type(value).model_validate(json.loads(json.dumps(value.model_dump(mode="json"))))


def test_words_keywords_and_a_whole_request_find_the_same(archive, people):
    request = SearchRequest(attributes={"gender": ("female",)})
    assert numbers(archive.search(request)) == numbers(archive.search("a woman")) == [people[0]]
    assert numbers(archive.search(attributes={"gender": ["female"]})) == [people[0]]
    assert numbers(archive.search("woman", attributes={"gender": ["male"]}, cameras=["yard"])) == [people[2]]
    with pytest.raises(TypeError):
        archive.search(request, limit=3)


def test_times_without_an_offset_are_in_the_zone_of_the_request(archive, people):
    assert numbers(archive.search(after="2026-09-14T14:30", zone="Europe/Berlin")) == [people[2]]
    assert numbers(archive.search(after=datetime(2026, 9, 14, 12, 30, tzinfo=UTC))) == [people[2]]
    assert numbers(archive.search(after="2026-09-14T14:30")) == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"camera": ["gate"]}, "camera: Extra inputs"),
        ({"limit": 0}, "limit"),
        ({"min_confidence": 1.5}, "min_confidence"),
        ({"cameras": ["gat"]}, "Did you mean gate"),
        ({"attributes": {"shoes": ["red"]}}, "no attribute is called 'shoes'"),
        ({"unlike": ["one.jpg"]}, "Add an example to like"),
        ({"after": "Tuesday"}, "not a time"),
        ({"after": "0001-01-01T00:00+05:00"}, "no value that a database holds"),
        ({"before": "9999-12-31T23:59", "zone": "America/New_York"}, "no value that a database holds"),
        ({"identities": ["1" * 20]}, "no value that a database holds"),
        ({"offset": 10**20}, "no value that a database holds"),
    ],
)
def test_what_cannot_be_asked_is_told(archive, people, asked, message):
    with pytest.raises(SurveilError, match=message):
        archive.search(**asked)


def test_requests_and_results_go_to_json_and_back(archive, people, tmp_path):
    request = SearchRequest(text="woman", like=("a.jpg",), after="2026-09-14T08:30", attributes={"hat": ("no",)})
    assert there_and_back(request) == request
    result = archive.search("a limping woman", after="2026-09-14T10:00+02:00")
    assert result.matches
    assert there_and_back(result) == result
    assert result.model_dump(mode="json")["matches"][0]["first_seen"] == "2026-09-14T12:00:00+00:00"
    assert there_and_back(archive.search("woman", cameras=["yard"])).passing == {"camera yard": 1, "gender female": 1}
    for other in (
        archive.cluster(),
        archive.identities(),
        archive.identity(1),
        archive.status(),
        archive.cameras(),
        archive.check(),
        archive.sighting(people[0]),
        archive.upgrade(),
        archive.set_camera("gate", zone="UTC"),
        IngestResult(footage=(FootageReport(tmp_path / "a.mp4", "gate", "done"),)),
    ):
        assert there_and_back(other) == other


def test_results_cannot_be_changed(archive, people):
    result = archive.search("woman")
    with pytest.raises(ValueError, match="frozen"):
        result.matches = ()


def test_a_sighting_in_full(archive, people):
    detail = archive.sighting(people[0])
    assert (detail.match.sighting, detail.match.camera) == (people[0], "gate")
    assert [row[0] for row in detail.boxes] == [0, 4]
    assert detail.boxes[0][1:5] == (10, 20, 60, 140)
    assert len(detail.crops) == 1
    assert detail.crops[0] == detail.match.crop
    with pytest.raises(QueryError, match="no sighting has the number 99"):
        archive.sighting(99)


def test_identities_group_the_sightings(archive, people):
    assert archive.cluster().identities == 2
    [anna, ben] = archive.identities().identities
    assert (anna.sightings, anna.cameras, ben.sightings) == (2, ("gate", "yard"), 1)
    detail = archive.identity(anna.identity)
    assert numbers(SearchResult(understood=app.Understood(), matches=detail.sightings)) == [people[0], people[2]]


def test_a_sheet_of_each_kind_of_result(archive, people, tmp_path):
    archive.cluster()
    for name, result in (("found", archive.search("woman")), ("identity", archive.identity(1))):
        archive.draw_sheet(result, tmp_path / f"{name}.png")
        pixels = np.asarray(Image.open(tmp_path / f"{name}.png"), int)
        assert (np.abs(pixels - (220, 20, 20)).max(axis=2) < 8).sum() > 20_000


def test_a_database_is_made_only_where_it_may_be(tmp_path):
    url = f"sqlite:///{tmp_path}/new.db"
    with surveil.open(url, create=False) as archive, pytest.raises(StoreError, match="no database here yet"):
        archive.status()
    with surveil.open(url) as archive:
        assert archive.status().footage == ()
    assert (tmp_path / "new.db").exists()


def test_a_check_reports_what_cannot_be_opened(tmp_path):
    (tmp_path / "text.db").write_text("this is no database, however long it may be" * 100)
    result = surveil.open(f"sqlite:///{tmp_path}/text.db").check()
    assert result.rows is None
    assert "not a database" in result.problems[0].what


def test_a_setting_that_is_none_is_told():
    with pytest.raises(SurveilError, match="setting frames_per_second"):
        surveil.open("sqlite:///x.db", frames_per_second=3)


def test_importing_the_package_imports_nothing_heavy():
    import subprocess
    import sys

    code = "import sys, surveil; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for module in ("torch", "numpy", "sqlalchemy", "pydantic", "cv2"):
        assert f"'{module}'" not in loaded
