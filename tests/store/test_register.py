import multiprocessing
from pathlib import Path

import pytest
from sqlalchemy import select, update

from surveil.store.register import register_footage
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
