"""Other people's networks that map crops to vectors, as ONNX or OpenVINO files, measured beside our models as peers."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from surveil.errors import CheckpointError, SurveilError
from surveil.evaluation.metrics.reid import ReIDResult
from surveil.evaluation.protocols.market1501 import Split
from surveil.evaluation.protocols.official import Progress, counter, in_blocks, load_test, mirror, rank
from surveil.model.checkpoint import IMAGENET_MEAN, IMAGENET_STD
from surveil.model.embed import l2_normalize, resize
from surveil.offline import import_openvino
from surveil.reranking import reranked_similarities
from surveil.types import Floats, Image

BATCH_SIZE = 32
PLAIN, MIRRORED, RERANKED = "cosine", "cosine, with mirror images", "cosine, re-ranked"
"""What ranks the gallery; the first is the headline."""


def _bgr255(images: Floats) -> Floats:
    return images


def _rgb1(images: Floats) -> Floats:
    return images[..., ::-1] / np.float32(255)


def _rgb_imagenet(images: Floats) -> Floats:
    mean, deviation = (np.asarray(values, np.float32) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return (_rgb1(images) - mean) / deviation


INPUTS: dict[str, Callable[[Floats], Floats]] = {"bgr255": _bgr255, "rgb-imagenet": _rgb_imagenet, "rgb1": _rgb1}
"""What a peer expects of its pictures, from (N, H, W, 3) BGR, 0 to 255: just that (as Intel's Open Model Zoo), RGB
normalised by ImageNet's mean and deviation (as most of the field), or RGB from 0 to 1."""


def is_peer(model: str | Path | None) -> bool:
    """Whether a name is a file of another runtime."""
    return model is not None and Path(model).suffix in _RUNTIMES


class Peer(ABC):
    """A network from a file, with one input (N, 3, H, W) and one output (N, D).

    Attributes:
        name: The file's name without its suffix.
        sha256: Of the file, and of the weights that lie beside it.
        runtime: What runs it.
        input_size: (height, width) of a crop, as the graph says.
    """

    runtime: str
    input_size: tuple[int, int]

    def __init__(self, file: Path, pictures: str) -> None:
        self.name = file.stem
        self._file = file
        self._prepare = INPUTS[pictures]
        weights = [file.with_suffix(".bin")] if file.suffix == ".xml" else []
        try:
            self.sha256 = hashlib.sha256(b"".join(path.read_bytes() for path in (file, *weights))).hexdigest()
        except OSError as error:
            raise CheckpointError(f"cannot be read ({error.strerror})", error.filename) from error

    @staticmethod
    def load(file: Path, pictures: str, threads: int | None = None) -> Peer:
        """Read a network.

        Args:
            file: FILE.onnx, or FILE.xml with FILE.bin beside it.
            pictures: What it expects of its pictures: a key of `INPUTS`.
            threads: How many threads may run it; None: as many as there are cores.

        Raises:
            CheckpointError: The file is no such network.
            SurveilError: The runtime is not installed.
        """
        return _RUNTIMES[file.suffix](file, pictures, threads)

    def vectors(self, crops: Sequence[Image]) -> Floats:
        """(N, D) vectors of uint8 BGR crops of any size, as the network gives them."""
        resized = np.stack([resize(crop, *self.input_size) for crop in crops]).astype(np.float32)
        images = np.ascontiguousarray(self._prepare(resized).transpose(0, 3, 1, 2))
        vectors = self._run(images)
        if vectors.ndim != 2 or len(vectors) != len(crops):
            raise CheckpointError(
                f"expected one vector per crop, of {len(crops)} crops it made {vectors.shape}", self._file
            )
        return vectors

    @abstractmethod
    def _run(self, images: Floats) -> Floats:
        """(N, 3, H, W) pictures, prepared, to (N, D) vectors."""

    def _size(self, shape: Sequence[Any]) -> tuple[int, int]:
        """Height and width of an input (N, 3, H, W).

        Raises:
            CheckpointError: The input is another.
        """
        if len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) for side in shape[2:]):
            shown = ", ".join(map(str, shape))
            raise CheckpointError(
                f"expected an input of (N, 3, height, width), height and width fixed; found ({shown})", self._file
            )
        return shape[2], shape[3]

    def _only(self, what: str, names: Sequence[str]) -> str:
        if len(names) != 1:
            raise CheckpointError(f"expected one {what}, found {len(names)}: {', '.join(names)}", self._file)
        return names[0]


