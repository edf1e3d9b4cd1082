"""Contact sheets: pictures in reading order, with a few lines under each."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pictures
from PIL import ImageDraw
from PIL.Image import Image as Picture

from surveil.errors import PictureError, QueryError
from surveil.files import replace_file
from surveil.images import decode_picture
from surveil.lettering import font, line_height, shorten, wrap
from surveil.palette import ACCENT, CARD, FAINT, FIELD, INK, LINE, PAPER
from surveil.types import Image

PICTURE = (180, 360)
"""Width and height of the field for a picture, in pixels."""
MARGIN, GAP, PAD = 40, 20, 12
MAX_COLUMNS, MIN_COLUMNS = 8, 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture, or words that say why there is none, and the lines under it; a query's is framed and labelled."""

    picture: Picture | str
    lines: tuple[str, ...]
    label: str | None = None


def picture_of(content: bytes | Image) -> Picture | str:
    """A JPEG, or a BGR array (H, W, 3), for a cell; words if the JPEG is damaged."""
    try:
        image = decode_picture(content, "") if isinstance(content, bytes) else content
    except PictureError:
        return "the picture is damaged"
    return Pictures.fromarray(image[..., ::-1].copy())


def contact_sheet(
    cells: Sequence[Cell], title: str, subtitle: str = "", banner: Callable[[int], Picture] | None = None
) -> Picture:
    """Draw the cells in reading order under a title and a subtitle, which is wrapped to the width.

    Args:
        cells: The pictures.
        title: The heading.
        subtitle: What else is said above.
        banner: Draws a picture as wide as it is told, which comes between the words and the cells.
    """
    columns = max(MIN_COLUMNS, min(MAX_COLUMNS, math.ceil(math.sqrt(2 * len(cells)))))
    rows = math.ceil(len(cells) / columns)
    line = line_height(font(15))
    cell_width = PICTURE[0] + 2 * PAD
    cell_height = PICTURE[1] + 3 * PAD + line * max((len(_caption(cell)) for cell in cells), default=0)
    width = 2 * MARGIN + columns * cell_width + (columns - 1) * GAP
    text = wrap(subtitle, font(18), width - 2 * MARGIN)
    header = MARGIN + line_height(font(32)) + len(text) * line_height(font(18)) + GAP
    above = banner(width - 2 * MARGIN) if banner else None
    words_end, header = header, header + (above.height + GAP if above else 0)
    sheet = Pictures.new("RGB", (width, header + rows * (cell_height + GAP) - GAP + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN // 2), shorten(title, font(32), width - 2 * MARGIN), INK, font(32))
    for i, words in enumerate(text):
        draw.text((MARGIN, MARGIN // 2 + line_height(font(32)) + i * line_height(font(18))), words, FAINT, font(18))
    if above:
        sheet.paste(above, (MARGIN, words_end))
    for i, cell in enumerate(cells):
        left = MARGIN + i % columns * (cell_width + GAP)
        top = header + i // columns * (cell_height + GAP)
        _draw_cell(sheet, draw, cell, (left, top, left + cell_width, top + cell_height))
    return sheet


def save_sheet(sheet: Picture, path: Path) -> None:
    """Write a contact sheet, whole or not at all; the name's ending says in which format.

    Raises:
        QueryError: The place cannot be written, or the ending is unknown.
    """
    content, ending = io.BytesIO(), path.suffix.lower()
    try:
        if ending not in Pictures.registered_extensions():
            raise ValueError(f"unknown ending: {ending!r}")
        sheet.save(content, Pictures.registered_extensions()[ending])
        replace_file(path, content.getvalue())
    except (OSError, ValueError) as error:
        raise QueryError(
            f"the contact sheet cannot be written ({error})", path, "Give a name such as sheet.png."
        ) from error


def _draw_cell(sheet: Picture, draw: ImageDraw.ImageDraw, cell: Cell, place: tuple[int, int, int, int]) -> None:
    left, top = place[0] + PAD, place[1] + PAD
    draw.rounded_rectangle(place, 8, CARD, ACCENT if cell.label else LINE, 4 if cell.label else 1)
    draw.rectangle((left, top, left + PICTURE[0] - 1, top + PICTURE[1] - 1), FIELD)
    if isinstance(cell.picture, str):
        draw.text((left + PAD, top + PICTURE[1] // 2), cell.picture, FAINT, font(15))
    else:
        scale = min(PICTURE[0] / cell.picture.width, PICTURE[1] / cell.picture.height)
        size = max(1, round(cell.picture.width * scale)), max(1, round(cell.picture.height * scale))
        picture = cell.picture.resize(size, Pictures.Resampling.LANCZOS)
        sheet.paste(picture, (left + (PICTURE[0] - size[0]) // 2, top + (PICTURE[1] - size[1]) // 2))
    if cell.label:
        box = draw.textbbox((0, 0), cell.label, font(15))
        draw.rectangle((left, top, left + box[2] + 2 * PAD, top + line_height(font(15)) + 4), ACCENT)
        draw.text((left + PAD, top + 2), cell.label, CARD, font(15))
    for i, words in enumerate(_caption(cell)):
        at = top + PICTURE[1] + PAD + i * line_height(font(15))
        draw.text((left, at), shorten(words, font(15), PICTURE[0]), INK if i == 0 else FAINT, font(15))


def _caption(cell: Cell) -> list[str]:
    """The lines under a picture: the first is shortened, the others are wrapped."""
    wrapped = [part for line in cell.lines[1:] for part in wrap(line, font(15), PICTURE[0])]
    return [*cell.lines[:1], *wrapped]
