"""How figures are written for people."""

from __future__ import annotations


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
