"""Weights out of OpenVINO's intermediate representation (NAME.xml and NAME.bin), without OpenVINO."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from surveil.errors import CheckpointError
from surveil.model.network import PersonNetwork
from surveil.model.osnet import EmbeddingNeck, OmniScaleBlock, OSNet

_TYPES = {"f16": np.float16, "f32": np.float32}
_NECK = 5
"""Tensors of the published neck: a linear layer, its normalisation, and the slope of its PReLU."""


def read_constants(model: Path) -> list[Tensor]:
    """The floating-point constants of a network, as float32, in the order of its layers; each only once.

    Args:
        model: NAME.xml; NAME.bin lies beside it.

    Raises:
        CheckpointError: The files are missing or are not such a network.
    """
    try:
        layers = ET.parse(model).getroot().iter("layer")
        content = model.with_suffix(".bin").read_bytes()
    except (OSError, ET.ParseError) as error:
        raise CheckpointError(
            f"not OpenVINO's files ({error})", model, "Give NAME.xml with NAME.bin beside."
        ) from error
    found: dict[int, Tensor] = {}
    for layer in layers:
        data = layer.find("data")
        if layer.get("type") != "Const" or data is None or data.get("element_type") not in _TYPES:
            continue
        offset, size = int(data.attrib["offset"]), int(data.attrib["size"])
        shape = [int(length) for length in data.attrib["shape"].split(",")] if data.attrib["shape"] else []
        values = np.frombuffer(content[offset : offset + size], _TYPES[data.attrib["element_type"]]).reshape(shape)
        # A gate that four streams share is written down four times, at one place.
        found.setdefault(offset, torch.from_numpy(values.astype(np.float32)))
    return list(found.values())


def load_reid_retail(network: PersonNetwork, model: Path) -> None:
    """Take over trunk, pooling and neck of Open Model Zoo's person-reidentification-retail-0277.

    Args:
        network: Of the architecture "osnet-attention"; its heads stay as they are.
        model: NAME.xml; NAME.bin lies beside it.

    Raises:
        CheckpointError: The files are not this network.
    """
    # The first two bring pixels to ImageNet's mean 0 and deviation 1, which our card does.
    constants = read_constants(model)[2:]
    own = list(_trunk_in_order(network))
    *trunk, linear, bias, scale, shift, slope = constants if len(constants) > _NECK else [torch.empty(0)] * (_NECK + 1)
    if [tensor.numel() for tensor in own] != [tensor.numel() for tensor in trunk]:
        raise CheckpointError(
            f"another network ({len(constants)} tensors, {len(own) + _NECK} expected, or of other sizes)",
            model,
            "Give person-reidentification-retail-0277.xml.",
        )
    with torch.no_grad():
        for tensor, values in zip(own, trunk, strict=True):
            tensor.copy_(values.view(tensor.shape))
        half = len(linear)
        neck = network.neck
        assert isinstance(neck, EmbeddingNeck)
        for tensor, values in (
            (neck.linear.weight, scale.view(-1, 1) * linear),
            (neck.linear.bias, scale.flatten() * bias.flatten() + shift.flatten()),
        ):
            tensor.zero_()
            tensor[:half] = values
        neck.activation.weight.copy_(slope.flatten())


def _trunk_in_order(network: PersonNetwork) -> Iterator[Tensor]:
    """The tensors of the published trunk and pooling, in its order."""
    trunk, pool = network.backbone, network.pool
    assert isinstance(trunk, OSNet)
    for name, part in trunk.named_children():
        if name.startswith("stage"):
            for layer in part.children():
                yield from _block_in_order(layer) if isinstance(layer, OmniScaleBlock) else layer.parameters()
        else:
            yield from part.parameters()
    yield from pool.parameters()


def _block_in_order(block: OmniScaleBlock) -> Iterator[Tensor]:
    """The gate that the streams share comes behind the first of them."""
    first, *others = block.streams.children()
    for part in (block.reduce, first, block.gate, *others, block.expand, block.shortcut):
        yield from part.parameters()
