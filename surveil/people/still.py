"""Tracks that never move, as furniture does."""

from __future__ import annotations

import numpy as np

from surveil.types import Track

MOVED = 0.25
"""Part of its height by which a box must move or grow to count as moved: half a step of a walker, and about as much as
the middle of a box moves when half of a chair is hidden for a moment."""
USUAL = (5, 95)
"""Percentiles between which heights are compared: what passes in front of a chair makes its box lower for a moment."""


def never_moves(track: Track) -> bool:
    """Whether a track's boxes stay where they are and as high as they are, from the first detection to the last."""
    middles = (track.boxes[:, :2] + track.boxes[:, 2:]) / 2
    away = np.linalg.norm(middles - np.median(middles, axis=0), axis=1).max()
    heights = track.boxes[:, 3] - track.boxes[:, 1]
    grown = np.diff(np.percentile(heights, USUAL))[0]
    return bool(max(away, grown) <= MOVED * np.median(heights))
