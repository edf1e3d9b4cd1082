"""Keeps ultralytics off the network and out of the user's home; to be called before ultralytics is first imported."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile


def keep_ultralytics_offline() -> None:
    """No telemetry, no download, no installing of packages, no settings in the home folder, no messages on import.

    ultralytics reads these variables once, when it is imported. It would also set OMP_NUM_THREADS to 1 for every
    library loaded after it and for child processes, so that is set to the cores at hand unless the user chose.
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
