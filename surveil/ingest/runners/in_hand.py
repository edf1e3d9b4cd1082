"""What a process has in hand, and whether it may take more."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


class InHand(dict[int, T]):
    """Footage that a process works on, by its number, and what becomes of each piece.

    There may be several pieces at once, but footage on which a worker died is worked on alone: if it kills this process
    too, it takes nothing else with it, and no other footage is blamed for that.

    Args:
        at_once: So many pieces.
    """

    def __init__(self, at_once: int) -> None:
        super().__init__()
        self._at_once, self._alone = at_once, False

    def has_room(self, *, alone: bool = False) -> bool:
        """Whether there may be one more; alone: one that must have the process to itself."""
        return not self or not (alone or self._alone or len(self) >= self._at_once)

    def take(self, footage_id: int, work: T, *, alone: bool) -> None:
        """Have one more in hand."""
        self[footage_id], self._alone = work, alone
