"""A detector keeps to the cores that its process was given: networks run so many threads, and no more."""

import os
import subprocess
import sys

import pytest

from surveil.offline import cores
from tests.needs import needs_openvino

needs_two_cores = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or cores() < 2, reason="needs two cores to leave one"
)

CODE = """
import os, sys
if sys.argv[1]:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # as taskset does
import numpy as np
from surveil.people.detect import PersonDetector
detector = PersonDetector.load(device="cpu", image_size=640, min_score=0.25, runtime="openvino")
detector.detect([np.zeros((180, 320, 3), np.uint8)] * 2)
[queue] = detector.runtime._queues.values()
print(queue[0].get_compiled_model().get_property("INFERENCE_NUM_THREADS"))
import torch
print(torch.get_num_threads())
"""


@pytest.mark.slow
@needs_two_cores
@needs_openvino
@pytest.mark.parametrize(("threads", "pinned", "expected"), [("1", "", 1), (None, "pinned", 1), (None, "", cores())])
def test_a_detector_runs_on_no_more_cores_than_it_was_given(threads, pinned, expected):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {} if threads is None else {"OMP_NUM_THREADS": threads}
    command = [sys.executable, "-c", CODE, pinned]
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    assert [int(line) for line in told.split()[-2:]] == [expected, expected]
