"""Workers with the made-up networks, as Ray opens them in processes of their own."""

import os
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from surveil.ingest import pipeline, worker
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from tests.ingest.made_up import ColourDetector, make_pipeline, make_worker

MIDDLE = 12
"""The picture at which each piece is held: what was seen in the first batch of eight is stored by then."""


@contextmanager
def open_made_up(url: str, media: Path, seen: Path, pace: float, together: int, deadly: bool, stop):
    """A worker that looks at each picture for so many seconds, and dies or fails where somebody green comes into view.

    In the middle of each piece it leaves a file in the folder `seen`, and waits until there are so many in it.
    """
    pipeline.PART_SECONDS, worker.PART_SHARE = 1.0, 1e9  # parts are stored as often as can be
    piece = threading.local()  # each is looked at in a thread of its own

    def look(image) -> None:
        piece.pictures = getattr(piece, "pictures", 0) + 1
        if piece.pictures == MIDDLE:
            (seen / f"{os.getpid()}-{threading.get_native_id()}").touch()
            while len(list(seen.iterdir())) < together:
                time.sleep(0.05)
        if (image[..., 1].astype(int) > image[..., 2].astype(int) + 100).any():
            if not deadly:
                raise ValueError("somebody in green")
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(pace)

    with Database.open(url) as database:
        yield make_worker(database, MediaFolder(media), make_pipeline(ColourDetector(look)), stop=stop)
