"""Queries of all sorts with their first matches, as one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw
from PIL.Image import Image as Picture

from surveil.evaluation.metrics.reid import Ids, best_matches
from surveil.evaluation.protocols.official import JOINED, OfficialResult
from surveil.formatting import match_percent, percent
from surveil.lettering import font, wrap
from surveil.palette import CARD, FAINT, FIELD, GREY, INK, RIGHT, WRONG
from surveil.types import Floats, Image

CROP = (96, 192)
"""Width and height of a crop on the sheet, in pixels."""
FRAME, GAP, MARGIN = 5, 8, 28
_TILE = (CROP[0] + 2 * FRAME, CROP[1] + 2 * FRAME + 38)
_HEADING, _ROW_GAP = 46, 14


@dataclass(frozen=True, slots=True)
class QueryExamples:
    """Queries of one sort: a heading, and rows of the query split."""

    heading: str
    queries: tuple[int, ...]


def choose_queries(result: OfficialResult, each: int) -> tuple[QueryExamples, ...]:
    """The best, the worst, and of the failed ones those whose wrong match is the most similar.

    No query is shown twice, and no person twice in a section; a section may be empty.

    Args:
        result: What to choose from.
        each: Queries per section.
    """
    reid = result.reid[JOINED]
    found = np.flatnonzero(reid.first_match >= 0)
    precision = reid.average_precision[found]
    # Of equally good queries, the one with the most pictures to find.
    wanted = np.array([_wanted(result, row) for row in found.tolist()])
    best = found[np.lexsort(np.stack([-wanted, -precision]))]
    worst = found[np.argsort(precision, kind="stable")]
    failed = found[reid.first_match[found] > 0]
    failed = failed[np.argsort(-_first_similarities(result, failed), kind="stable")]
    of = f"of {len(found):,} queries"
    shown: set[int] = set()
    return (
        QueryExamples(
            f"Best: {int((precision == 1).sum()):,} {of} rank every picture of the person first",
            _distinct(result, best, each, shown),
        ),
        QueryExamples("Worst: the lowest average precision", _distinct(result, worst, each, shown)),
        QueryExamples(
            f"Failed: for {len(failed):,} {of} the first match is wrong; of these, the most similar first matches",
            _distinct(result, failed, each, shown),
        ),
    )


def _distinct(result: OfficialResult, rows: Ids, count: int, shown: set[int]) -> tuple[int, ...]:
    """The first queries of different people among `rows` that are not yet shown, to which they are added."""
    chosen: dict[int, int] = {}
    for row in rows.tolist():
        if len(chosen) == count:
            break
        if row not in shown:
            chosen.setdefault(int(result.query.ids[row]), row)
    shown.update(chosen.values())
    return tuple(chosen.values())


def query_sheet(result: OfficialResult, *, each: int = 4, count: int = 10) -> Picture:
    """Best, worst and failed queries, each with its first matches.

    A green frame with a tick shows the person of the query, a red one with a cross another. Under a query stands its
    average precision; under a match its similarity and, where the model is calibrated, the probability that it is the
    same person.

    Args:
        result: What to show.
        each: Queries per section.
        count: Matches per query.
    """
    sections = choose_queries(result, each)
    width = 2 * MARGIN + (count + 1) * _TILE[0] + (count + 1) * GAP + GAP
    title = "Queries and their first matches from other cameras"
    notes = wrap(_explanation(result), font(13), width - 2 * MARGIN)
    top = MARGIN + 34 + 19 * len(notes)
    height = top + MARGIN + sum(_HEADING + max(1, len(s.queries)) * (_TILE[1] + _ROW_GAP) for s in sections)
    sheet = Pictures.new("RGB", (width, height), CARD)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 8), title, INK, font(22))
    for line, words in enumerate(notes):
        draw.text((MARGIN, MARGIN + 26 + 19 * line), words, FAINT, font(13))
    for section in sections:
        draw.line((MARGIN, top + 6, width - MARGIN, top + 6), FIELD)
        draw.text((MARGIN, top + 14), section.heading, INK, font(16))
        top += _HEADING
        if not section.queries:
            draw.text((MARGIN, top), "none", FAINT, font(14))
        for row in section.queries or (None,):
            if row is not None:
                _draw_row(sheet, result, row, top, count)
            top += _TILE[1] + _ROW_GAP
    return sheet


def _draw_row(sheet: Picture, result: OfficialResult, row: int, top: int, count: int) -> None:
    query, gallery = result.query, result.gallery
    identity, embedding = int(query.ids[row]), result.query_embeddings[row]
    precision = float(result.reid[JOINED].average_precision[row])
    lines = (f"camera {query.cameras[row]}", f"AP {percent(precision, 1)}")
    _draw_tile(sheet, (MARGIN, top), query.decode(slice(row, row + 1))[0], GREY, lines)
    for place, match in enumerate(_matches(result, row, count).tolist()):
        similarity = float(result.gallery_embeddings[match] @ embedding)
        probability = result.card.calibration.same_person(similarity)
        chance = match_percent(None if probability is None else float(probability))
        left = MARGIN + _TILE[0] + 2 * GAP + place * (_TILE[0] + GAP)
        colour = RIGHT if gallery.ids[match] == identity else WRONG
        lines = (f"{similarity:.2f}  {chance}", f"camera {gallery.cameras[match]}")
        _draw_tile(sheet, (left, top), gallery.decode(slice(match, match + 1))[0], colour, lines)


def _draw_tile(sheet: Picture, place: tuple[int, int], crop: Image, colour: str, lines: tuple[str, str]) -> None:
    """A framed crop with its sign in the corner and two lines under it."""
    left, top = place
    draw = ImageDraw.Draw(sheet)
    right, bottom = left + CROP[0] + 2 * FRAME - 1, top + CROP[1] + 2 * FRAME - 1
    draw.rectangle((left, top, right, bottom), colour)
    picture = Pictures.fromarray(np.ascontiguousarray(crop[..., ::-1])).resize(CROP, Pictures.Resampling.LANCZOS)
    sheet.paste(picture, (left + FRAME, top + FRAME))
    if colour != GREY:
        draw.rectangle((right - 19, bottom - 19, right, bottom), colour)
        strokes = {RIGHT: [(5, 10, 8, 14), (8, 14, 14, 5)], WRONG: [(5, 5, 14, 14), (5, 14, 14, 5)]}
        for x1, y1, x2, y2 in strokes[colour]:
            draw.line((right - 19 + x1, bottom - 19 + y1, right - 19 + x2, bottom - 19 + y2), "white", 2)
    for line, (words, ink) in enumerate(zip(lines, (INK, FAINT), strict=True)):
        draw.text((left, bottom + 4 + 16 * line), words, ink, font(13))


def _matches(result: OfficialResult, row: int, count: int) -> Ids:
    query, gallery, camera = result.query_embeddings[row], result.gallery, int(result.query.cameras[row])
    person = int(result.query.ids[row])
    return best_matches(query, person, camera, result.gallery_embeddings, gallery.ids, gallery.cameras, count)


def _wanted(result: OfficialResult, row: int) -> int:
    """How many gallery pictures are there to be found."""
    gallery, query = result.gallery, result.query
    return int(((gallery.ids == query.ids[row]) & (gallery.cameras != query.cameras[row])).sum())


def _first_similarities(result: OfficialResult, rows: Ids, block: int = 256) -> Floats:
    """How similar the first match of each of some queries is; a few at a time, in bounded memory."""
    query, gallery = result.query, result.gallery
    highest = [np.zeros(0, np.float32)]
    for some in (rows[start : start + block] for start in range(0, len(rows), block)):
        similarities = result.query_embeddings[some] @ result.gallery_embeddings.T
        passed_over = (query.ids[some, None] == gallery.ids) & (query.cameras[some, None] == gallery.cameras)
        similarities[passed_over] = -np.inf
        highest.append(similarities.max(axis=1))
    return np.concatenate(highest)


def _explanation(result: OfficialResult) -> str:
    told = " and the probability that it is the same person, had half of all pairs been"
    probability = "" if result.card.calibration.slope is None else told
    return (
        "Green with a tick: the person of the query; red with a cross: somebody else. Under a query: its average "
        f"precision (AP). Under a match: its similarity{probability}. Pictures: Market-1501, for research only."
    )
