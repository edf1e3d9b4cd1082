"""Networks and the memory of a graphics card: where a batch does not fit, halves of it may."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from surveil.errors import FootageReadError
from surveil.ingest.describe import DescribesPeople
from surveil.types import Appearance, Image

T = TypeVar("T")
log = logging.getLogger(__name__)


class Sparing:
    """Runs a network on as many pictures at once as there is memory for, and remembers how many that are.

    Args:
        name: What the network is called in messages.

    Attributes:
        limit: Pictures at once; None: as many as there are.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.limit: int | None = None

    def run(self, network: Callable[[Sequence[Image]], list[T]], pictures: Sequence[Image], path: Path) -> list[T]:
        """The network's answers to some pictures, in parts that fit.

        Args:
            network: Gives one answer for each picture.
            pictures: What it is to see.
            path: The footage that they are of.

        Raises:
            FootageReadError: There is not even memory for one.
        """
        answers: list[T] = []
        while len(answers) < len(pictures):
            left = len(pictures) - len(answers)
            now = left if self.limit is None else min(left, self.limit)
            try:
                answers += network(pictures[len(answers) : len(answers) + now])
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                self._halve(now, path, error)
        return answers

    def _halve(self, tried: int, path: Path, error: Exception) -> None:
        import torch

        if tried == 1:
            raise FootageReadError(
                f"the graphics card has no memory left for one picture ({self.name})",
                path,
                "End what else runs on it, or ingest with --device cpu; the next ingest tries it again.",
            ) from error
        torch.cuda.empty_cache()
        self.limit = min(tried // 2, self.limit or tried)  # threads may learn it at once
        log.warning("the %s ran out of memory with %d pictures at once: from now on %d", self.name, tried, self.limit)


@dataclass(frozen=True, slots=True)
class SparingModel:
    """An appearance model that describes as many crops of some footage at once as there is memory for."""

    model: DescribesPeople
    sparing: Sparing
    path: Path

    def describe(self, crops: Sequence[Image]) -> list[Appearance]:
        """One appearance per crop."""
        return self.sparing.run(self.model.describe, crops, self.path)

    def similarity_of(self, probability: float) -> float | None:
        """As the model says."""
        return self.model.similarity_of(probability)


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Whether it is PyTorch's of a full card: which it cannot be where PyTorch, slow to import, was not needed."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(error, torch.OutOfMemoryError)
