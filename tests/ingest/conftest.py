from pathlib import Path

import pytest
from sqlalchemy import select

from surveil.attributes import OUTPUT_NAMES
from surveil.store.tables import CropRow, Description, Embedding, Footage, SightingRow
from tests.ingest.made_up import draw_clip


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """Eight seconds: red walks to the right from 1 s to 5 s, blue to the left from 3 s to 7 s."""
    path = tmp_path_factory.mktemp("clips") / "yard_2026-09-14_08-00-00.mp4"
    return draw_clip(path, {"red": (1, 5, 60), "blue": (3, 7, -50)}, seconds=8)


def read_contents(database):
    """All that a database holds of footage and sightings, without the numbers of rows and who worked on it."""
    columns = [getattr(SightingRow, name) for name in ("first_seen", "last_seen", "boxes", "quality")]
    columns += [getattr(Description, name) for name in OUTPUT_NAMES]
    with database.session() as session:
        footage = session.execute(select(Footage.path, Footage.state, Footage.frames, Footage.lease_owner))
        sightings = select(Footage.path, *columns, Embedding.vector).select_from(SightingRow)
        sightings = sightings.join(Footage).join(Description).join(Embedding)
        crops = select(SightingRow.first_seen, CropRow.rank, CropRow.taken_at, CropRow.quality, CropRow.media_key).join(
            SightingRow
        )
        return (
            sorted(map(str, footage)),
            sorted([*map(str, row[:-1]), row[-1].tobytes()] for row in session.execute(sightings)),
            sorted(map(str, session.execute(crops))),
        )


@pytest.fixture(scope="session")
def contents():
    return read_contents
