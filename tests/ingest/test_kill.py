"""Pull the plug: a worker killed at any moment loses nothing and doubles nothing."""

import multiprocessing
import random
import signal

import pytest

from surveil.store.media import MediaFolder
from surveil.store.session import Database
from tests.ingest.made_up import draw_clip, draw_crops, ingest_in_a_process

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.ingest.made_up"])  # a process that has everything imported starts at once


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("footage")
    draw_clip(folder / "gate.mp4", {"red": (1, 5, 60), "blue": (2, 6, -50)}, seconds=7)
    draw_clip(folder / "hall.mp4", {"green": (0, 4, 40)}, seconds=5)
    draw_clip(folder / "yard.mp4", {"blue": (1, 3, 90), "green": (2, 5, -60)}, seconds=6)
    walks = {"red": (1, 24, 10), "blue": (3, 9, -50), "green": (11, 17, 40)}  # somebody is there nearly all the time
    draw_clip(folder / "a_long_one.mp4", walks, seconds=25)
    draw_crops(folder / "crops", 24)
    return folder


class Worker:
    """A process that ingests; `die_at` is the moment at which it is killed, counted as `ingest_in_a_process` says."""

    def __init__(self, database, media, folder, die_at=None, begun=True, at_once=1):
        self.counter = processes.Value("q", 0)
        arguments = (database.url, media.folder, folder, self.counter, die_at, begun, at_once)
        self.process = processes.Process(target=ingest_in_a_process, args=arguments)
        self.process.start()

    def wait(self):
        self.process.join()
        return self.process.exitcode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, folder, contents):
    """What one run makes of the folder, and how many moments it has."""
    place = tmp_path_factory.mktemp("undisturbed")
    with Database.open(f"sqlite:///{place / 'surveil.db'}") as database:
        worker = Worker(database, MediaFolder(place / "media"), folder)
        assert worker.wait() == 0
        return contents(database), set(MediaFolder(place / "media")), worker.counter.value


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 22))])
def test_kills_at_random_moments_change_nothing(database, media, undisturbed, folder, contents, seed):
    expected, pictures, moments = undisturbed
    assert len(expected[1]) == 9 + 21
    chosen = random.Random(seed)
    first = chosen.randint(1, moments)
    second = chosen.randint(1, max(1, moments - first))  # at least so much is left to do
    print(f"killed at {first} and {second} of {moments}")
    for moment in (first, second):
        assert Worker(database, media, folder, moment).wait() == -signal.SIGKILL
    assert Worker(database, media, folder).wait() == 0
    assert contents(database) == expected
    assert len(expected[2]) > 20
    assert set(media) == pictures


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 11))])
def test_kills_with_several_pieces_in_hand_change_nothing(database, media, undisturbed, folder, contents, seed):
    expected, pictures, moments = undisturbed
    chosen = random.Random(seed)
    first = chosen.randint(1, moments * 3 // 4)  # how often footage is asked for depends on how the threads meet
    second = chosen.randint(1, max(1, moments * 3 // 4 - first))
    print(f"killed at {first} and {second} of {moments}")
    for moment in (first, second):
        assert Worker(database, media, folder, moment, at_once=3).wait() == -signal.SIGKILL
    assert Worker(database, media, folder, at_once=3).wait() == 0
    assert contents(database) == expected
    assert set(media) == pictures


@pytest.mark.slow
def test_twenty_kills_inside_one_long_file_change_nothing(database, media, tmp_path, contents):
    walks = {"red": (1, 170, 1.4), "blue": (3, 90, -2.5), "green": (40, 160, 2)}  # somebody is always there
    folder = draw_clip(tmp_path / "footage" / "long.mp4", walks, seconds=180).parent
    with Database.open(f"sqlite:///{tmp_path / 'undisturbed.db'}") as undisturbed:
        undisturbed_media = MediaFolder(tmp_path / "undisturbed")
        whole = Worker(undisturbed, undisturbed_media, folder, begun=False)
        assert whole.wait() == 0
        print(f"{whole.counter.value} moments from the first picture on")
        expected = contents(undisturbed)
    # From the first picture on: a part is stored after two batches at the latest, so that each process gets further
    # than the one before it, and the film has 1,800 such moments, so that no process reaches its end.
    chosen = random.Random(0)
    for kill in range(20):
        worker = Worker(database, media, folder, chosen.randint(45, 95), begun=False)
        assert worker.wait() == -signal.SIGKILL, f"kill {kill}"
    assert Worker(database, media, folder).wait() == 0
    assert contents(database) == expected
    assert set(media) == set(undisturbed_media)


@pytest.mark.parametrize("at_once", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_two_processes_at_once_do_everything_once(database, media, undisturbed, folder, contents, at_once):
    expected, _, moments = undisturbed
    both = [Worker(database, media, folder, at_once=at_once) for _ in range(2)]
    assert [worker.wait() for worker in both] == [0, 0]
    assert contents(database) == expected
    looks = sum(worker.counter.value for worker in both)
    assert looks < 1.8 * moments, "both did all of the work"
