"""The application: one object that owns an archive of sightings, and the requests and results it speaks in."""

from surveil.accounts.permissions import Actor
from surveil.app import results
from surveil.app.archive import Archive, open
from surveil.app.requests import SearchRequest
from surveil.app.results import *  # noqa: F403
from surveil.app.verify import evidence_key, verify_evidence
from surveil.types import FootageReport, ProgressCallback

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
