"""A case about a person in the sample footage."""

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import surveil
from surveil.store.cameras import configure_camera
from surveil.store.models import ModelRef
from surveil.store.register import register_footage
from surveil.store.writer import Writer
from surveil.types import Appearance, Crop, FootageReport, Sighting, Source, Track

START = datetime(2026, 9, 14, 8, 16, 10, tzinfo=UTC)
MODEL = ModelRef(
    "made-up model",
    "f" * 64,
    {"limits": "It was made up.", "calibration": {"temperatures": [1] * 12, "slope": 10.0, "intercept": -5.0}},
)


@pytest.fixture
def footage(sample_data, tmp_path) -> Path:
    [clip] = (sample_data / "footage").glob("yard_*.mp4")
    return Path(shutil.copy(clip, tmp_path / "yard <b>1.mp4"))


@pytest.fixture
def archive(database, media, footage):
    """The footage of a camera in Rome whose clock is 3 minutes fast, and two sightings of the same look in it."""
    source = Source(footage, "video", "yard", "path", START, "path", hashlib.sha256(footage.read_bytes()).hexdigest())
    with database.session() as session:
        configure_camera(session, "yard", zone="Europe/Rome", clock_offset=-180.0, create=True)
    number, _ = register_footage(database, source)
    writer = Writer(database, media, MODEL).begin(number)
    look = np.random.default_rng(1).normal(size=544).astype(np.float32)
    for begin in (8.0, 10.0):
        seconds = np.array([begin, begin + 0.5, begin + 1.0])
        boxes = np.array([[100, 100, 160, 260], [110, 100, 170, 260], [120, 100, 180, 260]], np.float32)
        crop = Crop(np.full((160, 60, 3), (20, 30, 200), np.uint8), begin + 0.5, boxes[1], 0.8)
        track = Track(seconds, boxes, np.full(3, 0.9, np.float32), (crop,))
        writer.add(Sighting(track, Appearance(np.full(32, 0.2, np.float32), look / np.linalg.norm(look))))
    writer.finish(FootageReport(footage, "yard", "done", duration=27.44))
    with surveil.open(database.url, media=media.folder) as opened:
        yield opened


@pytest.fixture
def case(archive):
    """An open case with both sightings and a stretch of the footage."""
    archive.cases.new("theft", "maria")
    archive.cases.add_sighting("theft", 1, "maria", note="takes <script>alert(1)</script> the bag")
    archive.cases.add_sighting("theft", 2, "maria")
    archive.cases.add_clip("theft", 1, 0.5, 1.5, "ben")
    return "theft"


@pytest.fixture(autouse=True)
def no_key_of_whoever_runs_the_tests(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