class _OnnxPeer(Peer):
    runtime = "ONNX Runtime"

    def __init__(self, file: Path, pictures: str, threads: int | None) -> None:
        super().__init__(file, pictures)
        try:
            import onnxruntime  # type: ignore[import-untyped]
        except ImportError as error:
            raise SurveilError(
                f"ONNX Runtime is not installed ({error})", file, "pip install 'surveil[onnx]'"
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        try:
            self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own classes have no other base
            raise CheckpointError(f"not an ONNX network ({error})", file) from error
        self._only("output", [output.name for output in self._session.get_outputs()])
        self._input = self._only("input", [given.name for given in self._session.get_inputs()])
        shape = self._session.get_inputs()[0].shape
        self.input_size = self._size(shape)
        self._batch = shape[0] if isinstance(shape[0], int) else BATCH_SIZE

    def _run(self, images: Floats) -> Floats:
        batches = [
            self._session.run(None, {self._input: _filled(images[start : start + self._batch], self._batch)})[0]
            for start in range(0, len(images), self._batch)
        ]
        return np.concatenate(batches)[: len(images)]


class _OpenVinoPeer(Peer):
    runtime = "OpenVINO"

    def __init__(self, file: Path, pictures: str, threads: int | None) -> None:
        super().__init__(file, pictures)
        openvino = import_openvino(file)
        core = openvino.Core()
        try:
            network = core.read_model(file)
        except RuntimeError as error:
            raise CheckpointError(f"not an OpenVINO network ({error})", file) from error
        self._only("output", [output.any_name for output in network.outputs])
        self._only("input", [given.any_name for given in network.inputs])
        shape = network.input().partial_shape
        self.input_size = self._size([side.get_length() if side.is_static else "?" for side in shape])
        network.reshape([1, 3, *self.input_size])  # as our own models: each core with one picture at a time
        settings: dict[str, Any] = {"PERFORMANCE_HINT": "THROUGHPUT"}
        if threads is not None:
            settings["INFERENCE_NUM_THREADS"] = threads
        self._queue = openvino.AsyncInferQueue(core.compile_model(network, "CPU", settings))

    def _run(self, images: Floats) -> Floats:
        found: dict[int, Floats] = {}

        def keep(request: Any, number: int) -> None:
            found[number] = request.get_output_tensor().data.copy()

        self._queue.set_callback(keep)
        for number in range(len(images)):
            self._queue.start_async({0: images[number : number + 1]}, number)
        self._queue.wait_all()
        return np.concatenate([found[number] for number in range(len(images))])


_RUNTIMES: dict[str, Callable[[Path, str, int | None], Peer]] = {".onnx": _OnnxPeer, ".xml": _OpenVinoPeer}


def _filled(images: Floats, batch: int) -> Floats:
    """A batch of the size that the graph asks for."""
    return np.concatenate([images, np.zeros((batch - len(images), *images.shape[1:]), np.float32)])


@dataclass(frozen=True, slots=True, eq=False)
class PeerResult:
    """What a peer reaches.

    Attributes:
        name: Of the peer.
        sha256: Of its file.
        runtime: What ran it.
        input_size: (height, width).
        dimensions: Length of its vectors.
        reid: Figures by what ranked the gallery; `PLAIN` is the headline.
    """

    name: str
    sha256: str
    runtime: str
    input_size: tuple[int, int]
    dimensions: int
    reid: dict[str, ReIDResult]

    def summary(self) -> dict[str, object]:
        """For JSON: figures from 0 to 1."""
        parts = {name: result.summary() for name, result in self.reid.items()}
        return {
            "protocol": "official",
            "model": self.name,
            "model_sha256": self.sha256,
            "runtime": self.runtime,
            "input_size": list(self.input_size),
            "dimensions": self.dimensions,
            "reid": {**parts[PLAIN], "parts": parts},
            "attributes": None,
        }


def evaluate_peer(
    folder: Path, peer: Peer, progress: Progress = lambda *_: None, *, mirrored: bool = False, reranked: bool = False
) -> PeerResult:
    """Rank the gallery of Market-1501 by a peer's vectors, by cosine; arguments as of `evaluate_official`.

    Raises:
        CheckpointError: The network does not make one vector of each crop.
        DatasetError: The folder's layout or pictures are not the dataset's.
    """
    query, gallery = load_test(folder)
    queries, images = (
        _describe(peer, split, counter(progress, name, split), mirrored=mirrored)
        for name, split in (("query", query), ("gallery", gallery))
    )
    reid = {name: rank(query, gallery, queries[name] @ images[name].T) for name in queries}
    if reranked:
        reid[RERANKED] = rank(query, gallery, reranked_similarities(queries[PLAIN], images[PLAIN]))
    return PeerResult(peer.name, peer.sha256, peer.runtime, peer.input_size, images[PLAIN].shape[1], reid)


def _describe(peer: Peer, split: Split, progress: Callable[[int], None], *, mirrored: bool) -> dict[str, Floats]:
    """Unit vectors of every crop."""

    def both(crops: list[Image]) -> tuple[Floats, ...]:
        return (peer.vectors(crops), *([peer.vectors(mirror(crops))] if mirrored else ()))

    plain, *others = map(np.concatenate, zip(*in_blocks(split, both, progress), strict=True))
    found = {PLAIN: l2_normalize(plain)}
    if mirrored:
        found[MIRRORED] = l2_normalize(plain + others[0])
    return found
