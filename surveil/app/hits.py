"""Telling the hits of watched searches to their webhooks."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from surveil.app.results.search import Match, SavedSearch, SearchResult
from surveil.errors import WebhookError
from surveil.webhook import target_of, tell


def tell_hits(saved: SavedSearch, secret: str | None, result: SearchResult, allowed: Collection[str]) -> str | None:
    """Tell each hit of a search to its webhook, if it has one; after the first that is not taken no more are told.

    Args:
        saved: The search.
        secret: With which hits are signed.
        result: What it found.
        allowed: The hosts that may be told, by the settings as they are now.

    Returns:
        Why one was not taken; None where all were.
    """
    if saved.webhook is None or secret is None:
        return None
    try:
        target = target_of(saved.webhook, allowed)
        for match in result.matches:
            tell(target, _hit(saved, match), secret, _delivery(saved, match))
    except WebhookError as error:
        return str(error)
    return None


def _delivery(saved: SavedSearch, match: Match) -> str:
    """A name for telling this hit, by which the receiver knows it again."""
    return hashlib.sha256(f"{match.sighting} {saved.name}".encode()).hexdigest()[:32]


def _hit(saved: SavedSearch, match: Match) -> dict[str, Any]:
    """What is told: where to look, and no picture or description of anybody."""
    return {
        "search": saved.name,
        "sighting": match.sighting,
        "camera": match.camera,
        "first_seen": match.first_seen.isoformat(),
        "last_seen": match.last_seen.isoformat(),
        "probability": match.probability,
    }
