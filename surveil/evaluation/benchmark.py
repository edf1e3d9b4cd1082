"""A benchmark as it is asked for: which models, by which protocol, and what is written of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from surveil.errors import SurveilError
from surveil.evaluation.output.page import Drawing, Section, write_page
from surveil.evaluation.output.tables import (
    Sections,
    Standing,
    official_sections,
    paper_sections,
    speed_table,
    standings_table,
)
from surveil.evaluation.peers import Peer, PeerResult, evaluate_peer, is_peer
from surveil.evaluation.protocols.market1501 import ANNOTATIONS, load_split
from surveil.evaluation.protocols.official import (
    JOINED,
    MIRRORED,
    RERANKED,
    OfficialResult,
    Progress,
    evaluate_official,
)
from surveil.evaluation.protocols.paper import PaperResult, evaluate_paper
from surveil.evaluation.speed import THREADS, Speed, measure_speeds
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel
from surveil.runtimes import RuntimeName
from surveil.types import Floats, Image

_TITLES = {"official": "official protocol", "paper": "the paper's protocol"}
_SPEED_CROPS = 512
_STANDINGS = "Models side by side"
RUNTIMES = {"torch": "PyTorch", "openvino": "OpenVINO", "openvino-int8": "OpenVINO, 8 bits"}
"""What runs our models, as the tables call it."""

Result = OfficialResult | PaperResult | PeerResult


@dataclass(frozen=True, slots=True)
class Market1501Request:
    """What to measure on Market-1501.

    Attributes:
        folder: The dataset, as `load_split` takes it.
        protocol: "official", or "paper": that of the paper behind the model, for one model of ours.
        models: Of each: a shipped model by its name, weights, or a peer (FILE.onnx or FILE.xml); None is the default.
        device: "auto", "cpu" or "cuda"; peers run on the CPU.
        runtime: What runs our models: a name of `surveil.runtimes.RuntimeName`.
        peer_input: What the peers expect of their pictures: a key of `surveil.evaluation.peers.INPUTS`.
        reranked: Whether to measure also with re-ranking (official protocol).
        mirrored: Whether to measure also with mirror images (official protocol).
        speed: Whether to measure also how many crops a second the models describe, in turns, on `THREADS` threads.
    """

    folder: Path
    protocol: Literal["official", "paper"] = "official"
    models: tuple[str | None, ...] = (None,)
    device: str = "auto"
    runtime: RuntimeName = "auto"
    peer_input: str = "bgr255"
    reranked: bool = False
    mirrored: bool = False
    speed: bool = False

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            SurveilError: It says what.
        """
        if self.speed and self.device.startswith("cuda"):
            raise SurveilError("speed is compared on the CPU", self.device, "Give --device cpu.")
        if self.protocol == "official":
            return
        if self.reranked or self.mirrored or self.speed:
            raise SurveilError("re-ranking, mirror images and speed belong to the official protocol")
        if len(self.models) > 1 or is_peer(self.models[0]):
            raise SurveilError("the paper's protocol takes one model, and no peer")

    def command(self, names: Sequence[str], out: Path) -> str:
        """The call of the command line that measures the same again, with nothing left to settings and defaults."""
        flags = {"--rerank": self.reranked, "--flip": self.mirrored, "--speed": self.speed}
        words = ["surveil", "evaluate", "market1501", str(self.folder), *(flag for flag in flags if flags[flag])]
        words += ["--protocol", self.protocol]
        for model, name in zip(self.models, names, strict=True):
            words += ["--model", model or name]
        if any(map(is_peer, self.models)):
            words += ["--peer-input", self.peer_input]
        return shlex.join([*words, "--device", self.device, "--runtime", self.runtime, "--out", str(out)])


