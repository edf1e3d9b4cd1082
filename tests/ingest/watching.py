"""`surveil ingest --watch` as a process of its own, with the made-up networks."""

import multiprocessing
import os
import sys
import time
from pathlib import Path

from surveil.app.models import LoadedModels
from surveil.cli import main
from surveil.model.checkpoint import Card
from tests.ingest.made_up import ColourDetector, ColourModel

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.ingest.watching"])  # a process that has everything imported starts at once
ENVIRONMENT = {
    "SURVEIL_WATCH_SCAN_SECONDS": "0.1",
    "SURVEIL_WATCH_SETTLED_SECONDS": "1.0",
    "SURVEIL_WATCH_HEALTH_SECONDS": "0.3",
}


def watch(arguments: list[str], environment: dict[str, str], pause: float, said: Path) -> None:
    """What the process runs; everything that it prints goes into a file."""
    with said.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ |= ENVIRONMENT | environment
    sys.argv = ["surveil", *arguments]
    LoadedModels.card = Card("colours", "none", (128, 64), sha256="c" * 64)
    LoadedModels.detector = ColourDetector(lambda image: time.sleep(pause))
    LoadedModels.appearance = ColourModel()
    main()


class Watch:
    """A watch that runs; `pause` is how long it looks at each frame."""

    def __init__(self, url: str, folder: Path, said: Path, *options: str, pause: float = 0.0, **environment: str):
        self._said = said
        arguments = ["--database", url, "ingest", "--watch", str(folder), *options]
        self.process = processes.Process(target=watch, args=(arguments, environment, pause, said))
        self.process.start()

    def said(self, *words: str) -> list[str]:
        """The lines so far that hold all of these words."""
        lines = self._said.read_text().splitlines() if self._said.exists() else []
        return [line for line in lines if all(word in line for word in words)]

    def wait_for(self, *words: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.said(*words):
            assert self.process.is_alive(), "\n".join(self.said())
            assert time.monotonic() < deadline, f"never said {words}: {self.said()}"
            time.sleep(0.05)

    def stop(self, number: int) -> int | None:
        """Send a signal; gives the exit code."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)
        self.process.join(60)
        return self.process.exitcode
