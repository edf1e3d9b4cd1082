"""Ray as the engine: workers in processes of their own, nodes that are lost, and what is left in the database."""

import os
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select

from surveil.ingest.leases import claim_next, new_owner, release
from surveil.ingest.runners.ray import RayRunner
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.store.tables import Footage
from tests.ingest.made_up import draw_clip, ingest, scan
from tests.ingest.runners.conftest import ROOM_FOR_ONE
from tests.ingest.runners.workers import open_made_up

CLIPS = 6
ONE_AND_MORE = pytest.mark.parametrize("at_once", [1, 3])


@pytest.fixture
def database(postgres_url):
    """Several machines share a Postgres."""
    with Database.open(postgres_url) as database:
        yield database


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("footage")
    for number in range(CLIPS):
        walks = {"red": (0.5, 4, 40 + 5 * number), "blue": (1, 5, -50)}
        draw_clip(folder / f"gate-{number}.mp4", walks, seconds=6)
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory, folder, contents):
    """What one process makes of the folder, one piece after the other: database and pictures."""
    place = tmp_path_factory.mktemp("alone")
    media = MediaFolder(place / "media")
    with Database.open(f"sqlite:///{place / 'alone.db'}") as database:
        ingest(database, media, folder)
        return contents(database), set(media)


@pytest.fixture
def runner(cluster, database, media, tmp_path):
    seen = tmp_path / "seen"
    seen.mkdir()

    def make(at_once=1, pace=0.0, together=1, deadly=True, **more):
        opens = partial(open_made_up, database.url, media.folder, seen, pace, together, deadly)
        return RayRunner(database, opens, replace(ROOM_FOR_ONE, footage=at_once), **more)

    make.seen = seen
    make.processes = lambda: {path.name.partition("-")[0] for path in seen.glob("*-*")}
    return make


@contextmanager
def struck(seen, pieces, strike):
    """Strikes when so many pieces are in hand, each with a part stored; they are held until then."""

    def run():
        while len(list(seen.iterdir())) < pieces:
            time.sleep(0.05)
        strike()
        (seen / "go on").touch()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield pieces + 1
    thread.join()


@pytest.mark.parametrize(
    "at_once", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)]
)
def test_a_lost_node_costs_only_what_it_had_in_hand(
    at_once, runner, second_node, database, media, folder, alone, contents
):
    with struck(runner.seen, 2 * at_once, second_node) as together:
        reports = list(runner(at_once, together=together).ingest(scan(database, folder)))
    assert sorted(report.path.name for report in reports) == [f"gate-{number}.mp4" for number in range(CLIPS)]
    assert {report.state for report in reports} == {"done"}
    assert len(runner.processes()) in (2, 3), "each node had its worker; there may be nothing left for a third"
    assert (contents(database), set(media)) == alone


@pytest.mark.slow
def test_a_worker_that_is_killed_takes_nothing_with_it(runner, database, media, folder, alone, contents):
    with struck(runner.seen, 3, lambda: os.kill(int(*runner.processes()), signal.SIGKILL)) as together:
        reports = list(runner(at_once=3, together=together).ingest(scan(database, folder)))
    assert [report.state for report in reports] == ["done"] * CLIPS
    assert len(runner.processes()) >= 2, "another went on; a lost node that Ray still counts may have given a third"
    assert (contents(database), set(media)) == alone


@pytest.mark.slow
@ONE_AND_MORE
def test_footage_that_kills_its_workers_is_given_up_and_the_rest_is_done(at_once, runner, database, folder, tmp_path):
    deadly = draw_clip(tmp_path / "more" / "deadly.mp4", {"green": (3, 4, 50), "red": (0, 4, 50)}, seconds=4)
    found = runner(at_once, together=at_once).ingest(scan(database, deadly, folder))
    reports = {report.path.name: report for report in found}
    assert "died 3 times" in reports.pop("deadly.mp4").error
    assert [report.state for report in reports.values()] == ["done"] * CLIPS


@pytest.mark.slow
def test_footage_that_fails_is_nobody_elses_trouble(runner, database, folder, tmp_path):
    failing = draw_clip(tmp_path / "more" / "failing.mp4", {"green": (3, 4, 50), "red": (0, 4, 50)}, seconds=4)
    found = runner(at_once=3, together=3, deadly=False).ingest(scan(database, failing, folder))
    reports = {report.path.name: report for report in found}
    assert "ValueError: somebody in green" in reports.pop("failing.mp4").error
    assert [report.state for report in reports.values()] == ["done"] * CLIPS
    assert len(runner.processes()) == 1


@pytest.mark.slow
@ONE_AND_MORE
def test_a_stop_gives_back_what_is_in_hand(at_once, runner, database, folder):
    stop = threading.Event()
    states = []
    for report in runner(at_once, pace=0.2, together=at_once, stop=stop).ingest(scan(database, folder)):
        states.append(report.state)
        stop.set()
    done = states.count("done")
    assert 1 <= done <= at_once
    assert states == ["done"] * done + ["stopped"] * (CLIPS - done)
    with database.session() as session:
        rows = session.execute(select(Footage.state, Footage.lease_owner, Footage.attempts)).all()
    assert sorted(rows) == [("done", None, 0)] * done + [("waiting", None, 0)] * (CLIPS - done)


@pytest.mark.slow
def test_footage_that_others_hold_is_waited_for(runner, database, folder):
    [held] = scan(database, folder / "gate-0.mp4")
    other = new_owner()
    assert claim_next(database, [held.footage_id], other)
    reports = []
    for report in runner(at_once=3).ingest(scan(database, folder)):
        reports.append((report.path.name, report.state))
        if len(reports) == CLIPS - 1:
            release(database, held.footage_id, other)
    assert sorted(reports) == [(f"gate-{number}.mp4", "done") for number in range(CLIPS)]
    assert reports[-1] == ("gate-0.mp4", "done")


@pytest.mark.slow
def test_the_same_content_under_two_names_is_worked_on_once(runner, database, tmp_path):
    one = draw_clip(tmp_path / "in" / "a.mp4", {"red": (0.5, 3, 50)}, seconds=4)
    (tmp_path / "in" / "b.mp4").write_bytes(one.read_bytes())
    reports = list(runner().ingest(scan(database, tmp_path / "in", tmp_path / "missing.mp4")))
    assert sorted((report.path.name, report.state) for report in reports) == [
        ("a.mp4", "done"),
        ("b.mp4", "known"),
        ("missing.mp4", "failed"),
    ]
