"""Tracks that never move, as furniture does."""

from __future__ import annotations

import numpy as np

from surveil.types import Track

MOVED = 0.1
"""Part of its height by which a box must leave its place, or grow, to count as moved. The boxes of what does not live
tremble by 0.01 to 0.03; of people who stood for 14 seconds, the stillest of a crowd, they moved by 0.16 to 0.2."""
SECONDS = 5.0
"""For so long at least a track must not have moved: for a moment everybody stands still."""
USUAL = (5, 95)
"""Percentiles between which heights are compared: what passes in front of a chair makes its box lower for a moment."""


def never_moves(track: Track) -> bool:
    """Whether a track's boxes stay where they are and as high as they are, from the first detection to the last."""
    middles = (track.boxes[:, :2] + track.boxes[:, 2:]) / 2
    away = np.linalg.norm(middles - np.median(middles, axis=0), axis=1).max()
    heights = track.boxes[:, 3] - track.boxes[:, 1]
    grown = np.diff(np.percentile(heights, USUAL))[0]
    return bool(track.seconds[-1] - track.seconds[0] >= SECONDS and max(away, grown) <= MOVED * np.median(heights))
