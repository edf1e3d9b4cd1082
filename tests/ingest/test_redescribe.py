"""Another model for what is stored: everybody is described before the switch, whatever happens meanwhile."""

import multiprocessing
import os
import signal
import threading

import numpy as np
import pytest
from sqlalchemy import delete, func, select

import surveil
from surveil.errors import ModelSwitchedError, StoreError
from surveil.ingest import redescribe
from surveil.ingest.redescribe import Redescription
from surveil.search.rank import Example, Query, search
from surveil.store.media import MediaFolder
from surveil.store.models import ModelRef, check_in_use, model_in_use
from surveil.store.session import Database
from surveil.store.tables import Description, Embedding, Footage, SightingRow
from tests.ingest.made_up import ColourDetector, ColourModel, draw_clip, ingest, make_pipeline

OTHER = ModelRef("other colours", "d" * 64, {"architecture": "none"})
RED, BLUE, GREY = (20, 20, 230), (230, 20, 20), (90, 90, 90)
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.ingest.watching"])


class Watched(ColourModel):
    """Calls `look` whenever it is about to describe something; counts the crops."""

    def __init__(self, look=lambda: None):
        self.look, self.seen = look, 0

    def describe(self, crops):
        self.look()
        self.seen += len(crops)
        return super().describe(crops)


@pytest.fixture
def people(fill, made_up):
    """Nine sightings: red, blue and grey, three of each."""
    return fill([made_up(10.0 * n, colour=colour) for n, colour in enumerate(3 * [RED, BLUE, GREY])])


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr(redescribe, "BATCH_SIZE", 2)


def switch(database, media, model=None, **more):
    return Redescription(database, media, OTHER, lambda: model or ColourModel(), **more).run()


def colour_embedding(colour):
    return ColourModel().describe([np.full((10, 10, 3), colour, np.uint8)])[0].embedding


def most_like(database, colour, model=OTHER):
    return [
        match.sighting for match in search(database, Query(example=Example(colour_embedding(colour), model.sha256)))
    ]


def test_everybody_is_described_from_the_stored_pictures_and_searches_switch(database, media, people):
    told = []
    with database.session() as session:
        before = model_in_use(session)
    database.vectors.nearest(np.eye(544, dtype=np.float32)[0], None, before.id, 3)
    outcome = switch(database, media, progress=lambda *numbers: told.append(numbers))
    assert (outcome.described, outcome.left_out, outcome.switched) == (9, 0, True)
    assert told == [(done, 9) for done in (0, 2, 4, 6, 8, 9)]
    assert set(most_like(database, RED)[:3]) == set(people[0::3])
    assert set(most_like(database, BLUE)[:3]) == set(people[1::3])
    with database.session() as session:
        in_use = model_in_use(session)
        assert in_use.sha256 == OTHER.sha256
        stored = session.scalars(select(Embedding.vector).where(Embedding.model_id == in_use.id)).all()
        said = session.scalars(select(Description).where(Description.model_id == in_use.id)).all()
        assert len(stored) == len(said) == 9
        assert session.scalar(select(func.count()).where(Embedding.model_id == before.id)) == 9, "the old ones stay"
    again = switch(database, media)
    assert (again.described, again.switched) == (0, True)


def test_until_the_switch_searches_go_by_the_old_model(database, media, people, made_up):
    stop, seen = threading.Event(), []

    def look():
        with database.session() as session:
            seen.append(model_in_use(session).name)
        if len(seen) == 3:
            stop.set()

    model = Watched(look)
    assert switch(database, media, model, stop=stop).switched is False
    assert seen == 3 * ["made-up model"]
    rest = Watched()
    outcome = switch(database, media, rest)
    assert (outcome.described, rest.seen, outcome.switched) == (3, 3, True)


def describe_and_die(url, folder, after):
    """What a process runs: it kills itself when it has described so many sightings."""
    redescribe.BATCH_SIZE = 2
    model = Watched()

    def look():
        if model.seen >= after:
            os.kill(os.getpid(), signal.SIGKILL)

    model.look = look
    with Database.open(url) as database:
        switch(database, MediaFolder(folder), model)


