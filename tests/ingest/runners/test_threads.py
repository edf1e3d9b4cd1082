"""Several pieces of footage at once in one process: the same result, and nobody's trouble is another's."""

import shutil
import threading
import time

import numpy as np
import pytest
from sqlalchemy import select, update

from surveil.errors import CheckpointError
from surveil.ingest.pipeline import Pipeline
from surveil.ingest.runners.threads import ThreadRunner
from surveil.runtimes.gathering import Gathering
from surveil.settings import Settings
from surveil.store.media import MediaFolder
from surveil.store.register import MAX_ATTEMPTS
from surveil.store.session import Database
from surveil.store.tables import Footage
from surveil.types import Detections
from tests.ingest.made_up import (
    ColourDetector,
    ColourModel,
    draw_clip,
    draw_crops,
    ingest,
    make_pipeline,
    make_worker,
    scan,
)

CLIPS = 4
PATIENCE = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four clips, a copy of one, one that is no video, and crops."""
    folder = tmp_path_factory.mktemp("footage")
    for number in range(CLIPS):
        walks = {"red": (0.5, 3, 40 + 5 * number), "blue": (1, 4, -50)}
        draw_clip(folder / f"gate-{number}.mp4", walks, seconds=5)
    (folder / "broken.mp4").write_text("no video")
    shutil.copy(folder / "gate-0.mp4", folder / "renamed.mp4")
    draw_crops(folder / "crops", 20)
    return folder


@pytest.fixture
def sqlite(tmp_path):
    """For what does not differ between databases."""
    with Database.open(f"sqlite:///{tmp_path / 'sqlite.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def alone(tmp_path_factory, folder, contents):
    """What a worker makes of the folder that does one piece after the other: states, database, pictures."""
    place = tmp_path_factory.mktemp("alone")
    media = MediaFolder(place / "media")
    with Database.open(f"sqlite:///{place / 'surveil.db'}") as database:
        reports = ingest(database, media, folder)
        return states(reports), contents(database), set(media)


def states(reports):
    """What the pieces came to; of two copies either may be the one that was known."""
    return sorted((report.state, report.sightings, report.frames.processed) for report in reports)


def run(database, media, *paths, pipeline=None, at_once=3, **more):
    return ThreadRunner(make_worker(database, media, pipeline, **more), at_once).ingest(scan(database, *paths))


class Meeting:
    """A network that holds each pass until so many more threads wait for the next, where that many are at work."""

    name = "meeting"

    def __init__(self, together):
        self.detector, self.together, self.passes = ColourDetector(), together, []
        self.gathering = Gathering(self)
        self.fails_at_green = False

    def detect(self, images):
        boxes, counts = self.gathering(np.stack(images))
        return [
            Detections(found[: int(count)], np.full(int(count), 0.9, np.float32))
            for found, count in zip(boxes, counts, strict=True)
        ]

    def __call__(self, images):
        until = time.monotonic() + PATIENCE
        while not self.passes and len(self.gathering._waiting) < self.together and time.monotonic() < until:
            time.sleep(0.001)
        self.passes.append(len(images))
        if self.fails_at_green and (images[..., 1].astype(int) > images[..., 2].astype(int) + 70).any():
            raise ValueError("somebody in green")
        people = [found.boxes for found in self.detector.detect(images)]
        boxes = np.zeros((len(images), 3, 4), np.float32)
        for number, found in enumerate(people):
            boxes[number, : len(found)] = found
        return boxes, np.array([len(found) for found in people], np.float32)


def test_several_at_once_store_what_one_after_the_other_does(database, media, folder, alone, contents):
    network = Meeting(together=3)
    assert states(run(database, media, folder, pipeline=make_pipeline(network))) == alone[0]
    assert contents(database) == alone[1]
    assert set(media) == alone[2]
    assert max(network.passes) > 8, "frames of several pieces went through the network together"
    assert {report.state for report in run(database, media, folder)} == {"known", "failed"}


def test_more_at_once_than_there_is_footage(sqlite, media, clip):
    [report] = run(sqlite, media, clip, at_once=8)
    assert (report.state, report.sightings) == ("done", 2)
    assert list(run(sqlite, media, at_once=8)) == []


def test_the_networks_are_loaded_once(sqlite, media, folder):
    loaded = []

    def load(network):
        loaded.append(network)
        time.sleep(0.05)  # the others come meanwhile
        return network

    pipeline = Pipeline(lambda: load(ColourDetector()), lambda: load(ColourModel()), Settings())
    assert "done" in [report.state for report in run(sqlite, media, folder, pipeline=pipeline)]
    assert len(loaded) == 2


def test_pictures_at_which_the_network_fails_are_the_trouble_of_their_own_footage(sqlite, media, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "in", ignore=shutil.ignore_patterns("broken*", "renamed*", "crops"))
    green = draw_clip(tmp_path / "in" / "green.mp4", {"green": (0, 2, 50)}, seconds=2)
    network = Meeting(together=2)
    network.fails_at_green = True
    found = run(sqlite, media, green.parent, pipeline=make_pipeline(network))
    reports = {report.path: report for report in found}
    assert "ValueError: somebody in green" in reports.pop(green).error
    assert [report.state for report in reports.values()] == ["done"] * CLIPS


def test_a_stop_gives_back_what_is_in_hand_and_the_next_run_does_it(database, media, folder, alone, contents):
    stop, looks = threading.Event(), []

    def look(_):
        looks.append(True)
        if len(looks) == 40:
            stop.set()

    stopped = list(run(database, media, folder, pipeline=make_pipeline(ColourDetector(look)), stop=stop))
    assert len(stopped) == CLIPS + 3
    assert "stopped" in {report.state for report in stopped}
    with database.session() as session:
        for footage in session.scalars(select(Footage).where(Footage.state != "done")):
            assert (footage.lease_owner, footage.attempts) == (None, 0)
            assert footage.state in ("waiting", "failed")
    list(run(database, media, folder))
    assert contents(database) == alone[1]


def test_whoever_wants_no_more_reports_leaves_nothing_in_hand(sqlite, media, folder):
    found = run(sqlite, media, folder)
    assert next(report for report in found if report.state == "done")
    found.close()
    with sqlite.session() as session:
        assert "working" not in session.scalars(select(Footage.state)).all()


def test_what_is_not_the_footages_fault_ends_the_run_and_gives_back_the_rest(sqlite, media, folder):
    def load():
        raise CheckpointError("damaged", "model.safetensors")

    with pytest.raises(CheckpointError, match="damaged"):
        list(run(sqlite, media, folder, pipeline=Pipeline(load, load, Settings())))
    with sqlite.session() as session:
        rows = session.execute(select(Footage.state, Footage.attempts)).all()
    assert {(state, attempts) for state, attempts in rows} == {("waiting", 0)}


def test_footage_on_which_workers_died_is_worked_on_alone_and_after_the_rest(database, media, folder):
    items = [item for item in scan(database, folder) if hasattr(item, "footage_id")]
    suspects = {items[0].source.path, items[3].source.path}
    with database.session() as session:
        ids = [items[0].footage_id, items[3].footage_id]
        left = {"state": "working", "lease_owner": None, "attempts": MAX_ATTEMPTS - 2}
        session.execute(update(Footage).where(Footage.id.in_(ids)).values(left))
    beside, working, lock = {}, set(), threading.Lock()

    def progress(source, done):
        with lock:
            working.add(source.path)
            beside.setdefault(source.path, set()).update(working)
            if done == 1.0:
                working.discard(source.path)

    reports = list(run(database, media, folder, progress=progress))
    assert {report.path for report in reports if report.state == "done"} >= suspects
    assert list(beside)[-2:] == [items[0].source.path, items[3].source.path]
    for path in suspects:
        assert beside[path] == {path}
    assert any(len(others) > 1 for others in beside.values())


def test_what_comes_while_such_footage_is_worked_on_waits(sqlite, media, folder, monkeypatch):
    monkeypatch.setattr("surveil.ingest.runners.threads.POLL_SECONDS", 0.1)
    suspect, other = scan(sqlite, folder / "gate-1.mp4", folder / "gate-2.mp4")
    with sqlite.session() as session:
        session.execute(update(Footage).where(Footage.id == suspect.footage_id).values(attempts=1))
    begun, told = threading.Event(), []

    def found():
        yield suspect
        assert begun.wait(PATIENCE)
        yield other

    def progress(source, done):
        begun.set()
        told.append(source.path)
        time.sleep(0.05)  # there is time to take the other one up

    list(ThreadRunner(make_worker(sqlite, media, progress=progress), 2).ingest(found()))
    assert told == sorted(told), "the other one was begun before the first was done"
