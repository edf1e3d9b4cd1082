"""The application: one object that owns an archive of sightings, and the requests and results it speaks in."""

from typing import TYPE_CHECKING, Any

from surveil.accounts.permissions import Actor
from surveil.app import results
from surveil.app.archive import Archive, open
from surveil.app.requests import SearchRequest
from surveil.app.verify import evidence_key, verify_evidence
from surveil.types import FootageReport, ProgressCallback

if TYPE_CHECKING:
    from surveil.app.results import *  # noqa: F403

__all__ = [
    "Actor",
    "Archive",
    "FootageReport",
    "ProgressCallback",
    "SearchRequest",
    "evidence_key",
    "open",
    "verify_evidence",
]
__all__ += results.__all__


def __getattr__(name: str) -> Any:
    """Results are imported when they are first asked for."""
    if name in results.__all__:
        return getattr(results, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
