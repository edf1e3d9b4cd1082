"""The loops that people write instead, and ours: one process each, on the same files with the same weights."""

from __future__ import annotations

import importlib.util
import multiprocessing
import resource
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from surveil.cli.output import write_table
from surveil.model.checkpoint import find_weights, load_checkpoint
from surveil.model.embed import as_images, l2_normalize
from surveil.people.checkpoint import SHIPPED, load_detector
from surveil.types import Appearance, Floats, Image
from tools.bench_ingest.bench import Bench, Taken, timed
from tools.bench_ingest.clips import first_seconds

COLUMNS = (
    "loop",
    "frames",
    "crops",
    "rows",
    "footage s per s",
    "CPU s per footage s",
    "ours, in CPU",
    "peak MB",
)
Counts = tuple[int, int, int]
"""Frames that were looked at, crops that were described, rows that were stored."""
Loop = Callable[[list[Path], Path], Counts]
"""Works through clips; may put files into a folder."""


def measure(footage: list[Path], seconds: float) -> None:
    """Print a line for each loop; what is measured begins when its networks are loaded."""
    loops: dict[str, Callable[[], Loop]] = {"surveil": ours, "naive": naive, "naive, 5 frames a second": naive_5}
    if importlib.util.find_spec("boxmot") is None:
        print("boxmot is not installed; it takes no turn")
    else:
        loops["BoxMOT, BotSort with re-ID"] = boxmot
    with tempfile.TemporaryDirectory(prefix="surveil-bench-loops-") as folder:
        clips = [first_seconds(path, seconds, Path(folder) / f"{path.stem}.mp4") for path in footage]
        length = sum(_length(clip) for clip in clips)
        found = {name: _in_a_process(loop, clips) for name, loop in loops.items()}
    least = found["surveil"][1].cpu
    rows = [
        [
            name,
            *map(str, counts),
            f"{length / taken.clock:.2f}",
            f"{taken.cpu / length:.2f}",
            f"{taken.cpu / least:.1f}",
            f"{peak:.0f}",
        ]
        for name, (counts, taken, peak) in found.items()
    ]
    print(f"{len(clips)} clips, {length:.0f} s of footage")
    write_table(COLUMNS, rows, right=COLUMNS[1:])


def _in_a_process(make: Callable[[], Loop], clips: list[Path]) -> tuple[Counts, Taken, float]:
    """What a loop came to and took, its networks loaded before, and the most memory (MB) its process had."""
    processes = multiprocessing.get_context("spawn")
    ours_end, its_end = processes.Pipe()
    process = processes.Process(target=_child, args=(make, clips, its_end))
    process.start()
    its_end.close()
    found: tuple[Counts, Taken, float] = ours_end.recv()
    process.join()
    return found


