import dataclasses
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from surveil.store.register import MAX_ATTEMPTS, register_footage, take_over_source
from surveil.store.tables import Camera, Footage

REGISTER = """
from datetime import UTC, datetime
from pathlib import Path
from surveil.store.register import register_footage
from surveil.store.session import Database
from surveil.types import Source
with Database.open(url) as database:
    together.wait()
    for number in range(40):
        source = Source(Path(f"/{name}/{number}.mp4"), "video", f"camera {number % 3}", "path",
                        datetime(2024, 1, 1, tzinfo=UTC), "path", f"{number:064x}")
        answers.put((name, *register_footage(database, source)))
"""


def rows(database):
    with database.session() as session:
        return session.scalars(select(Footage).order_by(Footage.id)).all()


def stored_source(database):
    with database.session() as session:
        return session.execute(select(Camera.name, Footage.started_at).join(Footage.camera)).one()


def test_new_footage_waits(database, source):
    footage_id, state = register_footage(database, source())
    [row] = rows(database)
    assert (row.id, state, row.state) == (footage_id, "waiting", "waiting")
    assert (row.path, row.camera_from, row.attempts) == ("/footage/yard.mp4", "path", 0)


def test_the_same_content_is_there_once_whatever_its_name(database, source):
    first = register_footage(database, source("same"))
    second = register_footage(database, source("same", path=Path("/elsewhere/copy.avi"), camera="gate"))
    other = register_footage(database, source("other"))
    assert first == second
    assert other[0] != first[0]
    assert len(rows(database)) == 2


def test_footage_still_to_be_done_takes_over_what_is_said_now(database, source):
    register_footage(database, source(camera="a wrong guess"))
    register_footage(database, source(camera="gate", path=Path("/moved.mp4")))
    with database.session() as session:
        [(path, camera)] = session.execute(select(Footage.path, Camera.name).join(Footage.camera))
    assert (path, camera) == ("/moved.mp4", "gate")


@pytest.mark.parametrize("state", ["working", "done"])
def test_footage_in_work_or_done_keeps_its_camera_and_follows_its_file(database, source, tmp_path, state):
    old, new = tmp_path / "old.mp4", tmp_path / "new.mp4"
    old.touch()
    register_footage(database, source(path=old))
    with database.session() as session:
        session.execute(update(Footage).values(state=state))
    assert register_footage(database, source(path=new, camera="gate"))[1] == state
    assert [row.path for row in rows(database)] == [str(old)]
    old.rename(new)
    register_footage(database, source(path=new, camera="gate"))
    with database.session() as session:
        [(path, camera)] = session.execute(select(Footage.path, Camera.name).join(Footage.camera))
    assert (path, camera) == (str(new), "yard")


def test_two_processes_at_once_make_one_row_each(database, elsewhere):
    context = multiprocessing.get_context("forkserver")
    together, answers = context.Barrier(2), context.Queue()
    for name in "ab":
        elsewhere(REGISTER, url=database.url, name=name, together=together, answers=answers)
    given = [answers.get(timeout=120) for _ in range(80)]
    of_a, of_b = ([answer[1:] for answer in given if answer[0] == name] for name in "ab")
    assert of_a == of_b
    assert [row.id for row in rows(database)] == sorted(footage_id for footage_id, _ in of_a)
    with database.session() as session:
        assert len(session.scalars(select(Camera)).all()) == 3


@pytest.fixture
def claimed(database, source):
    """A piece of footage that a worker has in hand; gives its number."""
    number, _ = register_footage(database, source(camera="a wrong guess"))
    with database.session() as session:
        session.execute(update(Footage).values(state="working", lease_owner="worker 1"))
    return number


def test_whoever_takes_footage_over_goes_by_what_is_said_now(database, source, claimed):
    said = source(camera="gate", path=Path("/moved.mp4"))
    assert take_over_source(database, claimed, "worker 1", said) == said
    [row] = rows(database)
    assert (row.path, row.state, row.lease_owner) == ("/moved.mp4", "working", "worker 1")
    assert stored_source(database) == ("gate", said.started_at)


def test_what_an_operator_corrected_goes_before_what_a_path_says(database, source, claimed):
    corrected = datetime(2020, 5, 1, 6, tzinfo=UTC)
    with database.session() as session:
        session.execute(update(Footage).values(started_at=corrected, started_from="flag"))
    taken = take_over_source(database, claimed, "worker 1", source(camera="gate"))
    assert (taken.camera, taken.started_at) == stored_source(database) == ("gate", corrected)
    by_flag = dataclasses.replace(source(camera="yard"), camera_from="flag", started_from="flag")
    taken = take_over_source(database, claimed, "worker 1", by_flag)
    assert (taken.camera, taken.started_at) == stored_source(database) == ("yard", by_flag.started_at)
    taken = take_over_source(database, claimed, "worker 1", source(camera="another guess"))
    assert (taken.camera, taken.started_at) == stored_source(database) == ("yard", by_flag.started_at)


def test_footage_of_another_worker_is_left_alone(database, source, claimed):
    said = source(camera="gate", path=Path("/moved.mp4"))
    assert take_over_source(database, claimed, "worker 2", said) == said
    assert [row.path for row in rows(database)] == ["/footage/yard.mp4"]


@pytest.mark.parametrize(
    ("state", "attempts", "again", "now"),
    [
        ("failed", MAX_ATTEMPTS - 1, False, "waiting"),
        ("failed", MAX_ATTEMPTS, False, "failed"),
        ("failed", MAX_ATTEMPTS, True, "waiting"),
        ("done", 1, False, "done"),
        ("done", 1, True, "waiting"),
        ("working", 1, True, "working"),
    ],
)
def test_what_waits_again_when_it_is_given_once_more(database, source, state, attempts, again, now):
    register_footage(database, source())
    with database.session() as session:
        session.execute(update(Footage).values(state=state, attempts=attempts, error="why", progress=1.0))
    assert register_footage(database, source(), again=again)[1] == now
    [row] = rows(database)
    assert (row.state, row.error) == (now, None if now == "waiting" else "why")
    assert row.attempts == (0 if again and now == "waiting" else attempts)
    assert row.progress == (0.0 if (state, now) == ("done", "waiting") else 1.0)
