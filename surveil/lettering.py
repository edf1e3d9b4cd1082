"""Text on pictures: the font, and lines that fit a width in pixels."""

from __future__ import annotations

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont


def font(size: int) -> FreeTypeFont:
    """The font that every picture is lettered in, at a size in pixels."""
    face = ImageFont.load_default(size)
    assert isinstance(face, FreeTypeFont)
    return face


def line_height(face: FreeTypeFont) -> int:
    """Pixels from one line to the next."""
    ascent, descent = face.getmetrics()
    return ascent + descent + 3


def shorten(text: str, face: FreeTypeFont, width: int) -> str:
    """The text, shortened with an ellipsis where it is too long."""
    if face.getlength(text) <= width:
        return text
    while text and face.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"


def wrap(text: str, face: FreeTypeFont, width: int) -> list[str]:
    """The text in lines; a word that is wider than `width` has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and face.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
