"""`make bench-scan`: a second run over 10,000 known files, and how soon work begins in a folder of 500 GB.

No network is loaded: the detector is one that finds nobody. The large files are sparse: they take no room on the disk,
and reading them costs what hashing costs.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
from sqlalchemy import insert

import surveil
from surveil.footage import examine
from surveil.store.register import register_camera
from surveil.store.tables import Footage, ScannedFile
from surveil.types import Detections, Image

KNOWN_FILES = 10_000
LARGE_FILES, LARGE_BYTES = 250, 2 * 10**9


class Nobody:
    """A detector that finds nobody, and tells when it was first asked."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Nobody in any picture."""
        self.asked.set()
        return [Detections.none() for _ in images]


def main() -> None:
    """Measure both and print them."""
    with tempfile.TemporaryDirectory(prefix="surveil-bench-scan-") as name:
        place = Path(name)
        clip = _clip(place / "clip.mp4").read_bytes()
        for number in range(KNOWN_FILES):
            _file(place / "known" / f"cam{number % 50}" / f"{number:05d}.mp4", clip, number)
        for number in range(LARGE_FILES):
            with _file(place / "large" / f"{number:03d}.mp4", clip, number).open("r+b") as file:
                file.truncate(LARGE_BYTES)
        print(_known(place))
        print(_large(place))


def _known(place: Path) -> str:
    hashed = _count_hashes()
    with _archive(place / "known.db") as archive:
        _make_known(archive, place / "known")
        begun, cpu = time.perf_counter(), time.process_time()
        states = [report.state for report in archive.ingest([place / "known"])]
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    if set(states) != {"known"} or len(states) != KNOWN_FILES:
        raise AssertionError(f"not all are known: {len(states)}, {set(states)}")
    return f"{KNOWN_FILES} known files: second run {seconds:.1f} s ({cpu:.1f} CPU s), {len(hashed)} files hashed"


def _large(place: Path) -> str:
    total = LARGE_FILES * LARGE_BYTES / 1e9
    with _archive(place / "large.db") as archive:
        detector: Any = archive.models.detector
        begun = time.perf_counter()
        stop = threading.Event()
        thread = threading.Thread(target=lambda: list(archive.ingest([place / "large"], stop=stop)))
        thread.start()
        detector.asked.wait()
        seconds = time.perf_counter() - begun
        stop.set()
        thread.join()
    return f"{total:.0f} GB in {LARGE_FILES} files: the first frame is at the detector after {seconds:.1f} s"


def _make_known(archive: surveil.Archive, folder: Path) -> None:
    """The rows that an ingest of everything in a folder leaves behind."""
    now = datetime.now(UTC)
    files = sorted(folder.rglob("*.mp4"))
    footage, scanned = [], []
    for number, path in enumerate(files, start=1):
        status, digest = path.stat(), hashlib.sha256(path.read_bytes()).hexdigest()
        same = {"path": str(path), "size": status.st_size, "mtime_ns": status.st_mtime_ns, "content_hash": digest}
        origin = {"camera_id": 1, "camera_from": "path", "started_at": now, "started_from": "file time"}
        footage.append(same | origin | {"id": number, "kind": "video", "state": "done"})
        scanned.append(same | {"footage_id": number})
    with archive.database.session() as session:
        register_camera(session, "yard")
        session.execute(insert(Footage), footage)
        session.execute(insert(ScannedFile), scanned)


def _count_hashes() -> list[Path]:
    hashed: list[Path] = []
    hash_file = examine._hash_file

    def counted(path: Path, beat: Any) -> Any:
        hashed.append(path)
        return hash_file(path, beat)

    examine._hash_file = counted
    return hashed


def _archive(path: Path) -> surveil.Archive:
    archive = surveil.open(f"sqlite:///{path}")
    archive.models.__dict__["detector"] = Nobody()
    return archive


def _clip(path: Path) -> Path:
    """Ten frames of a grey picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 90, np.uint8), format="bgr24")
        for _ in range(10):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _file(path: Path, clip: bytes, number: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(clip + number.to_bytes(8, "big"))
    return path


if __name__ == "__main__":
    main()
