"""What is wrong with footage, in English: made where it is printed, from what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from surveil.types import FootageWarning, WarningKind

MAX_PLACES = 100
"""So many places of one kind are kept apart; the last one stands for all that follow."""
SHOWN = 5


def warnings_in_words(warnings: Sequence[FootageWarning]) -> list[str]:
    """One line per kind of warning, in the order in which the kinds come."""
    kinds = dict.fromkeys(warning.kind for warning in warnings)
    return [_line(kind, [warning for warning in warnings if warning.kind == kind]) for kind in kinds]


def place_warnings(warnings: Sequence[FootageWarning]) -> list[FootageWarning]:
    """Warnings of one kind in order of time, at most `MAX_PLACES`: those after it become one."""
    if len(warnings) <= MAX_PLACES:
        return list(warnings)
    kept, rest = list(warnings[: MAX_PLACES - 1]), warnings[MAX_PLACES - 1 :]
    figures = {name for warning in rest for name in warning.detail}
    summed = {name: sum(warning.detail.get(name, 0) for warning in rest) for name in sorted(figures)}
    whole = FootageWarning(rest[0].kind, rest[0].start, rest[-1].end, {**summed, "places": len(rest)})
    return [*kept, whole]


def _total(warnings: Sequence[FootageWarning], name: str) -> int:
    return sum(int(warning.detail.get(name, 0)) for warning in warnings)


def _line(kind: WarningKind, warnings: Sequence[FootageWarning]) -> str:
    """One line for all warnings of a kind."""
    first = warnings[0]
    match kind:
        case "clock_change":
            return _clock_change(first.detail)
        case "clock_jump":
            return f"the clock of the file begins anew {_total(warnings, 'times')} times: read as continuous"
        case "container_broken":
            return "the container is broken: reading stopped where it could not be followed any more"
        case "damaged":
            unreadable, flawed = _total(warnings, "unreadable"), _total(warnings, "flawed")
            return f"damaged: {unreadable} frames unreadable, {flawed} with errors in the picture, {_ranges(warnings)}"
        case "gap":
            return f"no frames {_ranges(warnings)}"
        case "invented_times":
            return f"{_total(warnings, 'frames')} frames without a time: each follows the one before it"
        case "junk_skipped":
            return f"{_total(warnings, 'pictures')} pictures are junk by their names (identity -1) and were skipped"
        case "not_people":
            places = sum(int(warning.detail.get("places", 1)) for warning in warnings)
            tracks = _total(warnings, "tracks")
            things = f"{places} things that never move and look" if places > 1 else "a thing that never moves and looks"
            return f"{things} like nobody, taken for people {tracks} times, not stored: {_ranges(warnings)}"
        case "other":
            return "; ".join(str(warning.detail.get("text", "")) for warning in warnings)
        case "outlier_times":
            return f"{_total(warnings, 'frames')} frames with times that cannot be: each lies between its neighbours"
        case "stated_fps":
            return f"no timestamps in the file: times follow the stated rate, {first.detail.get('fps', 0):g} fps"
        case "truncated":
            ends, claimed = first.start or 0.0, first.end or 0.0
            missing = f"({claimed - ends:.1f} s missing)"
            return f"cut off: the container says {claimed:.1f} s, frames end at {ends:.1f} s {missing}"
        case "unreadable_pictures":
            names = [name for warning in warnings for name in warning.detail.get("names", ())]
            count = _total(warnings, "pictures")
            more = ", ..." if len(names) < count else ""
            return f"{count} pictures cannot be read: {', '.join(names)}{more}"


def _clock_change(detail: Mapping[str, Any]) -> str:
    shown = f"it starts at {detail.get('local')}, which clocks in {detail.get('zone')}"
    if detail.get("times"):
        return f"{shown} showed twice: the first is taken, it may be an hour later"
    return f"{shown} never showed: its camera may stand in another zone"


def _ranges(warnings: Sequence[FootageWarning]) -> str:
    text = ", ".join(f"between {warning.start or 0:.2f} s and {warning.end or 0:.2f} s" for warning in warnings[:SHOWN])
    more = sum(int(warning.detail.get("places", 1)) for warning in warnings[SHOWN:])
    return f"{text} and in {more} more places" if more else text
