"""Arithmetic of boxes: (N, 4) float32, x1, y1, x2, y2 in pixels. A box that is inside out is empty."""

from __future__ import annotations

import numpy as np

from surveil.types import Floats


def box_area(boxes: Floats) -> Floats:
    """(N,) areas of boxes (N, 4) in square pixels."""
    areas: Floats = (boxes[:, 2:] - boxes[:, :2]).clip(0).prod(-1)
    return areas


def box_intersection(first: Floats, second: Floats) -> Floats:
    """(N, M) area in square pixels that every box of `first` (N, 4) shares with every box of `second` (M, 4)."""
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared: Floats = (bottom_right - top_left).clip(0).prod(-1)
    return shared


def box_iou(first: Floats, second: Floats) -> Floats:
    """(N, M) intersection over union, 0 to 1, of every box of `first` (N, 4) with every box of `second` (M, 4)."""
    shared = box_intersection(first, second)
    union = box_area(first)[:, None] + box_area(second)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)