def test_killed_in_the_middle_it_goes_on_and_comes_to_the_same(database, media, people, tmp_path):
    for after in (4, 2):
        child = processes.Process(target=describe_and_die, args=(database.url, media.folder, after))
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
        with database.session() as session:
            assert model_in_use(session).name == "made-up model"
    rest = Watched()
    outcome = switch(database, media, rest)
    assert (outcome.described, rest.seen, outcome.switched) == (3, 3, True)
    assert set(most_like(database, BLUE)[:3]) == set(people[1::3])


def test_who_is_ingested_or_forgotten_meanwhile_is_not_missed(database, media, people, fill, made_up):
    new = []

    def look():
        if len(new) < 2:
            new.extend(fill([made_up(colour=RED)], camera=f"late-{len(new)}"))
        elif len(new) == 2:
            with database.session() as session:
                session.execute(delete(SightingRow).where(SightingRow.id == people[8]))
            new.append(None)

    outcome = switch(database, media, Watched(look))
    assert outcome.switched
    with database.session() as session:
        model = model_in_use(session)
        described = set(session.scalars(select(Embedding.sighting_id).where(Embedding.model_id == model.id)))
        assert described == set(session.scalars(select(SightingRow.id))) == {*people[:8], *new[:2]}
    assert set(most_like(database, RED)[:5]) == {*people[0::3], *new[:2]}


def test_the_switch_waits_for_whoever_is_just_storing_and_sees_what_they_stored(database, media, people):
    """A writer that has checked its model, and has not committed yet."""
    stop = threading.Event()
    switch(database, media, stop=stop, progress=lambda *_: stop.set())
    work = Redescription(database, media, OTHER, ColourModel)
    work._describe_missing(2)
    outcome = []
    with database.session() as session:
        session.execute(Footage.__table__.update().values(progress=0.5))
        check_in_use(session, 1, "here")
        columns = {c.name: c for c in SightingRow.__table__.columns if c.name != "id"}
        one = select(*columns.values()).where(SightingRow.id == people[0])
        session.execute(SightingRow.__table__.insert().from_select(list(columns), one))
        thread = threading.Thread(target=lambda: outcome.append(work._switch(2)))
        thread.start()
        thread.join(0.5)
        assert not outcome, "it did not wait"
    thread.join(30)
    assert outcome == [False], "somebody is not described yet"


def test_an_ingest_that_was_switched_under_gives_its_footage_back(database, media, tmp_path):
    clip = draw_clip(tmp_path / "yard.mp4", {"red": (0, 3, 60)}, seconds=4)
    other = draw_clip(tmp_path / "hall.mp4", {"blue": (0, 3, -60)}, seconds=4)
    ingest(database, media, other)
    switched = []

    def look(image):
        if not switched:
            switched.append(switch(database, media))

    with pytest.raises(ModelSwitchedError, match="switched to another model"):
        ingest(database, media, clip, pipeline=make_pipeline(ColourDetector(look)))
    with database.session() as session:
        states = dict(session.execute(select(Footage.path, Footage.state)).all())
        assert states == {str(other): "done", str(clip): "waiting"}
        assert session.scalar(select(func.count()).select_from(SightingRow)) == 1
    with pytest.raises(ModelSwitchedError, match="surveil model use"):
        ingest(database, media, clip)


def test_without_a_picture_nobody_can_be_described(database, media, people):
    keys = sorted(media)
    media.path(keys[0]).write_bytes(b"damaged")
    with pytest.raises(StoreError, match=r"3 sightings have no picture.*--leave-out"):
        switch(database, media)
    with database.session() as session:
        assert model_in_use(session).name == "made-up model"
    outcome = switch(database, media, leave_out=True)
    assert (outcome.left_out, outcome.switched) == (3, True)
    assert len(most_like(database, RED)) == 6


def test_what_was_decided_survives(database, media, people):
    with surveil.open(database.url, media=media.folder) as archive:
        archive.cluster()
        anna, other = (archive.sighting(people[number]).match.identity for number in (0, 1))
        with archive.decide("maria") as decisions:
            decisions.name(anna, "Anna")
            decisions.merge(anna, [other])
        switch(database, media)
        for _ in range(2):
            assert archive.identity(anna).name == "Anna"
            assert {archive.sighting(people[number]).match.identity for number in (0, 1)} == {anna}
            archive.cluster()
