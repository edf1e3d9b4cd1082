"""What runs the networks: PyTorch, OpenVINO and ONNX Runtime in turns on the same pictures."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from surveil.cli.output import write_table
from surveil.device import fast_dtype
from surveil.model.checkpoint import find_weights, load_checkpoint
from surveil.model.picture_network import PictureNetwork
from surveil.people.checkpoint import SHIPPED, load_detector
from surveil.people.network import PictureDetector
from surveil.runtimes.with_openvino import OpenVinoRuntime, convert
from surveil.runtimes.with_torch import TorchRuntime
from surveil.types import Floats
from tools.bench_ingest.bench import Taken, timed

ROUNDS = 5
COLUMNS = ("network", "runtime", "precision", "CPU ms a picture", "ms by the clock", "largest difference")
Run = Callable[[NDArray[Any]], tuple[Floats, ...]]


def measure() -> None:
    """Print a line for each network and runtime; differences are shares of the largest value that PyTorch gives."""
    random = np.random.default_rng(0)
    network, card = load_checkpoint(find_weights(None))
    crops = random.random((16, 3, *card.input_size), np.float32)
    detector = PictureDetector(load_detector(SHIPPED)[0])
    pictures = random.integers(0, 256, (8, 384, 640, 3), np.uint8)
    rows = _rows(f"detector, {SHIPPED.stem}", detector, pictures) + _rows(
        card.name, PictureNetwork(network, card), crops
    )
    write_table(COLUMNS, rows, right=COLUMNS[3:])


def _rows(name: str, network: nn.Module, inputs: NDArray[Any]) -> list[list[str]]:
    cpu = torch.device("cpu")
    fast = str(fast_dtype(cpu)).removeprefix("torch.")
    runs: dict[tuple[str, str], Run] = {}
    if importlib.util.find_spec("onnxruntime") is not None:
        runs["ONNX Runtime", "float32"] = _onnx(network.eval(), inputs)
    runs["OpenVINO", fast] = OpenVinoRuntime(convert(lambda: network, inputs, tuple(range(inputs.ndim - 1))))
    runs["PyTorch", fast] = TorchRuntime(network, cpu)
    expected = runs["PyTorch", fast](inputs)
    best: dict[tuple[str, str], Taken] = {}
    apart: dict[tuple[str, str], float] = {}
    for _ in range(ROUNDS):
        for key, run in runs.items():
            found, taken = timed(lambda run=run: run(inputs))  # type: ignore[misc]
            best[key] = Taken.least(best.get(key), taken)
            apart[key] = max(
                float(np.abs(one - other).max() / np.abs(one).max()) for one, other in zip(expected, found, strict=True)
            )
    each = 1000 / len(inputs)
    return [
        [name, *key, f"{each * best[key].cpu:.1f}", f"{each * best[key].clock:.1f}", f"{apart[key]:.4f}"]
        for key in runs
    ]


def _onnx(network: nn.Module, inputs: NDArray[Any]) -> Run:
    import onnxruntime

    content = io.BytesIO()
    with torch.inference_mode():
        torch.onnx.export(
            network,
            (torch.from_numpy(inputs),),
            content,  # type: ignore[arg-type]
            input_names=["inputs"],
            dynamo=False,
        )
    session = onnxruntime.InferenceSession(content.getvalue(), providers=["CPUExecutionProvider"])
    return lambda batch: tuple(session.run(None, {"inputs": batch}))
