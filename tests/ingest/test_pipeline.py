"""What is in memory at once is bounded by bytes, not by numbers of pictures."""

import time
from datetime import UTC, datetime

import pytest

from surveil.ingest import pipeline
from surveil.types import Source
from tests.ingest.made_up import FPS, HEIGHT, WIDTH, ColourDetector, ColourModel, draw_crops, make_pipeline, scan

START = datetime(2026, 9, 14, 8, tzinfo=UTC)
FRAME_BYTES = WIDTH * HEIGHT * 3


@pytest.mark.parametrize("frames", [1, 2])
def test_frames_of_a_batch_and_frames_decoded_ahead_are_so_many_bytes(clip, monkeypatch, frames):
    monkeypatch.setattr(pipeline, "BATCH_BYTES", frames * FRAME_BYTES)
    batches, ahead = [], []

    class Watching(ColourDetector):
        def detect(self, images):
            batches.append(len(images))
            time.sleep(0.1)  # so that decoding gets as far ahead as it may
            ahead.append(processing.result.frames.processed - sum(batches))
            return super().detect(images)

    processing = make_pipeline(Watching(), gate=False, fps=FPS).process(
        Source(clip, "video", "yard", "path", START, "path", "0" * 64)
    )
    for _ in processing.steps():
        pass
    assert sum(batches) == 80
    assert max(batches) == frames
    assert max(ahead) <= 2 * frames + 2, "those that wait, the one that waits to be let in, and those of the next batch"


def test_crops_read_ahead_are_so_many_bytes(database, tmp_path, monkeypatch):
    folder = draw_crops(tmp_path / "crops", 40)
    monkeypatch.setattr(pipeline, "BATCH_BYTES", 3 * 64 * 128 * 3)
    monkeypatch.setattr(pipeline, "CROP_BATCH_SIZE", 8)
    described, ahead = [], []

    class Watching(ColourModel):
        def describe(self, crops):
            described.append(len(crops))
            time.sleep(0.1)
            ahead.append(processing.result.frames.processed - sum(described))
            return super().describe(crops)

    [waiting] = scan(database, folder)
    processing = make_pipeline(model=Watching()).process(waiting.source)
    for _ in processing.steps():
        pass
    assert sum(described) == processing.result.frames.processed > 30
    assert max(ahead) <= 4
