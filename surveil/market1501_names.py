"""File names as Market-1501 gives them, which folders of crops from elsewhere often copy."""

from __future__ import annotations

import re
from dataclasses import dataclass

JUNK, DISTRACTOR = -1, 0
"""Identities of badly cut boxes, and of background and people nobody asks for."""

# One gallery picture of the official archive carries its suffix twice.
_NAME = re.compile(r"(-1|\d{4})_c(\d+)s(\d+)_(\d{6})_\d{2}(?:\.jpg)*")


@dataclass(frozen=True, slots=True)
class CropName:
    """What `0002_c1s1_000451_03.jpg` says (Zheng et al., ICCV 2015); the last number, the box, tells nothing.

    Attributes:
        identity: From 1; `JUNK` or `DISTRACTOR`.
        camera: From 1.
        sequence: Recording sequence, from 1.
        frame: Frame number within the sequence.
    """

    identity: int
    camera: int
    sequence: int
    frame: int

    @staticmethod
    def parse(name: str) -> CropName | None:
        """Read a file name, with or without its suffix; None if it is not of this kind."""
        found = _NAME.fullmatch(name)
        return None if found is None else CropName(*map(int, found.groups()))
