"""Networks in 8 bits, in files whose hash a card names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from surveil.errors import CheckpointError
from surveil.offline import import_openvino

if TYPE_CHECKING:
    import openvino


@dataclass(frozen=True, slots=True)
class QuantisedFile:
    """A network in 8 bits as OpenVINO writes it down.

    Attributes:
        path: NAME.xml; NAME.bin lies beside it.
        sha256: Of the one and the other, one behind the other.
    """

    path: Path
    sha256: str

    def read(self) -> openvino.Model:
        """The network, if its files are the ones with this hash.

        Raises:
            CheckpointError: They are not, or cannot be read.
            SurveilError: The extra `openvino` is not installed.
        """
        core = import_openvino().Core()
        graph, weights = self._content()
        if hashlib.sha256(graph + weights).hexdigest() != self.sha256:
            raise CheckpointError(
                "not the network in 8 bits that the card describes (SHA-256 differs)", self.path, "Copy it again."
            )
        return core.read_model(graph, weights)

    def _content(self) -> tuple[bytes, bytes]:
        try:
            return self.path.read_bytes(), self.path.with_suffix(".bin").read_bytes()
        except OSError as error:
            raise CheckpointError(f"cannot be read ({error.strerror})", self.path, "Check the path.") from error
