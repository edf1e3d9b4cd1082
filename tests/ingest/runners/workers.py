"""Workers with the made-up networks, as Ray opens them in processes of their own."""

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path

from surveil.ingest import pipeline, worker
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from tests.ingest.made_up import ColourDetector, make_pipeline, make_worker


@contextmanager
def open_made_up(url: str, media: Path, seen: Path, pace: float, together: int, deadly: bool, stop):
    """A worker that looks at each picture for so many seconds, and dies or fails where somebody green comes into view.

    When it has stored the first part of a piece it leaves a file in the folder `seen`, and waits until there are so
    many in it.
    """
    pipeline.PART_SECONDS, worker.PART_SHARE = 1.0, 1e9  # parts are stored as often as can be

    def wait() -> None:
        while len(list(seen.iterdir())) < together:
            time.sleep(0.05)

    def progress(source, done) -> None:
        if done:
            (seen / f"{os.getpid()}-{source.path.name}").touch()
            wait()

    def look(image) -> None:
        if (image[..., 1].astype(int) > image[..., 2].astype(int) + 100).any():
            wait()
            if not deadly:
                raise ValueError("somebody in green")
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(pace)

    with Database.open(url) as database:
        pipe = make_pipeline(ColourDetector(look))
        yield make_worker(database, MediaFolder(media), pipe, progress=progress, stop=stop)
