"""A benchmark as it is asked for: which models, by which protocol, and what is written of it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from surveil.evaluation.output.page import Drawing, Section, write_page
from surveil.evaluation.output.tables import Sections, official_sections, paper_sections
from surveil.evaluation.protocols.market1501 import ANNOTATIONS
from surveil.evaluation.protocols.official import OfficialResult, Progress, evaluate_official
from surveil.evaluation.protocols.paper import PaperResult, evaluate_paper
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel

_TITLES = {"official": "official protocol", "paper": "the paper's protocol"}


@dataclass(frozen=True, slots=True)
class Market1501Request:
    """What to measure on Market-1501.

    Attributes:
        folder: The dataset, as `load_split` takes it.
        protocol: "official", or "paper": that of the paper behind the model.
        model: A shipped model by its name, or weights; None is the default model.
        device: "auto", "cpu" or "cuda".
        reranked: Whether to measure also with re-ranking (official protocol).
        mirrored: Whether to measure also with mirror images (official protocol).
    """

    folder: Path
    protocol: Literal["official", "paper"] = "official"
    model: str | None = None
    device: str = "auto"
    reranked: bool = False
    mirrored: bool = False

    def command(self, model: str, out: Path) -> str:
        """The call of the command line that measures the same again, with nothing left to settings and defaults."""
        words = ["surveil", "evaluate", "market1501", str(self.folder)]
        words += [flag for flag, chosen in (("--rerank", self.reranked), ("--flip", self.mirrored)) if chosen]
        words += ["--protocol", self.protocol, "--model", model, "--device", self.device, "--out", str(out)]
        return shlex.join(words)


@dataclass(frozen=True, slots=True)
class Market1501Benchmark:
    """What was measured.

    Attributes:
        request: What was asked for.
        card: Of the model.
        result: By the protocol that was asked for.
    """

    request: Market1501Request
    card: Card
    result: OfficialResult | PaperResult

    @property
    def figures(self) -> dict[str, object]:
        """All figures, for JSON."""
        return self.result.summary()

    @property
    def notes(self) -> list[str]:
        """What the reader should know that is no figure."""
        if isinstance(self.result, OfficialResult) and self.result.attributes is None:
            return [f"No {ANNOTATIONS} in {self.request.folder}: attributes were not measured."]
        return []

    @property
    def sections(self) -> Sections:
        """The tables under their headings."""
        if isinstance(self.result, PaperResult):
            return paper_sections(self.result)
        return official_sections(self.result)

    def write(self, folder: Path, out: Path) -> None:
        """Write figures, pictures and a page into `folder`; the page tells that they were asked for in `out`."""
        drawings = self._draw()
        write_page(
            folder,
            title=f"{self.card.name} on Market-1501, {_TITLES[self.request.protocol]}",
            sections=[Section(name, tables, drawings.get(name, ())) for name, tables in self.sections.items()],
            cards=[self.card],
            command=self.request.command(self.request.model or self.card.name, out),
            figures=self.figures,
        )

    def _draw(self) -> Mapping[str, Sequence[Drawing]]:
        if isinstance(self.result, PaperResult):
            return {}
        from surveil.evaluation.output.drawings import official_drawings

        return official_drawings(self.result)


def run_market1501(request: Market1501Request, progress: Progress = lambda *_: None) -> Market1501Benchmark:
    """Measure what was asked for.

    Raises:
        CheckpointError: The model cannot be used.
        DatasetError: The dataset cannot be used.
    """
    model = AppearanceModel.load(request.model, device=request.device)
    result: OfficialResult | PaperResult
    if request.protocol == "paper":
        result = evaluate_paper(request.folder, model, progress)
    else:
        result = evaluate_official(
            request.folder, model, progress, mirrored=request.mirrored, reranked=request.reranked
        )
    return Market1501Benchmark(request, model.card, result)
