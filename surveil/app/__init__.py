"""The application: one object that owns an archive of sightings, and the requests and results it speaks in."""

from surveil.app.archive import Archive, open
from surveil.app.requests import SearchRequest
from surveil.app.results import (
    CameraList,
    CameraSettings,
    CameraStatus,
    CheckResult,
    ClusteringResult,
    ExamplePicture,
    FootageStatus,
    Gallery,
    IdentityDetail,
    IdentityList,
    IdentitySummary,
    IngestResult,
    Match,
    SearchResult,
    SightingDetail,
    Status,
    Understood,
    UpgradeResult,
)
from surveil.types import FootageReport, ProgressCallback

__all__ = [
    "Archive",
    "CameraList",
    "CameraSettings",
    "CameraStatus",
    "CheckResult",
    "ClusteringResult",
    "ExamplePicture",
    "FootageReport",
    "FootageStatus",
    "Gallery",
    "IdentityDetail",
    "IdentityList",
    "IdentitySummary",
    "IngestResult",
    "Match",
    "ProgressCallback",
    "SearchRequest",
    "SearchResult",
    "SightingDetail",
    "Status",
    "Understood",
    "UpgradeResult",
    "open",
]
