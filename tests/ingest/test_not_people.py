"""What never moves and looks like nobody is not stored, but counted and said."""

import dataclasses

import numpy as np
import pytest
from sqlalchemy import select

from surveil.ingest.not_people import MAX_PLACES, NotPeople
from surveil.ingest.resume import pack, unpack
from surveil.store.session import Database
from surveil.store.tables import Footage, SightingRow
from surveil.types import Track
from tests.ingest.made_up import ColourModel, draw_clip, draw_crops, ingest, make_pipeline


class GreenIsAThing(ColourModel):
    """To it, what is green is unlike any person."""

    def describe(self, crops):
        return [
            dataclasses.replace(look, person=0.2 if look.embedding.argmax() == 1 else 0.9)
            for look in super().describe(crops)
        ]


@pytest.fixture
def database(tmp_path):
    with Database.open(f"sqlite:///{tmp_path / 'surveil.db'}") as opened:
        yield opened


def stored(database):
    with database.session() as session:
        [footage] = session.scalars(select(Footage))
        sightings = len(session.scalars(select(SightingRow)).all())
        return sightings, [warning for warning in footage.warnings if warning["kind"] == "not_people"]


def walks(**paces):
    return {colour: (1, 7, pace) for colour, pace in paces.items()}


def test_a_thing_that_never_moves_is_counted_and_not_stored(database, media, tmp_path):
    clip = draw_clip(tmp_path / "yard.mp4", walks(green=0, blue=-30), seconds=8)
    [report] = ingest(database, media, clip, pipeline=make_pipeline(model=GreenIsAThing()))
    assert (report.sightings, report.not_people) == (1, 1)
    sightings, [warning] = stored(database)
    assert sightings == 1
    assert (warning["start"], warning["end"]) == (pytest.approx(1, abs=0.4), pytest.approx(7, abs=0.4))


def test_a_person_who_stands_still_is_stored(database, media, tmp_path):
    clip = draw_clip(tmp_path / "yard.mp4", walks(red=0), seconds=8)
    [report] = ingest(database, media, clip, pipeline=make_pipeline(model=GreenIsAThing()))
    assert (report.sightings, report.not_people, report.warnings) == (1, 0, ())


def test_what_moves_is_stored_whatever_it_looks_like(database, media, tmp_path):
    clip = draw_clip(tmp_path / "yard.mp4", walks(green=30), seconds=8)
    [report] = ingest(database, media, clip, pipeline=make_pipeline(model=GreenIsAThing()))
    assert (report.sightings, report.not_people) == (1, 0)


def test_whoever_wants_things_too_gets_them(database, media, tmp_path):
    clip = draw_clip(tmp_path / "yard.mp4", walks(green=0), seconds=8)
    [report] = ingest(database, media, clip, pipeline=make_pipeline(model=GreenIsAThing(), leave_out_things=False))
    assert (report.sightings, report.not_people) == (1, 0)


def test_crops_that_somebody_cut_out_are_all_stored(database, media, tmp_path):
    class NobodyIsAPerson(ColourModel):
        def describe(self, crops):
            return [dataclasses.replace(look, person=0.0) for look in super().describe(crops)]

    folder = draw_crops(tmp_path / "crops", 6)
    [report] = ingest(database, media, folder, pipeline=make_pipeline(model=NobodyIsAPerson()))
    assert (report.sightings, report.not_people) == (6, 0)


def track(left, begin, end):
    box = np.array([left, 0, left + 40, 100], np.float32)
    return Track(np.array([begin, end]), np.stack([box, box]), np.ones(2, np.float32), ())


def test_tracks_at_one_place_are_one_thing():
    left_out = NotPeople()
    for left, begin, end in ((0, 5, 9), (300, 6, 7), (4, 20, 30), (2, 1, 2)):
        left_out.add(track(left, begin, end))
    assert len(left_out) == 4
    told = [(warning.start, warning.end, warning.detail["tracks"]) for warning in left_out.warnings()]
    assert told == [(1, 30, 3), (6, 7, 1)]


def test_very_many_things_become_few_records_and_no_track_is_lost():
    left_out = NotPeople()
    for number in range(3 * MAX_PLACES):
        left_out.add(track(100 * number, number, number + 1))
    assert len(left_out.warnings()) == MAX_PLACES
    assert len(left_out) == 3 * MAX_PLACES
    assert left_out.warnings()[-1].end == 3 * MAX_PLACES


def test_who_goes_on_elsewhere_counts_on():
    first, second = NotPeople(), NotPeople()
    first.add(track(0, 1, 2))
    second.restore(unpack(pack({"not_people": first.state()}))["not_people"])
    for left_out in (first, second):
        left_out.add(track(1, 3, 4))
    assert second.warnings() == first.warnings()
    assert len(second) == 2
