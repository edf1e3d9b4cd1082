"""Watched searches are run on all that is done, whoever dies in between."""

import multiprocessing
import signal
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

import surveil
from surveil.cli.ingest_lines import follow
from surveil.ingest.leases import LEASE_SECONDS, new_owner
from surveil.ingest.watched import take_left
from surveil.store.tables import SearchDue
from tests.ingest.made_up import ingest, ingest_and_die

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.ingest.made_up"])  # a process that has everything imported starts at once


@pytest.fixture
def archive(database, media):
    with surveil.open(database.url, media=media.folder, device="cpu") as opened:
        yield opened


@pytest.fixture
def watching(archive):
    archive.save_search("everybody", archive.request(), watch=True)
    return archive


def killed_when_done(database, media, clip):
    process = processes.Process(target=ingest_and_die, args=(database.url, media.folder, clip))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def due(database):
    with database.session() as session:
        return session.scalars(select(SearchDue.footage_id)).all()


def found(news):
    return [(one.name, str(one.footage), len(one.result.matches)) for one in news]


def test_what_a_killed_worker_left_is_found_by_the_next_one_and_once(database, media, clip, watching):
    killed_when_done(database, media, clip)
    assert found(watching.watched()) == [("everybody", str(clip), 2)]
    assert found(watching.watched()) == []
    assert due(database) == []


def test_the_next_ingest_tells_it(database, media, clip, watching):
    def told():
        lines = []
        line = SimpleNamespace(say=lambda text, over="": lines.append(text))
        [(report, news)] = follow(ingest(database, media, clip), watching, line)
        assert report.state == "known"
        assert len(lines) == 1 + len(news)
        return lines[1:]

    killed_when_done(database, media, clip)
    [line] = told()
    assert line.startswith(f"watched: everybody was found in {clip}: sightings ")
    assert told() == []


def test_who_dies_while_running_them_leaves_them_too(database, media, clip, watching):
    killed_when_done(database, media, clip)
    begun = watching.watched()
    next(begun)
    begun.close()
    assert due(database)
    with database.session() as session:
        session.execute(update(SearchDue).values(since=datetime.now(UTC) - timedelta(seconds=LEASE_SECONDS + 1)))
    assert found(watching.watched()) == [("everybody", str(clip), 2)]


def test_what_somebody_is_at_is_left_to_them(database, media, clip, watching):
    [report] = ingest(database, media, clip)
    assert found(watching.watched()) == [], "the worker lives, and is about to run them"
    assert len(due(database)) == 1
    assert found(watching.watched(report.path)) == [("everybody", str(clip), 2)]
    assert due(database) == []


def test_of_two_one_takes_it(database, media, clip, watching):
    killed_when_done(database, media, clip)
    assert [take_left(database, new_owner()) for _ in range(2)] == [clip, None]


def test_nothing_is_due_where_nothing_is_watched(database, media, clip, archive):
    archive.save_search("everybody", archive.request())
    ingest(database, media, clip)
    assert due(database) == []
    archive.watch_search("everybody")
    assert found(archive.watched()) == [], "it is watched from now on"
