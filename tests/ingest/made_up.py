"""Clips that the tests draw themselves, and a detector and a model simple enough to say what must come out."""

import os
import signal
import threading
from pathlib import Path

import av
import cv2
import numpy as np
from sqlalchemy import event

from surveil.attributes import OUTPUTS
from surveil.footage.origin import OriginRules
from surveil.ingest import pipeline, worker
from surveil.ingest.pipeline import Pipeline
from surveil.ingest.runners.threads import ThreadRunner
from surveil.ingest.scan import Scan
from surveil.ingest.worker import Worker
from surveil.model.embed import l2_normalize
from surveil.settings import Settings
from surveil.store import writer as writing
from surveil.store.media import MediaFolder
from surveil.store.models import ModelRef
from surveil.store.session import Database
from surveil.store.writer import Writer
from surveil.types import Appearance, Detections

MODEL = ModelRef("colours", "c" * 64, {"architecture": "none"})
WIDTH, HEIGHT, FPS = 320, 240, 10
CHANNELS = {"blue": 0, "green": 1, "red": 2}
STRIPES = np.random.default_rng(0).uniform(0.5, 1, (110, 1)).astype(np.float32)


def draw_clip(path: Path, walks: dict[str, tuple[float, float, float]], *, seconds: float, fps: int = FPS) -> Path:
    """People as striped rectangles, 40x110: for each colour when they come, when they go, and their pixels a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "20", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(round(seconds * fps)):
            image = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
            for colour, (begin, end, pace) in walks.items():
                if begin <= number / fps < end:
                    x = round((10 if pace >= 0 else WIDTH - 50) + pace * (number / fps - begin))
                    y = 60 + 20 * CHANNELS[colour]
                    image[y : y + 110, max(x, 0) : max(x + 40, 0)] = 0
                    image[y : y + 110, max(x, 0) : max(x + 40, 0), CHANNELS[colour]] = (255 * STRIPES).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


def draw_crops(folder: Path, count: int) -> Path:
    """A folder of so many crops of one camera, every seventh of them damaged."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{number + 2:04d}_c1s1_{100 * number:06d}_01.jpg"
        cv2.imwrite(str(path), cv2.resize(random.integers(0, 255, (4, 2, 3), np.uint8), (64, 128)))
        if number % 7 == 6:
            path.write_bytes(path.read_bytes()[:40])
    return folder


class ColourDetector:
    """Finds the people of `draw_clip`; counts the pictures it saw, and calls `look` at each."""

    def __init__(self, look=lambda image: None) -> None:
        self.look, self.seen = look, 0

    def detect(self, images):
        return [self._one(image) for image in images]

    def _one(self, image):
        self.seen += 1
        self.look(image)
        boxes = []
        for channel in CHANNELS.values():
            others = np.delete(image, channel, axis=2).max(axis=2).astype(int)
            mask = (image[..., channel].astype(int) > others + 70).astype(np.uint8)
            x, y, width, height = cv2.boundingRect(mask)
            if width * height > 400:
                boxes.append([x, y, x + width, y + height])
        return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, np.float32))


class ColourModel:
    """Describes a crop by its mean colour: the first three of the embedding, and of the attributes."""

    def describe(self, crops):
        colours = [crop.reshape(-1, 3).mean(axis=0) / 255 for crop in crops]
        return [self._one(colour.astype(np.float32)) for colour in colours]

    def similarity_of(self, probability):
        return 0.55

    def _one(self, colour):
        attributes, embedding = np.full(OUTPUTS, 0.1, np.float32), np.zeros(544, np.float32)
        attributes[:3] = embedding[:3] = colour
        return Appearance(attributes, l2_normalize(embedding[None])[0])


def make_pipeline(detector=None, model=None, *, gate=True, **settings) -> Pipeline:
    return Pipeline(
        lambda: detector or ColourDetector(), lambda: model or ColourModel(), Settings(**settings), gate=gate
    )


def make_worker(database, media, pipeline=None, progress=None, stop=None) -> Worker:
    return Worker(Writer(database, media, MODEL), pipeline or make_pipeline(), progress, stop)


def scan(database, *paths, again=False, **flags):
    return Scan(database, OriginRules.of(**flags), again=again).run(paths)


def ingest(database, media, *paths, pipeline=None, **flags):
    return list(make_worker(database, media, pipeline).ingest(scan(database, *paths, **flags)))


def ingest_and_die(url: str, media: Path, path: Path) -> None:
    """What a worker process runs that is killed when the first footage is done, before anybody hears of it."""
    with Database.open(url) as database:
        for report in make_worker(database, MediaFolder(media)).ingest(scan(database, path)):
            assert report.state == "done"
            os.kill(os.getpid(), signal.SIGKILL)


def ingest_in_a_process(
    url: str, media: Path, folder: Path, moments, die_at: int | None, begun=True, at_once=1
) -> None:
    """What a worker process runs. It counts moments (pictures looked at, SQL statements) and may kill itself at one.

    Where `begun` is false it counts from the first picture on; `at_once` pieces of footage are worked on at once.
    """
    pipeline.PART_SECONDS, worker.PART_SHARE = 1.0, 1e9  # parts are stored as often as can be
    worker.PROGRESS_SECONDS = 1e9  # how many moments there are does not depend on how busy the machine is
    pipeline.CROP_BATCH_SIZE = 4
    detector = ColourDetector()
    with Database.open(url) as database:
        counts = [begun]
        one_by_one = threading.Lock()  # pictures are looked at in one thread, statements run in another

        def moment(*_) -> None:
            if not counts[0]:
                return
            with one_by_one:
                moments.value += 1
                if moments.value == die_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        def look(_image) -> None:
            counts[0] = True
            moment()

        detector.look = look
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(database.engine, name, moment)
        if database.dialect == "postgresql":  # COPY is no statement that an engine tells of
            insert = writing.insert_rows

            def insert_rows(*call) -> None:
                moment()
                insert(*call)
                moment()

            writing.insert_rows = insert_rows
        here = make_worker(database, MediaFolder(media), make_pipeline(detector))
        list((here if at_once == 1 else ThreadRunner(here, at_once)).ingest(scan(database, folder)))
