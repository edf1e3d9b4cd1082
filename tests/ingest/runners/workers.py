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
def open_made_up(url: str, media: Path, seen: Path, pace: float, together: int, stop):
    """A worker that looks at each picture for so many seconds, and leaves in the folder `seen` a file for its process.

    It waits until so many have left one, and dies where somebody green comes into view.
    """
    pipeline.PART_SECONDS, worker.PART_SHARE = 1.0, 1e9  # parts are stored as often as can be

    def look(image) -> None:
        (seen / str(os.getpid())).touch()
        while len(list(seen.iterdir())) < together:
            time.sleep(0.05)
        if (image[..., 1].astype(int) > image[..., 2].astype(int) + 100).any():
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(pace)

    with Database.open(url) as database:
        yield make_worker(database, MediaFolder(media), make_pipeline(ColourDetector(look)), stop=stop)
