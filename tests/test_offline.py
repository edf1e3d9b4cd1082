"""In a process of its own: what is imported stays imported."""

import subprocess
import sys

import pytest

from tests.needs import needs_openvino

pytestmark = needs_openvino
CONVERT = """
import sys, torch
if sys.argv[1:] == ["late"]:
    import openvino, openvino_telemetry
from surveil.offline import import_openvino
openvino = import_openvino()
def refuse(*_): raise AssertionError("reached for the network")
import socket; socket.socket.connect = refuse; socket.getaddrinfo = refuse
openvino.convert_model(torch.nn.Conv2d(3, 4, 1), example_input=torch.zeros(1, 3, 8, 8))
telemetry = sys.modules["openvino_telemetry"]
print("reports:", telemetry is not None and "stub" not in telemetry.Telemetry.__module__)
"""


@pytest.mark.parametrize("arguments", [[], ["late"]], ids=["surveil first", "imported before"])
def test_the_converter_reports_to_nobody(arguments):
    done = subprocess.run([sys.executable, "-c", CONVERT, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("reports: False")


def test_where_the_system_does_not_tell_the_cores_all_are_used():
    code = """
import os
del os.sched_getaffinity
os.environ.pop("OMP_NUM_THREADS", None)
from surveil.offline import keep_ultralytics_offline
keep_ultralytics_offline()
assert os.environ["OMP_NUM_THREADS"] == str(os.cpu_count())
"""
    subprocess.run([sys.executable, "-c", code], check=True)
