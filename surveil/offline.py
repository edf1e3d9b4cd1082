"""Keeping libraries off the network, and out of the user's home.

Unless stopped, OpenVINO's converter and Ray report their use to measuring services, ultralytics asks for downloads, and
Ray listens on all interfaces.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from surveil.errors import SurveilError

_RAY_OFF_LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""On Linux too: whether a node's address is another than the loopback's."""


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
    os.environ.setdefault("OMP_NUM_THREADS", str(cores()))
    if "YOLO_CONFIG_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="surveil-ultralytics-")
        os.environ["YOLO_CONFIG_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def import_ray(*, alone: bool = False) -> Any:
    """The package ray, which reports its use to nobody.

    Args:
        alone: Whether Ray will be started for this machine alone: it listens on the loopback interface only, and to
            whoever has a token that is made for this process. Ray reads both once, when it is imported.

    Raises:
        SurveilError: It is not installed, or was imported before, so that it cannot be kept to this machine.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if alone and os.environ.get(_RAY_OFF_LOOPBACK) != "0":
        if "ray" in sys.modules and not sys.modules["ray"].is_initialized():
            raise SurveilError(
                "Ray was imported before it could be kept to this machine",
                "--engine ray",
                "Leave importing it to surveil, or start it yourself: ray.init().",
            )
        os.environ[_RAY_OFF_LOOPBACK] = "0"
        if "RAY_AUTH_MODE" not in os.environ:
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray
    except ImportError as error:
        raise SurveilError(
            f"Ray is not installed ({error})", "--engine ray", "pip install 'surveil[ray]', or use --engine local."
        ) from error
    return ray


def cores() -> int:
    """The processor cores that this process may use; all of them where the system does not say (macOS)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
