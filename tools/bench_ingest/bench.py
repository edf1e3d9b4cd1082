"""What every part of the benchmark shares: loaded networks, empty archives, clocks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import surveil
from surveil.model.embed import AppearanceModel
from surveil.people.detect import PersonDetector
from surveil.settings import Settings
from surveil.types import FootageReport

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Taken:
    """What something took: seconds by the clock, and of processor time, all threads of the process together."""

    clock: float
    cpu: float

    @staticmethod
    def least(one: Taken | None, other: Taken) -> Taken:
        """The lesser of both, each by itself: whatever else the machine does only ever adds to them."""
        return other if one is None else Taken(min(one.clock, other.clock), min(one.cpu, other.cpu))


def timed(action: Callable[[], T]) -> tuple[T, Taken]:
    """What an action returns, and what it took."""
    clock, cpu = time.perf_counter(), time.process_time()
    result = action()
    return result, Taken(time.perf_counter() - clock, time.process_time() - cpu)


class Bench:
    """The networks, loaded once, and archives that are empty and use them.

    Args:
        device: "auto", "cpu" or "cuda".
    """

    def __init__(self, device: str) -> None:
        self.settings = Settings(device=device)  # type: ignore[arg-type]  # a name that is none is told by pydantic

    @cached_property
    def detector(self) -> PersonDetector:
        """The person detector that ships."""
        return PersonDetector.from_settings(self.settings)

    @cached_property
    def model(self) -> AppearanceModel:
        """The default appearance model."""
        return AppearanceModel.load(device=self.settings.device)

    @contextmanager
    def archive(self, **settings: Any) -> Iterator[surveil.Archive]:
        """An archive in a folder that goes afterwards."""
        with tempfile.TemporaryDirectory(prefix="surveil-bench-ingest-") as folder:
            url = f"sqlite:///{Path(folder) / 'surveil.db'}"
            with surveil.open(url, device=self.settings.device, **settings) as archive:
                archive.models.__dict__.update(detector=self.detector, appearance=self.model)
                yield archive

    def ingest(self, paths: list[Path], **settings: Any) -> tuple[list[FootageReport], Taken]:
        """The reports of files, ingested into an archive of their own, and what that took with everything loaded.

        Raises:
            AssertionError: One was not ingested.
        """
        with self.archive(**settings) as archive:
            _ = archive.database  # it is made
            reports, taken = timed(lambda: list(archive.ingest(paths)))
        for report in reports:
            if report.state != "done":
                raise AssertionError(f"{report.path}: {report.state}: {report.error}")
        return reports, taken
