"""Results as pictures."""

from __future__ import annotations

import cv2
import numpy as np

from surveil.evaluation.official import JOINED, OfficialResult
from surveil.evaluation.reid import best_matches
from surveil.types import Image

_CROP_HEIGHT, _CROP_WIDTH = 256, 128
_FRAME, _GAP, _CAPTION = 5, 6, 22
_GREEN, _RED, _GREY = (60, 160, 40), (40, 40, 210), (120, 120, 120)


def ranking_sheet(result: OfficialResult, *, queries: int = 8, count: int = 10) -> Image:
    """Queries from the worst ranked to the best, evenly chosen, each with its first matches.

    Green frames show the query's identity, red ones another. Under a query stands its average precision, under a match
    its similarity.

    Args:
        result: What to show.
        queries: Rows of the sheet.
        count: Matches per row.
    """
    average_precision = result.reid[JOINED].average_precision
    ranked = np.argsort(average_precision)[: result.reid[JOINED].queries]  # NaN sorts last
    chosen = ranked[np.unique(np.linspace(0, len(ranked) - 1, queries).round().astype(int))]
    return np.vstack([_row(result, int(row), float(average_precision[row]), count) for row in chosen])


def _row(result: OfficialResult, row: int, average_precision: float, count: int) -> Image:
    query, gallery = result.query, result.gallery
    embedding, identity = result.query_embeddings[row], int(query.ids[row])
    best = best_matches(
        embedding, identity, int(query.cameras[row]), result.gallery_embeddings, gallery.ids, gallery.cameras, count
    )
    tiles = [
        _tile(
            query.decode(slice(row, row + 1))[0], _GREY, f"AP {100 * average_precision:.0f}%  cam {query.cameras[row]}"
        )
    ]
    for match in best.tolist():
        similarity = float(result.gallery_embeddings[match] @ embedding)
        colour = _GREEN if gallery.ids[match] == identity else _RED
        tiles.append(
            _tile(gallery.decode(slice(match, match + 1))[0], colour, f"{similarity:.3f}  cam {gallery.cameras[match]}")
        )
    blank = np.full_like(tiles[0], 255)
    return np.hstack([*tiles, *[blank] * (count + 1 - len(tiles))])


def _tile(crop: Image, colour: tuple[int, int, int], caption: str) -> Image:
    """A framed crop on white with a caption under it."""
    height, width = _CROP_HEIGHT + 2 * (_FRAME + _GAP) + _CAPTION, _CROP_WIDTH + 2 * (_FRAME + _GAP)
    tile = np.full((height, width, 3), 255, np.uint8)
    framed = cv2.copyMakeBorder(
        cv2.resize(crop, (_CROP_WIDTH, _CROP_HEIGHT), interpolation=cv2.INTER_CUBIC),
        _FRAME, _FRAME, _FRAME, _FRAME, cv2.BORDER_CONSTANT, value=colour,
    )  # fmt: skip
    tile[_GAP : _GAP + framed.shape[0], _GAP : _GAP + framed.shape[1]] = framed
    cv2.putText(tile, caption, (_GAP, height - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return tile
