"""From a checkpoint to an ONNX file for other runtimes, proved to say the same."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from surveil.errors import CheckpointError, SurveilError
from surveil.files import replace_file
from surveil.model.checkpoint import Card, load_checkpoint
from surveil.model.embed import as_images
from surveil.types import Floats
from training.parity import PARTS, WholeModel, largest_differences, predict

TOLERANCE = 1e-4
"""Largest difference of an output, as a share of that output's largest value, that counts as the same."""
OPSET = 18
_CROPS = 7
"""The model is proved on batches of 1 and of the rest; it was written with one of 2."""


def export_onnx(checkpoint: Path, out: Path) -> dict[str, float]:
    """Write a checkpoint as ONNX and its card beside it (FILE.onnx.json), if ONNX Runtime gives what PyTorch gives.

    Input: `images` (N, 3, H, W) float32, RGB from 0 to 1, at the card's `input_size`, any N. Outputs: `features`
    (N, 512), `probabilities` (N, 32) and `embedding` (N, 544), as `AppearanceModel` gives them: normalisation,
    calibration and the embedding's weights are part of the model.

    Returns:
        The largest difference between the two runtimes of each output.

    Raises:
        CheckpointError: The checkpoint cannot be used, or its outputs differ by more than `TOLERANCE`; nothing is left.
        SurveilError: The extra `onnx` is not installed.
    """
    try:
        import onnxruntime  # type: ignore[import-untyped]
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise SurveilError(f"ONNX cannot be written ({error})", next_step="pip install 'surveil[onnx]'") from error
    network, card = load_checkpoint(checkpoint)
    model = WholeModel(network, card).eval()
    content = _content(model, card)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    crops = list(rng.integers(0, 256, (_CROPS, *card.input_size, 3), np.uint8))
    expected = predict(model, crops, card.input_size)
    batches = [
        session.run(list(PARTS), {"images": as_images(part, card.input_size)}) for part in (crops[:1], crops[1:])
    ]
    found: list[Floats] = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
    differences = largest_differences(expected, found)
    for name, values in zip(PARTS, expected, strict=True):
        if not differences[name] <= TOLERANCE * np.abs(values).max():
            raise CheckpointError(
                f"ONNX Runtime gives other {name}: they differ by up to {differences[name]:.2g}",
                checkpoint,
                "Try other versions of onnxruntime and onnxscript.",
            )
    out.parent.mkdir(parents=True, exist_ok=True)
    replace_file(out, content)
    # It keeps the suffix .onnx: NAME.json is a checkpoint's.
    about = json.dumps(_card(card, content, differences), indent=2) + "\n"
    replace_file(out.with_name(out.name + ".json"), about.encode())
    return differences


def _content(model: WholeModel, card: Card) -> bytes:
    program = torch.onnx.export(
        model,
        (torch.zeros(2, 3, *card.input_size),),
        dynamo=True,
        opset_version=OPSET,
        verbose=False,
        input_names=["images"],
        output_names=list(PARTS),
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    assert program is not None
    content: bytes = program.model_proto.SerializeToString()
    return content


def _card(card: Card, content: bytes, differences: dict[str, float]) -> dict[str, Any]:
    """The checkpoint's card with the hash of the new file, and what one must know to run that."""
    height, width = card.input_size
    inputs = {"images": f"(N, 3, {height}, {width}) float32, RGB from 0 to 1"}
    outputs = {
        "features": "(N, 512) float32",
        "probabilities": "(N, 32) float32, calibrated, in the order of `attributes`",
        "embedding": "(N, 544) float32 of unit length: the dot product of two is their similarity",
    }
    about = {
        "made_of_sha256": card.sha256,
        "opset": OPSET,
        "inputs": inputs,
        "outputs": outputs,
        "largest_difference_from_pytorch": differences,
    }
    return {**dataclasses.asdict(card), "sha256": hashlib.sha256(content).hexdigest(), "onnx": about}
