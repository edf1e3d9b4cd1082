"""Which detection belongs to whom: ByteTrack on a clock of its own.

As in Zhang et al., "ByteTrack: multi-object tracking by associating every detection box", 2022: detections that are
sure are matched first, with everybody who is followed or was lost a moment ago; then the weak ones, with those who were
in the last frame and were not found yet. Whoever is matched to whom overlaps most in sum. A step of the motion model is
1/fps seconds, whatever lies between two looks.
"""

from __future__ import annotations

import numpy as np
from lap import lapjv
from numpy.typing import NDArray

from surveil.boxes import box_iou
from surveil.people.motion import HEIGHT, SPEED_NOISE, KalmanFilter, boxes_of
from surveil.types import Floats, State

SURE_SCORE = 0.4
"""Detections from here on are matched first and may begin a track; weaker ones only continue one."""
MIN_IOU = 0.25
"""Least overlap (intersection over union) of two boxes of one person, of a detection that is sure."""
MIN_IOU_WEAK = 0.5
"""The same of a weak one."""
MIN_IOU_SECOND = 0.3
"""The same of a track's second detection, which must be sure too and come in the next look: else there was no track."""
SAME_IOU = 0.85
"""Of a track that was found and a lost one that overlap more, the shorter one goes."""
LOST_SECONDS = 2.0
"""A person not found for so long, in frames that were looked at, is gone."""
SPEED_NOISE_FPS = 15.0
"""The frame rate at which ByteTrack's own uncertainty of speeds holds. Made for 30, but then more people who cross
are exchanged: on the ground truth of the sample footage 8.5 against 6.8, with the overlap 0.2 against 0.25."""
TRACK = np.dtype([("number", "i8"), ("begun", "i8"), ("seen", "i8"), ("detection", "i8"), ("motion", "f8", (5, 4))])
"""A track: its number from 1; the looks at which it began and was last found, from 1; the number of its detection in
the last look, -1 if it was not found; and its motion, see `surveil.people.motion.Motions`."""

Tracks = NDArray[np.void]
Mask = NDArray[np.bool_]


class ByteTrack:
    """Follows boxes.

    Args:
        fps: Frames per second that are looked at when none is left out.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._most_steps = LOST_SECONDS * fps + 1
        self._most_looks = max(1, round(LOST_SECONDS * fps)) + 1  # the look by which they are gone is tried still
        self._filter = KalmanFilter(SPEED_NOISE * SPEED_NOISE_FPS / fps)  # speeds are per step
        self._looks = 0
        self._begun = 0
        self._tracks: Tracks = np.zeros(0, TRACK)

    def follow(self, boxes: Floats, scores: Floats, elapsed: float) -> list[tuple[int, int]]:
        """Give (track, detection) numbers of the next frame.

        Args:
            boxes: (N, 4) of the detections, widened.
            scores: (N,) of the detections.
            elapsed: Seconds since the last frame.
        """
        self._looks += 1
        tracks = self._tracks
        was_found = tracks["detection"] >= 0
        is_new = (tracks["begun"] == tracks["seen"]) & (tracks["begun"] > 1)  # who is in the first frame is believed
        self._predict(was_found, is_new, elapsed)
        has_size = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        sure, weak = has_size & (scores >= SURE_SCORE), has_size & (scores > 0) & (scores < SURE_SCORE)
        overlaps = box_iou(boxes_of(tracks["motion"]), boxes)
        tracks["detection"] = -1
        _match(tracks, ~is_new, sure, overlaps, MIN_IOU)
        _match(tracks, ~is_new & was_found, weak, overlaps, MIN_IOU_WEAK)
        _match(tracks, is_new, sure, overlaps, MIN_IOU_SECOND)
        self._correct(boxes)
        is_lost = ~is_new & (self._looks - tracks["seen"] <= self._most_looks)
        goes_on = tracks[(tracks["detection"] >= 0) | is_lost]
        self._tracks = _without_doubles(np.concatenate([goes_on, self._begin(boxes, np.flatnonzero(sure))]))
        found = self._tracks[self._tracks["detection"] >= 0]
        return list(zip(found["number"].tolist(), found["detection"].tolist(), strict=True))

    def alive(self) -> set[int]:
        """Numbers of the tracks that may still go on."""
        return set(self._tracks["number"].tolist())

    def state(self) -> State:
        """All that it knows, for `restore`; nothing is rounded."""
        return {"looks": self._looks, "begun": self._begun, "tracks": self._tracks.copy()}

    def restore(self, state: State) -> None:
        """Go on where another, made with the same parameters, stopped."""
        self._looks, self._begun, self._tracks = state["looks"], state["begun"], state["tracks"].copy()

    def _predict(self, was_found: Mask, is_new: Mask, elapsed: float) -> None:
        """Run the motion on, but not that of new tracks, of which it is not known yet."""
        motions = self._tracks["motion"].copy()
        motions[~was_found, 1, HEIGHT] = 0  # nobody knows how large somebody becomes who is not seen
        for _ in range(round(min(max(elapsed * self._fps, 1), self._most_steps))):
            motions = self._filter.predict(motions)
        self._tracks["motion"][~is_new] = motions[~is_new]

    def _correct(self, boxes: Floats) -> None:
        is_found = self._tracks["detection"] >= 0
        found = self._tracks[is_found]
        found["motion"] = self._filter.correct(found["motion"], boxes[found["detection"]].astype(float))
        found["seen"] = self._looks
        self._tracks[is_found] = found

    def _begin(self, boxes: Floats, detections: NDArray[np.intp]) -> Tracks:
        tracks = np.zeros(len(detections), TRACK)
        tracks["number"] = np.arange(len(tracks)) + self._begun + 1
        tracks["begun"] = tracks["seen"] = self._looks
        tracks["detection"] = detections
        tracks["motion"] = self._filter.begin(boxes[detections].astype(float))
        self._begun += len(tracks)
        return tracks


def _match(tracks: Tracks, chosen: Mask, free: Mask, overlaps: Floats, min_iou: float) -> None:
    """Give chosen tracks that have no detection yet one of the free ones, which are free no more.

    Of all ways to do that the one is taken by which the overlaps, as far as they are beyond the least, are most in sum.
    """
    rows, columns = np.flatnonzero(chosen & (tracks["detection"] < 0)), np.flatnonzero(free)
    if not len(rows) or not len(columns):
        return
    _, column_of, _ = lapjv(1 - overlaps[np.ix_(rows, columns)], extend_cost=True, cost_limit=1 - min_iou)
    is_matched = column_of >= 0
    detections = columns[column_of[is_matched]]
    tracks["detection"][rows[is_matched]] = detections
    free[detections] = False


def _without_doubles(tracks: Tracks) -> Tracks:
    """Without those that follow somebody whom another track follows too: one was lost, and another begun."""
    is_lost = tracks["detection"] < 0
    if not is_lost.any() or is_lost.all():
        return tracks
    boxes, age = boxes_of(tracks["motion"]), tracks["seen"] - tracks["begun"]
    is_same = (box_iou(boxes, boxes) > SAME_IOU) & ~is_lost[:, None] & is_lost
    lost_goes = age[:, None] > age
    goes = (is_same & ~lost_goes).any(axis=1) | (is_same & lost_goes).any(axis=0)
    kept: Tracks = tracks[~goes]
    return kept
