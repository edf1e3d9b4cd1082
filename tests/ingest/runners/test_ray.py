"""Ray as the engine: workers in processes of their own, nodes that are lost, and what is left in the database."""

import threading
from functools import partial

import pytest
from sqlalchemy import select

from surveil.ingest.runners.ray import RayRunner
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.store.tables import Footage
from tests.ingest.made_up import draw_clip, ingest, scan
from tests.ingest.runners.conftest import ROOM_FOR_ONE
from tests.ingest.runners.workers import open_made_up

CLIPS = 6


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


@pytest.fixture
def runner(cluster, database, media, tmp_path):
    seen = tmp_path / "seen"
    seen.mkdir()

    def make(pace=0.0, together=1, **more):
        opens = partial(open_made_up, database.url, media.folder, seen, pace, together)
        return RayRunner(database, opens, ROOM_FOR_ONE, **more)

    make.processes = lambda: {path.name for path in seen.iterdir()}
    return make


def test_a_lost_node_costs_only_what_it_had_in_hand(runner, second_node, database, media, folder, tmp_path, contents):
    reports = []
    for report in runner(pace=0.05, together=2).ingest(scan(database, folder)):
        reports.append(report)
        if len(reports) == 2:
            before = runner.processes()
            assert len(before) == 2, "each node has its worker"
            second_node()
    assert sorted(report.path.name for report in reports) == [f"gate-{number}.mp4" for number in range(CLIPS)]
    assert {report.state for report in reports} == {"done"}
    assert len(runner.processes() - before) == 1, "the lost worker was started anew where there was room"
    with Database.open(f"sqlite:///{tmp_path / 'alone.db'}") as alone:
        alone_media = MediaFolder(tmp_path / "alone")
        ingest(alone, alone_media, folder)
        assert contents(database) == contents(alone)
    assert set(media) == set(alone_media)


@pytest.mark.slow
def test_footage_that_kills_its_workers_is_given_up_and_the_rest_is_done(runner, database, folder, tmp_path):
    deadly = draw_clip(tmp_path / "more" / "deadly.mp4", {"green": (0.5, 2, 50)}, seconds=3)
    reports = {report.path.name: report for report in runner().ingest(scan(database, deadly, folder))}
    assert "died 3 times" in reports.pop("deadly.mp4").error
    assert [report.state for report in reports.values()] == ["done"] * CLIPS


@pytest.mark.slow
def test_a_stop_gives_back_what_is_in_hand(runner, database, folder):
    stop = threading.Event()
    states = []
    for report in runner(pace=0.2, stop=stop).ingest(scan(database, folder)):
        states.append(report.state)
        stop.set()
    assert states == ["done"] + ["stopped"] * (CLIPS - 1)
    with database.session() as session:
        rows = session.execute(select(Footage.state, Footage.lease_owner, Footage.attempts)).all()
    assert sorted(rows) == [("done", None, 0)] + [("waiting", None, 0)] * (CLIPS - 1)


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
