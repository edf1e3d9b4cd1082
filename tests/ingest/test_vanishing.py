"""A folder that goes while it is ingested, and a media folder that nobody can write."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from surveil.errors import StoreError
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.store.tables import Footage, SightingRow
from tests.ingest.made_up import ColourDetector, draw_clip, ingest, make_pipeline

SYSTEM = Path("/sys")


@pytest.fixture
def database(tmp_path):
    with Database.open(f"sqlite:///{tmp_path / 'surveil.db'}") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path):
    draw_clip(tmp_path / "in" / "gate.mp4", {"red": (0, 3, 60)}, seconds=4)
    draw_clip(tmp_path / "in" / "hall.mp4", {"blue": (0, 3, -60)}, seconds=4)
    return tmp_path / "in"


def test_a_folder_that_vanishes_fails_its_footage_with_the_reason_and_the_next_run_takes_it(
    database, media, folder, tmp_path
):
    aside = tmp_path / "aside"

    def look(image):
        if folder.exists():
            folder.rename(aside)

    reports = ingest(database, media, folder, pipeline=make_pipeline(ColourDetector(look)))
    assert {report.state for report in reports} == {"failed"}
    for report in reports:
        assert str(folder) in report.error
        assert "No such file or directory" in report.error or "does not exist" in report.error
        assert "try" in report.error or "tried again" in report.error
    aside.rename(folder)
    assert sorted(report.state for report in ingest(database, media, folder)) == ["done", "done"]
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(SightingRow)) == 2


@pytest.mark.skipif(not SYSTEM.is_dir(), reason="this system has no folder that nobody can write to")
def test_a_media_folder_that_cannot_be_written_ends_the_run_with_what_to_do_and_nothing_half_stored(
    database, media, folder
):
    with pytest.raises(StoreError, match="Check that the media folder is writable") as raised:
        ingest(database, MediaFolder(SYSTEM / "surveil-media"), folder)
    assert str(SYSTEM) in str(raised.value)
    with database.session() as session:
        states = session.execute(select(Footage.state, Footage.lease_owner, Footage.attempts)).all()
        assert all(tuple(state) == ("waiting", None, 0) for state in states)
        assert session.scalar(select(func.count()).select_from(SightingRow)) == 0
    assert {report.state for report in ingest(database, media, folder)} == {"done"}
