"""Weights on disk: NAME.safetensors, which cannot run code, and NAME.json, the card that says what they are."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from surveil.errors import CheckpointError
from surveil.files import replace_file

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from torch import Tensor, nn

    CardT = TypeVar("CardT", bound=DataclassInstance)


WEIGHTS = Path(__file__).parent / "weights"
"""What ships; a model's name is that of its file, with dashes."""


def shipped_name(sha256: str) -> str | None:
    """How the shipped weights with this SHA-256 are called; None if they do not ship."""
    with_card = (path for path in sorted(WEIGHTS.glob("*.safetensors")) if card_path(path).is_file())
    named = (path for path in with_card if read_card(path).get("sha256") == sha256)
    return next((path.stem.replace("_", "-") for path in named), None)


def card_path(weights: Path) -> Path:
    """Where the card of a weights file lies."""
    return weights.with_suffix(".json")


def write_weights(weights: Path, network: nn.Module, card: CardT) -> CardT:
    """Write weights and card; returns the card with its field `sha256` filled.

    Both files are written beside their destination and renamed, so that a killed run leaves no half checkpoint.
    """
    content = pack_weights(network)
    card = dataclasses.replace(card, sha256=hashlib.sha256(content).hexdigest())  # type: ignore[call-arg]
    weights.parent.mkdir(parents=True, exist_ok=True)
    replace_file(weights, content)
    write_card(weights, card)
    return card


def pack_weights(network: nn.Module) -> bytes:
    """The content of a weights file.

    Matrices are stored as float16, half the size; vectors (biases, batch statistics) as they are, for they are few and
    rounding them costs a third of the precision.
    """
    import torch
    from safetensors.torch import save

    return save(
        {
            name: tensor.detach().cpu().to(torch.float16 if _is_matrix(tensor) else tensor.dtype).contiguous()
            for name, tensor in network.state_dict().items()
        }
    )


def _is_matrix(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.ndim > 1


def write_card(weights: Path, card: DataclassInstance) -> None:
    """Write the card of a weights file, in place of the one that lies there."""
    replace_file(card_path(weights), (json.dumps(dataclasses.asdict(card), indent=2) + "\n").encode())


def read_card(weights: Path) -> dict[str, Any]:
    """The card of a weights file, unchecked.

    Raises:
        CheckpointError: There is none, or it is no JSON object.
    """
    path = card_path(weights)
    try:
        values = json.loads(path.read_text())
    except FileNotFoundError:
        raise CheckpointError(
            "there is no card", path, "Weights are NAME.safetensors with NAME.json beside it."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"not a card ({error})", path, "Copy both files again.") from error
    if not isinstance(values, dict):
        raise CheckpointError("not a card", path, "Copy both files again.")
    return values


def read_checked(weights: Path, sha256: str) -> bytes:
    """The content of a weights file that has this hash: to be read before anything is done with what its card says.

    Raises:
        CheckpointError: The file cannot be read, or is not the one with this hash.
    """
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise CheckpointError(f"cannot be read ({error.strerror})", weights, "Check the path.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CheckpointError(
            "the weights are not the ones that the card describes (SHA-256 differs)", weights, "Copy both files again."
        )
    return content


def fill_network(weights: Path, network: nn.Module, content: bytes) -> None:
    """Load the content of a weights file into a network, as float32.

    Raises:
        CheckpointError: The content is damaged, or does not fit the network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors: dict[str, Tensor] = load(content)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (RuntimeError, SafetensorError, KeyError) as error:  # a KeyError for kinds of numbers that PyTorch lacks
        raise CheckpointError(f"do not fit the network ({error})", weights, "Export them again.") from error
