"""What a tracker knows, as plain values and arrays, so that another process can go on where it stopped.

Nothing is rounded and nothing left out: the tracker that goes on gives the tracks that the first would have given.
"""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
from ultralytics.trackers.byte_tracker import BYTETracker, STrack

from surveil.types import Crop, State


def byte_track_state(tracker: BYTETracker) -> State:
    """All that ultralytics' ByteTrack carries from frame to frame."""
    return {
        "frame_id": tracker.frame_id,
        "next_id": next(copy.copy(tracker._ids)),
        "tracked": [_of_track(track) for track in tracker.tracked_stracks],
        "lost": [_of_track(track) for track in tracker.lost_stracks],
        "removed": [track.track_id for track in tracker.removed_stracks],
    }


def restore_byte_track(tracker: BYTETracker, state: State) -> None:
    """Bring a new tracker, made with the same parameters, to a state."""
    tracker.frame_id = state["frame_id"]
    tracker._ids = iter(range(state["next_id"], 2**62))
    tracker.tracked_stracks = [_track(tracker, values) for values in state["tracked"]]
    tracker.lost_stracks = [_track(tracker, values) for values in state["lost"]]
    # Of tracks that were removed, ByteTrack asks for nothing but the number.
    tracker.removed_stracks = [SimpleNamespace(track_id=number) for number in state["removed"]]


def crop_state(crop: Crop) -> State:
    """A crop as plain values."""
    return {"image": crop.image, "seconds": crop.seconds, "box": crop.box, "quality": crop.quality}


def _of_track(track: STrack) -> State:
    return {
        "number": track.track_id,
        "state": track.state,
        "mean": track.mean,
        "covariance": track.covariance,
        "is_activated": bool(track.is_activated),
        "score": float(track.score),
        "tracklet_len": track.tracklet_len,
        "index": int(track.idx),
        "frame_id": track.frame_id,
        "start_frame": track.start_frame,
    }


def _track(tracker: BYTETracker, values: State) -> STrack:
    track = STrack(np.zeros(5, np.float32), values["score"], 0.0)  # its box is the mean's from the first frame on
    track.kalman_filter = tracker.kalman_filter
    track.track_id = values["number"]
    track.state = values["state"]
    track.mean, track.covariance = values["mean"], values["covariance"]
    track.is_activated, track.tracklet_len = values["is_activated"], values["tracklet_len"]
    track.idx, track.frame_id, track.start_frame = values["index"], values["frame_id"], values["start_frame"]
    return track
