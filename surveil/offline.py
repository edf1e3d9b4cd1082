"""Keeping the libraries that run networks off the network, and out of the user's home.

Unless stopped, OpenVINO's converter reports its use to a measuring service, and ultralytics asks for downloads.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
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


def keep_ultralytics_offline() -> None:
    """No telemetry, no download, no installing of packages, no settings in the home folder, no messages on import.

    To be called before ultralytics is first imported, which `surveil.people` does: it reads these variables once. It
    would also set OMP_NUM_THREADS to 1 for every library loaded after it and for child processes, so that is set to the
    cores at hand unless the user chose.
    """
    os.environ["YOLO_OFFLINE"] = "true"
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["ULTRALYTICS_SAFE_LOAD"] = "true"  # it runs no code that a model file or weights bring along
    os.environ.setdefault("YOLO_VERBOSE", "false")
    os.environ.setdefault("OMP_NUM_THREADS", str(_cores()))
    if "YOLO_CONFIG_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="surveil-ultralytics-")
        os.environ["YOLO_CONFIG_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _cores() -> int:
    """The processor cores that this process may use; all of them where the system does not say (macOS)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
