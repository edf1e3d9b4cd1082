"""Who is deleted is gone: from every table, every index, the media folder, and the bytes on the disk."""

import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import func, select

import surveil
from surveil.errors import QueryError
from surveil.store.session import Database
from surveil.store.tables import CropRow, Decision, Description, Embedding, Footage, Identity, Membership, SightingRow

LOOKS = np.random.default_rng(7).normal(size=(4, 544)).astype(np.float32)
ANNA = LOOKS[0]


@pytest.fixture
def people(fill, made_up, archive, media):
    """Anna twice at the gate and once in the yard, among others; grouped, named and noted."""
    near = [
        made_up(10 * i, 10 * i + 4, embedding=look + 0.01 * LOOKS[3 - i % 2], colour=(i, 2 * i, 200))
        for i, look in enumerate([ANNA, LOOKS[1], ANNA])
    ]
    seen = [*fill(near, camera="gate"), *fill([made_up(900, 904, embedding=ANNA, colour=(9, 9, 90))], camera="yard")]
    archive.cluster()
    anna = archive.sighting(seen[0]).match.identity
    with archive.decide("maria") as decisions:
        decisions.name(anna, "Anna Example")
        decisions.note(anna, "limps a little")
        decisions.set_picture(anna, seen[0])
    archive.save_search("where is Anna", archive.request(like=[f"sighting:{seen[0]}"]), watch=True)
    archive.save_search("red tops", archive.request(attributes={"upper_colour": ["red"]}))
    archive.search("woman")
    archive.search(like=[f"sighting:{seen[0]}"])
    archive.search(identities=["Anna Example"])
    for path in media.folder.rglob("*.jpg"):  # as if they were taken yesterday
        os.utime(path, (1.7e9, 1.7e9))
    return seen, anna


def count(database: Database, table):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_a_person_is_gone_from_every_table_and_folder(archive, people, database, media):
    (first, other, third, yard), anna = people
    nearest = archive.database.vectors.nearest
    assert {found for found, _ in nearest(ANNA, None, 1, 3)} == {first, third, yard}
    rehearsed = archive.retention.find(identity=anna)
    assert rehearsed.sightings == (first, third, yard)
    assert (rehearsed.removal.sightings, rehearsed.removal.identities, rehearsed.removal.pictures) == (3, 1, 3)
    assert count(database, SightingRow) == 4, "a rehearsal deletes nothing"
    removal = archive.retention.forget(rehearsed.sightings)
    assert (removal.sightings, removal.pictures, removal.identities, removal.searches) == (3, 3, 1, 1)
    assert removal.decisions == 3
    assert removal.traces_erased
    for table, left in (
        (SightingRow, 1),
        (Description, 1),
        (Embedding, 1),
        (CropRow, 1),
        (Membership, 1),
        (Identity, 1),
    ):
        assert count(database, table) == left, table
    assert {found for found, _ in nearest(ANNA, None, 1, 9)} == {other}
    assert len(set(media)) == 1
    assert [saved.name for saved in archive.saved_searches().searches] == ["red tops"]
    assert [past.request.text for past in archive.search_history().searches] == ["woman"]
    said = archive.decisions(anna).model_dump_json()
    assert "Anna" not in said
    assert "limps" not in said
    assert count(database, Decision) == 3, "that somebody decided stays"
    assert count(database, Footage) == 2, "known, so that it is not ingested again"
    assert archive.cluster().sightings == 1, "what operators decided of others still holds"


def test_both_copies_of_the_embeddings_let_go(archive, people, monkeypatch):
    monkeypatch.setattr("surveil.store.memory_index.MIN_VECTORS", 1)
    (first, other, third, yard), _ = people
    nearest = archive.database.vectors.nearest
    for _ in range(2):
        assert len(nearest(ANNA, None, 1, 9)) == 4
    archive.retention.forget([first, yard])
    assert {found for found, _ in nearest(ANNA, None, 1, 9)} == {other, third}
    assert {found for found, _ in nearest(ANNA, select(SightingRow.id), 1, 9)} == {other, third}
    if archive.database.dialect == "sqlite":
        copy = archive.database.vectors._copy
        assert [segment._index.ntotal for segment in copy._segments] == [2], "also from memory"


