"""Follows people from frame to frame: ByteTrack, told how much time lies between two looks.

ByteTrack (Zhang et al., "ByteTrack: multi-object tracking by associating every detection box", 2022) was made for 30
frames per second. At 5 a walker has moved by half his width between two looks and would be lost. Hence boxes are
widened for matching by how far a walker gets until the next look (as in Yang et al., "Hard to track objects with
irregular motions and similar appearances? Make it easier by buffering the matching space", 2023), the motion model's
uncertainty grows with the time between looks, and where frames are missing it is run on for as long. Tracks keep the
boxes of the detector, not those of the motion model.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field

import numpy as np

from surveil.people.byte_track import MIN_IOU, ByteTrack
from surveil.people.crops import crop_qualities, cut
from surveil.people.exchange import clear_steps
from surveil.types import Crop, Detections, Floats, Frame, State, Track

PACE = 0.8
"""Body heights per second that a walker covers: 1.4 m/s at 1.7 m."""
MIN_QUALITY = 0.03
"""Of a track without any crop at least this good nothing can be told: a heel at the border, a bench taken for legs."""
CLEAR_SECONDS = 1.0
"""After so long without a look, somebody else may stand there."""
CROPS_OF_STRETCH = 2
"""Crops by which it shows whether another person is seen before some moment than after it."""
FIRST_SLOT = 0.4
"""Seconds, at first, of which only the best crop is kept."""


class Tracker:
    """Follows the people of one piece of footage; each footage needs its own.

    Example:
        >>> tracker = Tracker(fps=5)
        >>> for frame in frames:
        ...     finished = tracker.update(frame, detector.detect([frame.image])[0])
        >>> rest = tracker.finish()

    Args:
        fps: Frames per second that are looked at when none is left out.
        gap_seconds: After so long without a look, nobody is taken for the one who was there before.
        min_detections: Tracks of fewer detections are dropped.
        crops: So many of a track's best crops are kept.
        more_crops: So many are kept beside them at most, to tell whether the track passed to another person where one
            was near or none was found: the best of before and after.

    Attributes:
        dropped: Tracks dropped so far because they had too few detections, or no crop that shows enough.
    """

    def __init__(
        self, *, fps: float, gap_seconds: float = 8.0, min_detections: int = 3, crops: int = 5, more_crops: int = 0
    ) -> None:
        self.dropped = 0
        self._fps, self._gap_seconds = fps, gap_seconds
        self._min_detections, self._crops, self._more_crops = min_detections, crops, more_crops
        self._reach = PACE / fps
        self._seconds = -np.inf
        self._before = np.zeros((0, 4), np.float32)
        self._open: dict[int, _Open] = {}
        self._byte_track = ByteTrack(fps)

    def update(self, frame: Frame, people: Detections) -> list[Track]:
        """Take the people found in the next frame; gives the tracks that ended, in the order in which they began."""
        elapsed = frame.seconds - self._seconds
        finished = self.finish() if elapsed > self._gap_seconds else []
        widened = self._widened(people)
        found = self._byte_track.follow(widened, people.scores, elapsed)
        qualities = crop_qualities(frame.image, people)
        clear = clear_steps(self._before, widened, MIN_IOU)
        for number, detection in found:
            track = self._open.setdefault(number, _Open(frame.seconds, self._crops + self._more_crops))
            is_next = bool(track.seconds) and track.seconds[-1] == self._seconds and elapsed <= CLEAR_SECONDS
            if track.seconds and not (is_next and clear[track.number, detection]):
                track.doubts.append(frame.seconds)
            track.add(frame, people, detection, float(qualities[detection]))
        self._seconds, self._before = frame.seconds, widened
        alive = self._byte_track.alive()
        return finished + self._close([number for number in self._open if number not in alive])

    def finish(self) -> list[Track]:
        """End all tracks, at the end of the footage."""
        self._byte_track = ByteTrack(self._fps)
        return self._close(list(self._open))

    def state(self) -> State:
        """All that it knows, for `restore`."""
        return {
            "seconds": self._seconds,
            "before": self._before,
            "dropped": self.dropped,
            "open": [track.state() | {"number": number} for number, track in self._open.items()],
            "byte_track": self._byte_track.state(),
        }

    def restore(self, state: State) -> None:
        """Go on where another tracker, made with the same parameters, stopped: both give the same tracks from there."""
        self._seconds, self._before, self.dropped = state["seconds"], state["before"], state["dropped"]
        most = self._crops + self._more_crops
        self._open = {values["number"]: _Open.of(values, most) for values in state["open"]}
        self._byte_track.restore(state["byte_track"])

    def _close(self, numbers: list[int]) -> list[Track]:
        ended = [self._open.pop(number) for number in sorted(numbers)]
        kept = [
            track.finished(self._crops)
            for track in ended
            if len(track) >= self._min_detections and track.shows_somebody()
        ]
        self.dropped += len(ended) - len(kept)
        return kept

    def _widened(self, people: Detections) -> Floats:
        reach = self._reach * (people.boxes[:, 3:] - people.boxes[:, 1:2])
        return people.boxes + reach * np.array([-1, -1, 1, 1], np.float32)


@dataclass(slots=True)
class _Open:
    """A track that goes on. Of each slot of time it keeps the best crop; when there are too many, slots double.

    Attributes:
        number: Of its latest detection, among those of the frame.
        doubts: When it may have passed to another person.
    """

    begin: float
    most: int
    slot: float = FIRST_SLOT
    seconds: list[float] = field(default_factory=list)
    boxes: list[Floats] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best: dict[int, Crop] = field(default_factory=dict)
    number: int = 0
    doubts: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.seconds)

    def state(self) -> State:
        return {
            "begin": self.begin,
            "slot": self.slot,
            "seconds": np.array(self.seconds),
            "boxes": np.stack(self.boxes),
            "scores": np.array(self.scores),
            "latest": self.number,
            "doubts": np.array(self.doubts),
            "best": [{"slot": slot, "crop": asdict(crop)} for slot, crop in self.best.items()],
        }

    @staticmethod
    def of(state: State, most: int) -> _Open:
        best = {entry["slot"]: Crop(**entry["crop"]) for entry in state["best"]}
        seconds, boxes, scores = state["seconds"].tolist(), list(state["boxes"]), state["scores"].tolist()
        doubts = state["doubts"].tolist()
        return _Open(state["begin"], most, state["slot"], seconds, boxes, scores, best, state["latest"], doubts)

    def add(self, frame: Frame, people: Detections, number: int, quality: float) -> None:
        self.number = number
        box = people.boxes[number].copy()
        self.seconds.append(frame.seconds)
        self.boxes.append(box)
        self.scores.append(float(people.scores[number]))
        slot = self._slot(frame.seconds)
        if slot in self.best and self.best[slot].quality >= quality:
            return
        self.best[slot] = Crop(cut(frame.image, box).copy(), frame.seconds, box, quality)
        while len(self.best) > 2 * self.most:
            self._double()

    def shows_somebody(self) -> bool:
        return max(crop.quality for crop in self.best.values()) >= MIN_QUALITY

    def finished(self, best: int) -> Track:
        crops = sorted(self.best.values(), key=lambda crop: (-crop.quality, crop.seconds))[: self.most]
        scores = np.array(self.scores, np.float32)
        told = self._told(crops, best)
        return Track(np.array(self.seconds), np.stack(self.boxes), scores, told, is_one_person=not self.doubts)

    def _told(self, crops: list[Crop], best: int) -> tuple[Crop, ...]:
        """Of crops, the best first: those, and the best of each stretch of time without doubt."""
        stretches = np.searchsorted(self.doubts, [crop.seconds for crop in crops], side="right")
        of_stretch: Counter[int] = Counter()
        told = []
        for place, (crop, stretch) in enumerate(zip(crops, stretches.tolist(), strict=True)):
            of_stretch[stretch] += 1
            if place < best or of_stretch[stretch] <= CROPS_OF_STRETCH:
                told.append(crop)
        return tuple(told)

    def _slot(self, seconds: float) -> int:
        return int((seconds - self.begin) / self.slot)

    def _double(self) -> None:
        crops, self.best = self.best.values(), {}
        self.slot *= 2
        for crop in crops:
            slot = self._slot(crop.seconds)
            if slot not in self.best or self.best[slot].quality < crop.quality:
                self.best[slot] = crop
