"""`surveil ingest --watch` as a process of its own: growing files, lost folders, signals."""

import signal
import time

import pytest
from sqlalchemy import select

import surveil
from surveil.store.session import Database
from surveil.store.tables import Daemon, Footage, SightingRow
from tests.ingest.made_up import draw_clip
from tests.ingest.watching import Watch


@pytest.fixture
def start(tmp_path):
    started = []

    def start(url, folder, *options, **more):
        started.append(Watch(url, folder, tmp_path / f"said-{len(started)}", *options, **more))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.join()


def test_files_that_grow_folders_that_go_and_a_clean_end(database, media, tmp_path, start):
    folder, aside = tmp_path / "in", tmp_path / "aside"
    folder.mkdir()
    whole = draw_clip(tmp_path / "yard.mp4", {"red": (1, 5, 60), "blue": (2, 4, -50)}, seconds=6).read_bytes()
    with surveil.open(database.url, media=media.folder) as archive:
        archive.save_search("everybody", archive.request(), watch=True)
    daemon = start(database.url, folder, "--cluster-every", "1s", SURVEIL_MEDIA=str(media.folder))
    daemon.wait_for("health:", "0 waiting")
    with (folder / "yard.mp4").open("wb") as file:
        for part in range(8):
            file.write(whole[part * len(whole) // 8 : (part + 1) * len(whole) // 8])
            file.flush()
            assert not daemon.said("yard.mp4"), "it was taken while it grew"
            time.sleep(0.3)
    daemon.wait_for("1 still growing")
    daemon.wait_for("done:", "yard.mp4", "2 people")
    daemon.wait_for("watched: everybody was found")
    daemon.wait_for("identities of 2 sightings")

    with surveil.open(database.url, media=media.folder) as elsewhere:
        [seen] = elsewhere.status().daemons
        assert (seen.alive, seen.pid, seen.folders) == (True, daemon.process.pid, (str(folder),))
        assert seen.last_scan is not None

    folder.rename(aside)
    daemon.wait_for("health:", "not there:", str(folder))
    aside.rename(folder)
    draw_clip(tmp_path / "hall.mp4", {"green": (1, 4, 50)}, seconds=5).rename(folder / "hall.mp4")
    daemon.wait_for("done:", "hall.mp4", "1 people")
    assert daemon.stop(signal.SIGTERM) == 0
    assert len(daemon.said("done:")) == 2
    assert [line for line in daemon.said("failed:") if "does not exist" not in line] == []
    with database.session() as session:
        assert session.scalars(select(Daemon)).all() == []
        assert len(session.scalars(select(SightingRow)).all()) == 3


def test_a_watch_that_was_killed_is_seen_to_be_gone_and_one_that_is_stopped_gives_the_footage_back(tmp_path, start):
    draw_clip(tmp_path / "in" / "yard.mp4", {"red": (1, 19, 10)}, seconds=20)
    with Database.open(f"sqlite:///{tmp_path / 'surveil.db'}") as database, surveil.open(database.url) as archive:
        first = start(database.url, tmp_path / "in", pause=0.2)
        first.wait_for("1 working")
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
        assert [daemon.alive for daemon in archive.status().daemons] == [False]
        (tmp_path / "more").mkdir()
        second = start(database.url, tmp_path / "in", str(tmp_path / "more"), pause=0.2)
        second.wait_for("workers died on it; trying again")
        second.wait_for("1 working")
        assert [(daemon.alive, daemon.pid) for daemon in archive.status().daemons] == [(True, second.process.pid)]
        assert second.stop(signal.SIGINT) == 0
        assert archive.status().daemons == ()
        with database.session() as session:
            [footage] = session.scalars(select(Footage))
            assert (footage.state, footage.lease_owner, footage.attempts) == ("waiting", None, 1)


def test_a_database_that_is_away_at_the_start_is_waited_for(tmp_path, start):
    path, folder = tmp_path / "surveil.db", tmp_path / "in"
    for one in (path, folder):  # a folder in its place: it cannot be opened
        one.mkdir()
    daemon, stopped = (start(f"sqlite:///{path}", folder) for _ in range(2))
    for one in (daemon, stopped):
        one.wait_for("surveil.db", "Trying again in")
    assert stopped.stop(signal.SIGTERM) == 0
    path.rmdir()
    daemon.wait_for("health: last scan")
    assert daemon.stop(signal.SIGTERM) == 0
