"""What hangs, and what does not fit into memory: given up and reported, and the rest goes on."""

import os
import threading
import time

import pytest
import torch

from surveil.footage.container import _WatchedFile
from surveil.footage.origin import OriginRules
from surveil.ingest.scan import Scan
from surveil.patience import HangsError, run_with_patience
from surveil.store.session import Database
from tests.ingest.made_up import ColourDetector, ColourModel, draw_clip, ingest, make_pipeline, make_worker


@pytest.fixture
def database(tmp_path):
    with Database.open(f"sqlite:///{tmp_path / 'surveil.db'}") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path):
    walks = {"red": (1, 4, 60), "blue": (2, 4, -50)}
    draw_clip(tmp_path / "in" / "a_hangs.mp4", walks, seconds=6)
    draw_clip(tmp_path / "in" / "b_good.mp4", {"green": (1, 4, 40)}, seconds=5)
    return tmp_path / "in"


def in_time(action, seconds=60):
    """What an action returns, if it ends at all."""
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(action()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert outcome, "it hangs"
    return outcome[0]


def hang_in(thread, monkeypatch, name):
    """Reading a file of this name never returns in that thread, as on a disk that does not answer."""
    read, forever = _WatchedFile.read, threading.Event()

    def stuck(self, size):
        if threading.current_thread().name == thread and name in self.name:
            forever.wait()
        return read(self, size)

    monkeypatch.setattr(_WatchedFile, "read", stuck)
    monkeypatch.setattr("surveil.footage.container.BUFFER_BYTES", 1024)  # else a short file is read as it is opened
    return forever


def test_pipes_that_nobody_writes_to_hold_nothing_up(database, media, folder):
    for name in ("pipe.mp4", "pipe", "0002_c1s1_000451_03.jpg", "picture.jpg"):
        os.mkfifo(folder / name)
    reports = in_time(lambda: ingest(database, media, folder))
    told = {report.path.name: (report.state, report.error) for report in reports}
    assert told["a_hangs.mp4"] == told["b_good.mp4"] == ("done", None)
    assert told["pipe.mp4"][0] == "failed"
    assert told["pipe.mp4"][1].endswith("pipe.mp4: not a file")
    [report] = in_time(lambda: ingest(database, media, folder / "pipe"))
    assert "not a file" in report.error


def test_a_file_that_becomes_a_pipe_after_it_was_found_is_not_waited_for(database, media, folder):
    found = list(Scan(database, OriginRules.of()).run([folder / "a_hangs.mp4"]))
    (folder / "a_hangs.mp4").unlink()
    os.mkfifo(folder / "a_hangs.mp4")
    [report] = in_time(lambda: list(make_worker(database, media).ingest(found)))
    assert report.state == "failed"


def test_decoding_that_hangs_is_given_up_and_the_next_file_is_ingested(database, media, folder, monkeypatch, contents):
    forever = hang_in("prefetch", monkeypatch, "a_hangs")
    pipeline = make_pipeline(patience_seconds=1.0)
    hung, good = in_time(lambda: ingest(database, media, folder, pipeline=pipeline))
    assert hung.state == "failed"
    assert "a_hangs.mp4: decoding hangs" in hung.error
    assert "longer than 1 s for one frame" in hung.error
    assert (good.state, good.sightings) == ("done", 1)
    monkeypatch.undo()
    forever.set()
    assert {report.path.name: report.state for report in ingest(database, media, folder)} == {
        "a_hangs.mp4": "done",
        "b_good.mp4": "known",
    }
    assert len(contents(database)[1]) == 3


def test_a_file_that_cannot_even_be_looked_at_does_not_hold_up_the_scan(database, media, folder, monkeypatch):
    forever = hang_in("patience", monkeypatch, "a_hangs")
    scan = Scan(database, OriginRules.of(), patience=1.0)
    reports = in_time(lambda: list(make_worker(database, media).ingest(scan.run([folder]))))
    forever.set()
    told = {report.path.name: report for report in reports}
    assert "nothing could be read of it for 1 s" in told["a_hangs.mp4"].error
    assert told["b_good.mp4"].state == "done"


def test_work_that_gets_on_slowly_is_waited_for_however_long_it_takes():
    def slow(beat):
        for _ in range(8):
            time.sleep(0.1)
            beat()
        return "done"

    assert run_with_patience(slow, 0.4) == "done"
    with pytest.raises(HangsError, match=r"0\.2 s"):
        run_with_patience(lambda _: time.sleep(5), 0.2)
    with pytest.raises(KeyError):
        run_with_patience(lambda _: {}["nothing"], 5)


def too_large(most):
    def check(pictures):
        if len(pictures) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    return check


class SmallCard:
    """A graphics card with room for so many frames, or so many crops, at once; counts its calls."""

    def __init__(self, frames, crops):
        self.frames, self.crops, self.refused = too_large(frames), too_large(crops), 0

    def detector(self):
        return _Refusing(ColourDetector(), "detect", self.frames)

    def model(self):
        return _Refusing(ColourModel(), "describe", self.crops)


class _Refusing:
    def __init__(self, network, name, check):
        self.batches: list[int] = []

        def call(pictures):
            self.batches.append(len(pictures))
            check(pictures)
            return getattr(network, name)(pictures)

        setattr(self, name, call)

    def similarity_of(self, probability):
        return 0.55


def test_where_a_batch_does_not_fit_its_halves_do_with_the_same_result(database, media, folder, contents, tmp_path):
    with Database.open(f"sqlite:///{tmp_path / 'roomy.db'}") as roomy:
        ingest(roomy, media, folder)
        expected = contents(roomy)
    card = SmallCard(frames=3, crops=5)
    detector, model = card.detector(), card.model()
    reports = ingest(database, media, folder, pipeline=make_pipeline(detector, model))
    assert [report.state for report in reports] == ["done", "done"]
    assert contents(database) == expected
    assert [size for size in detector.batches if size > 3] == [8, 4], "it remembers what fits"
    assert max(detector.batches[2:]) == 2
    assert max(model.batches[-3:]) <= 5


def test_footage_of_which_not_even_one_picture_fits_fails_and_says_why(database, media, folder):
    card = SmallCard(frames=0, crops=100)
    reports = ingest(database, media, folder, pipeline=make_pipeline(card.detector()))
    assert [report.state for report in reports] == ["failed", "failed"]
    for report in reports:
        assert str(report.path) in report.error
        assert "no memory left for one picture (person detector)" in report.error
        assert "--device cpu" in report.error
