"""OpenVINO, kept off the network: its converter reports its use to a measuring service unless it is stopped."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from surveil.errors import SurveilError


def import_openvino(where: Path | str | None = None) -> Any:
    """The package openvino, which does without `openvino_telemetry` where that cannot be imported.

    Args:
        where: What it is needed for; named in the error.

    Raises:
        SurveilError: It is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # importing it fails from here on
    try:
        import openvino
    except ImportError as error:
        raise SurveilError(
            f"OpenVINO is not installed ({error})", where, "pip install 'surveil[openvino]', or use torch."
        ) from error
    if (telemetry := sys.modules["openvino_telemetry"]) is not None:  # somebody else imported it before
        from openvino.tools.ovc.telemetry_stub import Telemetry

        telemetry.Telemetry = Telemetry  # type: ignore[attr-defined]
    return openvino