def test_a_picture_finds_whom_to_forget(archive, people):
    (first, other, third, yard), _ = people
    found = archive.retention.find(like=f"sighting:{first}", min_probability=0.9)
    assert set(found.sightings) == {first, third, yard}
    assert other not in {match.sighting for match in found.matches}
    for nobody in ({"identity": 99}, {"sightings": [99]}, {}):
        with pytest.raises(QueryError):
            archive.retention.find(**nobody)


def test_pictures_that_somebody_searched_by_go_too(archive, people):
    import cv2

    jpegs = [cv2.imencode(".jpg", np.full((40, 20, 3), shade, np.uint8))[1].tobytes() for shade in (9, 200)]
    kept, _ = (archive.hand_in(jpeg) for jpeg in jpegs)
    archive.save_search("kept", archive.request(like=[kept]))
    assert archive.retention.forget([99]).handed_in == 0
    assert archive.retention.forget(people[0][:1]).handed_in == 1
    folder = archive.media.folder / "handed-in"
    assert [path.stem for path in folder.glob("*.jpg")] == [kept.partition(":")[2]]


def test_an_open_case_holds_its_footage_and_a_closed_one_forgets(archive, people):
    (first, _, third, yard), anna = people
    archive.cases.new("theft", "maria")
    archive.cases.add_sighting("theft", first, "maria", note="Anna takes the bag")
    for rehearse in (True, False):
        removal = archive.retention.forget([first, third, yard], rehearse=rehearse)
        assert (removal.sightings, removal.held, removal.identities) == (1, {"case theft": 2}, 0)
    archive.cases.close("theft")
    assert archive.retention.forget([first, third, yard]).sightings == 2
    assert archive.cases.show("theft").entries == ()
    with pytest.raises(QueryError):
        archive.identity(anna)


def test_what_is_worked_on_is_left_for_later(archive, people, database):
    (first, *_), _ = people
    with database.session() as session:
        session.scalars(select(Footage).order_by(Footage.id)).first().state = "working"
    assert archive.retention.forget([first]).held == {"it is being worked on": 1}


def test_each_camera_keeps_for_as_long_as_it_says(archive, people, database):
    (first, other, third, yard), _ = people
    now = datetime.now(UTC)
    with database.session() as session:
        for number, days in ((first, 8), (other, 6), (third, 6.9), (yard, 300)):
            row = session.get(SightingRow, number)
            row.first_seen = row.last_seen = now - timedelta(days=days)
    archive.set_camera("gate", keep_days=7)
    rehearsed = archive.retention.run(rehearse=True)
    assert [(one.camera, one.keep_days, one.sightings) for one in rehearsed.cameras] == [("gate", 7, 1)]
    assert count(database, SightingRow) == 4
    assert archive.retention.run().removal.sightings == 1
    assert archive.retention.run().removal.sightings == 0
    archive.set_camera("gate", keep_days=float("inf"))
    assert archive.retention.run().cameras == ()
    assert count(database, SightingRow) == 3
    with pytest.raises(surveil.errors.StoreError, match="make no sense"):
        archive.set_camera("gate", keep_days=0)


def test_who_may_see_one_camera_does_not_forget_people_of_another(archive, people, database):
    """Anna's identity has a sighting in the yard, which this supervisor cannot see: it must not go."""
    from surveil.app import Actor

    (first, _, third, yard), anna = people
    with archive.acting(Actor("sue", "supervisor", frozenset({"gate"})), "delete", {}):
        found = archive.retention.find(identity=anna)
        assert set(found.sightings) == {first, third}
        assert archive.retention.forget(found.sightings).identities == 0
    assert archive.identity(anna).name == "Anna Example"
    assert [match.sighting for match in archive.identity(anna).sightings] == [yard]
