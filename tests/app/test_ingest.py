"""What an ingest needs: on a CPU, whose networks OpenVINO runs, no PyTorch."""

import subprocess
import sys

from surveil.model.embed import AppearanceModel
from surveil.people.detect import PersonDetector
from tests.needs import needs_openvino

CODE = """
import sys
import surveil
with surveil.open(sys.argv[1], device="cpu", runtime="openvino", fps=1, detector_image_size=416) as archive:
    [report] = archive.ingest([sys.argv[2]])
print(report.state, report.sightings > 0, sorted({"torch", "torchvision", "ultralytics"} & sys.modules.keys()))
"""


@needs_openvino
def test_an_ingest_with_converted_networks_does_without_pytorch(sample_data, tmp_path):
    PersonDetector.load(device="cpu", image_size=640, min_score=0.25, runtime="openvino")  # kept from here on
    AppearanceModel.load(device="cpu", runtime="openvino")
    [clip] = (sample_data / "footage").glob("hall_*.mp4")
    command = [sys.executable, "-c", CODE, f"sqlite:///{tmp_path}/surveil.db", str(clip)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told == "done True []\n"