def _child(make: Callable[[], Loop], clips: list[Path], answer: Any) -> None:
    loop = make()
    with tempfile.TemporaryDirectory(prefix="surveil-bench-loop-") as folder:
        counts, taken = timed(lambda: loop(clips, Path(folder)))
    answer.send((counts, taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def ours() -> Loop:
    """`surveil ingest` with its defaults."""
    bench = Bench("cpu")
    describe, described = bench.model.describe, [0]
    bench.detector.detect([np.zeros((360, 640, 3), np.uint8)])

    def counted(crops: Sequence[Image]) -> list[Appearance]:
        described[0] += len(crops)
        return describe(crops)

    def run(clips: list[Path], folder: Path) -> Counts:
        del folder
        with bench.archive() as archive:
            reports = list(archive.ingest(clips))
        return sum(one.frames.processed for one in reports), described[0], sum(one.sightings for one in reports)

    bench.model.describe = counted  # type: ignore[method-assign]
    return run


def naive(fps: float | None = None) -> Loop:
    """Ultralytics' `model.track(persist=True)`, then for each box a pass of the network and a row of its own."""
    network = _appearance()
    _yolo()

    def run(clips: list[Path], folder: Path) -> Counts:
        rows = _Rows(folder)
        for clip in clips:
            yolo = _yolo()  # with a tracker of its own
            for frame in _frames(clip, fps):
                rows.frames += 1
                [found] = yolo.track(frame, persist=True, imgsz=_side(frame), conf=0.25, device="cpu", verbose=False)
                if found.boxes.id is not None:
                    for number, box in zip(found.boxes.id.tolist(), found.boxes.xyxy.numpy(), strict=True):
                        rows.add(clip, number, box, network([_cut(frame, box)])[0])
        return rows.counts()

    return run


def naive_5() -> Loop:
    """The same with as many frames as surveil looks at."""
    return naive(5.0)


def boxmot() -> Loop:
    """BoxMOT's BotSort on ultralytics' detections, its re-identification by the same appearance model."""
    from boxmot import BotSort  # type: ignore[import-not-found]

    network, yolo = _ReId(), _yolo()

    def run(clips: list[Path], folder: Path) -> Counts:
        rows = _Rows(folder)
        for clip in clips:
            tracker = BotSort(reid_model=network, device="cpu", half=False)
            for frame in _frames(clip, None):
                rows.frames += 1
                [found] = yolo.predict(frame, imgsz=_side(frame), conf=0.25, device="cpu", verbose=False)
                for x1, y1, x2, y2, number, *_ in np.asarray(tracker.update(found.boxes.data.numpy(), frame)):
                    rows.add(clip, number, np.array([x1, y1, x2, y2]), None)
        return rows.counts(network.crops)

    return run


class _Rows:
    """A table that rows are inserted into one by one, each with a commit of its own."""

    def __init__(self, folder: Path) -> None:
        self.frames = self.rows = self.crops = 0
        self._connection = sqlite3.connect(folder / "rows.db")
        self._connection.execute("CREATE TABLE seen (clip, track, x1, y1, x2, y2, embedding)")

    def add(self, clip: Path, number: float, box: Floats, embedding: Floats | None) -> None:
        self.rows += 1
        self.crops += embedding is not None
        content = None if embedding is None else embedding.tobytes()
        self._connection.execute("INSERT INTO seen VALUES (?,?,?,?,?,?,?)", (clip.name, number, *box.tolist(), content))
        self._connection.commit()

    def counts(self, crops: int | None = None) -> Counts:
        self._connection.close()
        return self.frames, self.crops if crops is None else crops, self.rows


class _ReId:
    """The appearance model as BoxMOT takes one."""

    def __init__(self) -> None:
        self._network, self.crops = _appearance(), 0

    def get_features(self, boxes: Floats, image: Image) -> Floats:
        """(N, 512) of unit length, for (N, 4) boxes."""
        crops = [_cut(image, box) for box in np.asarray(boxes).reshape(-1, 4)]
        if not crops:
            return np.zeros((0, 512), np.float32)
        self.crops += len(crops)
        return l2_normalize(self._network(crops))


def _appearance() -> Callable[[list[Image]], Floats]:
    """The default appearance model in PyTorch, as it is loaded."""
    import torch  # here, for ours does without it, which shows in the memory

    from surveil.model.picture_network import PictureNetwork

    network, card = load_checkpoint(find_weights(None))
    whole = PictureNetwork(network, card).eval()

    @torch.inference_mode()
    def run(crops: list[Image]) -> Floats:
        features: Floats = whole(torch.from_numpy(as_images(crops, card.input_size)))[0].numpy()
        return features

    return run


def _yolo() -> Any:
    """Our detector as an `ultralytics.YOLO`."""
    from ultralytics import YOLO

    yolo = YOLO("yolov8n.yaml", task="detect", verbose=False)
    yolo.model = load_detector(SHIPPED)[0]
    return yolo


def _side(frame: Image) -> int:
    """The longer side that our detector scales such a frame to."""
    side: int = max(frame.shape[:2])
    return min(960, max(640, side))


def _cut(frame: Image, box: Floats) -> Image:
    x1, y1, x2, y2 = box.astype(int).clip(0).tolist()
    return frame[min(y1, frame.shape[0] - 1) : y2 + 1, min(x1, frame.shape[1] - 1) : x2 + 1]


def _frames(clip: Path, fps: float | None) -> Iterator[Image]:
    """All frames of a clip, or about so many a second."""
    capture = cv2.VideoCapture(str(clip))
    every = 1 if fps is None else max(1, round(capture.get(cv2.CAP_PROP_FPS) / fps))
    ok, frame = capture.read()
    number = 0
    while ok:
        if number % every == 0:
            yield frame.astype(np.uint8, copy=False)
        ok, frame = capture.read()
        number += 1


def _length(clip: Path) -> float:
    capture = cv2.VideoCapture(str(clip))
    return float(capture.get(cv2.CAP_PROP_FRAME_COUNT) / capture.get(cv2.CAP_PROP_FPS))