@dataclass(frozen=True, slots=True)
class Market1501Benchmark:
    """What was measured.

    Attributes:
        request: What was asked for.
        results: One per model, in the order they were given.
        speeds: The same, where it was asked for.
    """

    request: Market1501Request
    results: tuple[Result, ...]
    speeds: tuple[Speed, ...] = ()

    @property
    def cards(self) -> list[Card]:
        """Of our models; peers have none."""
        return [result.card for result in self.results if not isinstance(result, PeerResult)]

    @property
    def figures(self) -> dict[str, object]:
        """All figures, for JSON: those of the first model, and of several also each one's under "models"."""
        summaries = [result.summary() for result in self.results]
        figures = dict(summaries[0])
        if len(summaries) > 1:
            figures["models"] = summaries
        if self.speeds:
            figures["speed"] = [speed.summary() for speed in self.speeds]
        return figures

    @property
    def notes(self) -> list[str]:
        """What the reader should know that is no figure."""
        if any(isinstance(result, OfficialResult) and result.attributes is None for result in self.results):
            return [f"No {ANNOTATIONS} in {self.request.folder}: attributes were not measured."]
        return []

    @property
    def sections(self) -> Sections:
        """The tables under their headings: first how the models stand, then each of ours in full."""
        sections: Sections = {}
        standings = [_standing(result) for result in self.results if not isinstance(result, PaperResult)]
        if len(standings) > 1 or not self.cards or self.speeds:
            tables = [standings_table(standings)] if standings else []
            sections[_STANDINGS] = (*tables, *([speed_table(self.speeds)] if self.speeds else []))
        for result in self.results:
            if not isinstance(result, PeerResult):
                own = paper_sections(result) if isinstance(result, PaperResult) else official_sections(result)
                sections.update({self._heading(result, name): tables for name, tables in own.items()})
        return sections

    def write(self, folder: Path, out: Path) -> None:
        """Write figures, pictures and a page into `folder`; the page tells that they were asked for in `out`."""
        from surveil.evaluation.output.plots import plain_style

        names = [_name(result) for result in self.results]
        with plain_style():
            drawings = self._drawings()
            write_page(
                folder,
                title=f"{', '.join(names)} on Market-1501, {_TITLES[self.request.protocol]}",
                sections=[Section(name, tables, drawings.get(name, ())) for name, tables in self.sections.items()],
                cards=self.cards,
                command=self.request.command(names, out),
                figures=self.figures,
            )

    def _drawings(self) -> dict[str, Sequence[Drawing]]:
        """The pictures of every section that has some."""
        drawings: dict[str, Sequence[Drawing]] = {}
        for result in self.results:
            if isinstance(result, OfficialResult):
                drawings.update({self._heading(result, name): own for name, own in self._draw(result).items()})
        return drawings

    def _heading(self, result: OfficialResult | PaperResult, section: str) -> str:
        return section if len(self.cards) == 1 else f"{result.card.name}: {section}"

    def _draw(self, result: OfficialResult) -> Mapping[str, Sequence[Drawing]]:
        from surveil.evaluation.output.drawings import official_drawings

        return official_drawings(result, "" if len(self.cards) == 1 else f"{result.card.name}-")


def run_market1501(request: Market1501Request, progress: Progress = lambda *_: None) -> Market1501Benchmark:
    """Measure what was asked for.

    Raises:
        CheckpointError: A model cannot be used.
        DatasetError: The dataset cannot be used.
        SurveilError: What was asked for does not go together, or a runtime is not installed.
    """
    request.check()
    threads = THREADS if request.speed else None
    models = [_load(model, request, threads) for model in request.models]
    names = [_model_name(model) for model in models]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SurveilError(f"two models are called {', '.join(sorted(twice))}", next_step="Give each once.")
    results: list[Result] = []
    for model in models:
        told = partial(_named, progress, f"{_model_name(model)}, ") if len(models) > 1 else progress
        results.append(_measure(model, request, told))
    return Market1501Benchmark(request, tuple(results), tuple(_speeds(models, request.folder)) if request.speed else ())


def _load(model: str | None, request: Market1501Request, threads: int | None) -> AppearanceModel | Peer:
    if model is not None and is_peer(model):
        return Peer.load(Path(model), request.peer_input, threads)
    if threads is None:
        return AppearanceModel.load(model, device=request.device, runtime=request.runtime)
    import torch

    torch.set_num_threads(threads)
    return AppearanceModel.load(model, device="cpu", runtime=request.runtime)


def _measure(model: AppearanceModel | Peer, request: Market1501Request, progress: Progress) -> Result:
    if isinstance(model, Peer):
        return evaluate_peer(request.folder, model, progress, mirrored=request.mirrored, reranked=request.reranked)
    if request.protocol == "paper":
        return evaluate_paper(request.folder, model, progress)
    return evaluate_official(request.folder, model, progress, mirrored=request.mirrored, reranked=request.reranked)


def _speeds(models: Sequence[AppearanceModel | Peer], folder: Path) -> list[Speed]:
    """Of each model, on crops spread evenly over the queries."""
    queries = load_split(folder, "query")
    some = queries.select(np.linspace(0, len(queries) - 1, min(_SPEED_CROPS, len(queries))).astype(int))
    describers = {_model_name(model): _describer(model) for model in models}
    return measure_speeds(describers, list(some.decode(slice(None))))


def _describer(model: AppearanceModel | Peer) -> Callable[[Sequence[Image]], Floats]:
    if isinstance(model, Peer):
        return model.vectors
    return lambda crops: model.embeddings(*model.parts(crops))


def _standing(result: OfficialResult | PeerResult) -> Standing:
    if isinstance(result, PeerResult):
        return Standing(result.name, result.runtime, result.input_size, result.reid)
    own = {name: result.reid[name] for name in (JOINED, MIRRORED, RERANKED) if name in result.reid}
    return Standing(result.card.name, RUNTIMES[result.runtime], result.card.input_size, own)


def _name(result: Result) -> str:
    return result.name if isinstance(result, PeerResult) else result.card.name


def _model_name(model: AppearanceModel | Peer) -> str:
    return model.name if isinstance(model, Peer) else model.card.name


def _named(progress: Progress, prefix: str, name: str, done: int, total: int) -> None:
    progress(prefix + name, done, total)
