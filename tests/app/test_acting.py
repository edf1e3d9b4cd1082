"""Acting for somebody: they may, they see only their cameras, and it is on record."""

import re
from pathlib import Path

import numpy as np
import pytest

import surveil
from surveil.app import Actor, SearchRequest
from surveil.errors import PermissionDeniedError, QueryError

ANNA, BEN = np.eye(2, 544, dtype=np.float32)
VIEWER = Actor("vera", "viewer", frozenset({"gate"}))


@pytest.fixture
def people(fill, made_up):
    """Two at the gate, and one of them in the yard too."""
    gate = fill([made_up(0, 4, {"gender_female": 0.9}, ANNA), made_up(9, 11, embedding=BEN)], camera="gate")
    return [*gate, *fill([made_up(3600, 3610, {"gender_female": 0.9}, ANNA)], camera="yard")]


def numbers(result):
    return {match.sighting for match in result.matches}


def test_only_the_cameras_granted_are_seen_whatever_is_asked(archive, people):
    archive.cluster()
    first, _, yard = people
    with archive.acting(VIEWER, "search", {}):
        assert numbers(archive.search()) == set(people[:2])
        assert numbers(archive.search("woman", facets=True)) == {first}
        assert numbers(archive.search(like=[f"sighting:{first}"])) == set(people[:2])
        assert set(archive.search(facets=True).facets["camera"]) == {"gate"}
        assert [camera.camera for camera in archive.cameras().cameras] == ["gate"]
        assert {piece.camera for piece in archive.status().footage} == {"gate"}
        for identity in archive.identities().identities:
            assert identity.cameras == ("gate",)
            assert {match.camera for match in archive.identity(identity.identity).sightings} == {"gate"}
        for forbidden in (
            lambda: archive.sighting(yard),
            lambda: archive.search(cameras=["yard"]),
            lambda: archive.search(like=[f"sighting:{yard}"]),
        ):
            with pytest.raises(QueryError):
                forbidden()
    assert numbers(archive.search()) == set(people)


def test_an_identity_seen_only_elsewhere_is_not_there(archive, people):
    archive.cluster()
    elsewhere = Actor("vera", "viewer", frozenset({"yard"}))
    everybody = {identity.identity for identity in archive.identities().identities}
    with archive.acting(elsewhere, "see", {}):
        [visible] = archive.identities().identities
        for identity in everybody - {visible.identity}:
            with pytest.raises(QueryError):
                archive.identity(identity)
            with pytest.raises(QueryError):
                archive.search(identities=[str(identity)])


def test_a_copy_of_the_embeddings_is_not_poisoned_by_who_asked_first(archive, people, monkeypatch):
    monkeypatch.setattr("surveil.store.memory_index.MIN_VECTORS", 1)
    nearest = archive.database.vectors.nearest
    for _ in range(2):
        with archive.acting(VIEWER, "search", {}):
            assert {found for found, _ in nearest(ANNA, None, 1, 9)} == set(people[:2])
        assert {found for found, _ in nearest(ANNA, None, 1, 9)} == set(people)


def test_what_is_done_is_on_record_before_it_is_done(archive, people):
    request = SearchRequest(text="woman", like=("/home/me/anna.jpg", "sighting:1"), identities=("Anna", "7"))
    with archive.acting(VIEWER, "search", request, reason=" case 7 "):
        [record] = archive.audit.list().records
    assert (record.actor, record.action, record.reason) == ("vera", "search", "case 7")
    assert record.what == {"text": "woman", "like": ["a picture", "sighting:1"], "identities": ["a name", "7"]}
    assert archive.audit.verify().breaks == ()


def test_what_fails_says_so(archive, people):
    with pytest.raises(QueryError), archive.acting(VIEWER, "see", {"sighting": 99}):
        archive.sighting(99)
    failed, asked = archive.audit.list().records
    assert failed.what == {"failed": asked.number, "error": "QueryError"}


def test_who_may_not_does_nothing(archive, people):
    done = []
    with pytest.raises(PermissionDeniedError), archive.acting(VIEWER, "delete", {"footage": 1}):
        done.append(True)
    assert done == []
    assert archive.audit.list().records == ()


def test_a_reason_is_asked_for_where_the_setting_says_so(database, media):
    with surveil.open(database.url, media=media.folder, ask_reason=True) as archive:
        for none in (None, "  "):
            with pytest.raises(QueryError, match="a reason"), archive.acting(None, "search", {}, reason=none):
                pass
        with archive.acting(None, "accounts", {}):
            pass
        with archive.acting(None, "search", {}, reason="case 7"):
            pass
        assert [record.action for record in archive.audit.list().records] == ["search", "accounts"]
        assert archive.audit.list().records[0].actor.startswith("os:")


def test_pages_of_the_audit_join_without_a_seam(archive, people):
    for sighting in range(7):
        with archive.acting(VIEWER, "see", {"sighting": sighting}):
            pass
    seen, before = [], None
    while True:
        page = archive.audit.list(limit=3, before=before)
        seen += [record.what["sighting"] for record in page.records]
        before = page.next_before
        if before is None:
            break
    assert seen == [6, 5, 4, 3, 2, 1, 0]


def test_the_example_of_the_page_runs(tmp_path, monkeypatch, capsys):
    page = (Path(__file__).parents[2] / "docs" / "access.md").read_text()
    [example] = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/access.md", "exec"), {})
    assert capsys.readouterr().out == "{'limit': 5}\n"
