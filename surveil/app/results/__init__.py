"""What an archive answers. The names are the keys of the JSON: they may be added to, never renamed.

A subject's file is imported when one of its names is first asked for, that of searches first: a search by words would
spend a tenth of its time on making the classes of all the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surveil.app.results.accounts import NewToken, Token, TokenList, User, UserList
    from surveil.app.results.audit import AuditBreak, AuditEntry, AuditPage, AuditVerified
    from surveil.app.results.cases import (
        CaseDetail,
        CaseEntry,
        CaseList,
        CaseSummary,
        EvidenceExport,
        EvidenceVerified,
    )
    from surveil.app.results.footage import (
        CameraList,
        CameraSettings,
        CameraStatus,
        DaemonStatus,
        FootageStatus,
        IngestResult,
        Status,
        UnopenedFileStatus,
    )
    from surveil.app.results.identities import (
        CameraTimeline,
        ClusteringResult,
        Companion,
        DecisionEntry,
        DecisionLog,
        IdentityChange,
        IdentityDetail,
        IdentityDiff,
        IdentityList,
        IdentitySummary,
        MergeSuggestion,
        RunList,
        RunSummary,
        Visit,
    )
    from surveil.app.results.models import ModelList, ModelStatus, ModelSwitch
    from surveil.app.results.retention import CameraRetention, Forgettable, Removal, RetentionResult
    from surveil.app.results.search import (
        AttributeValue,
        Counts,
        ExamplePicture,
        FilterWorth,
        Gallery,
        HourCount,
        Match,
        NewHits,
        NewHitsList,
        PastSearch,
        Phrase,
        Reliability,
        ReliabilityList,
        SavedSearch,
        SavedSearchList,
        SearchHistory,
        SearchResult,
        SightingDetail,
        Understood,
        WatchedSearch,
        WatchResult,
    )
    from surveil.app.results.upkeep import CheckResult, Problem, UpgradeResult

__all__ = [
    "AttributeValue",
    "AuditBreak",
    "AuditEntry",
    "AuditPage",
    "AuditVerified",
    "CameraList",
    "CameraRetention",
    "CameraSettings",
    "CameraStatus",
    "CameraTimeline",
    "CaseDetail",
    "CaseEntry",
    "CaseList",
    "CaseSummary",
    "CheckResult",
    "ClusteringResult",
    "Companion",
    "Counts",
    "DaemonStatus",
    "DecisionEntry",
    "DecisionLog",
    "EvidenceExport",
    "EvidenceVerified",
    "ExamplePicture",
    "FilterWorth",
    "FootageStatus",
    "Forgettable",
    "Gallery",
    "HourCount",
    "IdentityChange",
    "IdentityDetail",
    "IdentityDiff",
    "IdentityList",
    "IdentitySummary",
    "IngestResult",
    "Match",
    "MergeSuggestion",
    "ModelList",
    "ModelStatus",
    "ModelSwitch",
    "NewHits",
    "NewHitsList",
    "NewToken",
    "PastSearch",
    "Phrase",
    "Problem",
    "Reliability",
    "ReliabilityList",
    "Removal",
    "RetentionResult",
    "RunList",
    "RunSummary",
    "SavedSearch",
    "SavedSearchList",
    "SearchHistory",
    "SearchResult",
    "SightingDetail",
    "Status",
    "Token",
    "TokenList",
    "Understood",
    "UnopenedFileStatus",
    "UpgradeResult",
    "User",
    "UserList",
    "Visit",
    "WatchResult",
    "WatchedSearch",
]
SUBJECTS = ("search", "footage", "identities", "upkeep", "models", "retention", "accounts", "audit", "cases")
"""The files."""


def __getattr__(name: str) -> Any:
    """The class of that name."""
    if name in __all__:
        for subject in SUBJECTS:
            if found := vars(import_module(f"{__name__}.{subject}")).get(name):
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
