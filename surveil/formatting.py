"""How figures and names are written for people."""

from __future__ import annotations

import re

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What could steer a terminal or turn the direction of a line: control and escape characters, line breaks, marks of
direction, and bytes of a name that are no UTF-8."""


def printable(text: object) -> str:
    r"""Text without what could steer a terminal: each such character as its escape sequence.

    Names of files and cameras come from whoever made the footage.

    Example:
        >>> printable(Path("a\n.mp4"))
        'a\\n.mp4'
    """
    return UNPRINTABLE.sub(lambda found: _escape(found[0]), str(text))


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that it could not decode
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode()


def percent(share: float | None, decimals: int = 0, sign: str = "%") -> str:
    """A measured share as "97%"; "" where there is none.

    Args:
        share: 0 to 1.
        decimals: Digits after the point.
        sign: What follows; "" in a table whose title says that it is in per cent.
    """
    return "" if share is None else f"{100 * share:.{decimals}f}{sign}"


def match_percent(probability: float | None) -> str:
    """The probability of a match: never "100%" or "0%", for no match is certain, nor is any ruled out.

    Args:
        probability: 0 to 1; "" where there is none.
    """
    if probability is None:
        return ""
    if probability >= 0.995:
        return ">99%"
    return "<1%" if probability < 0.005 else percent(probability)
