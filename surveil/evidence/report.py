"""The report of a package: one HTML file that needs no other, for people who do not know the software."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

from surveil.evidence.exhibit import About
from surveil.footage.warnings import warnings_in_words
from surveil.formatting import match_percent, percent

if TYPE_CHECKING:
    from surveil.evidence.package import Written

LIMITS = (
    "The software compares clothes and build in small pictures, never faces. Two people dressed alike can score as "
    "high as one person seen twice.",
    "A probability is calibrated on pairs of pictures of which half show one person. Among many candidates most pairs "
    "do not, so a high figure alone says less than it seems to.",
    "Attributes such as clothes, hair, age group and gender are guesses from small pictures and can be wrong.",
    "Whoever the detector missed is in no list: that nobody was found does not show that nobody was there.",
    "Times come from the camera's clock as it was set. The clock offset is what an operator said of it.",
    "A match is a lead for a person to check. It identifies nobody.",
)
_TEMPLATE = files("surveil.evidence") / "report.html"


def report(about: About, written: Sequence[Written], folder: Path) -> str:
    """The page (HTML).

    Args:
        about: Who made the package, of what.
        written: The exhibits, and their files.
        folder: Where the files lie.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=percent, match_percent=match_percent, utc=_utc, local=_local)
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return page.render(
        about=about,
        written=written,
        limits=(*LIMITS, *about.limits),
        picture=lambda name: base64.b64encode((folder / name).read_bytes()).decode(),
        warnings_in_words=warnings_in_words,
    )


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _local(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S %Z (UTC%z)}"
