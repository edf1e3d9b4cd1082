"""Visits: what belongs to one stay of somebody before one camera."""

from __future__ import annotations

from datetime import timedelta

VISIT_GAP = timedelta(minutes=5)
"""Who is seen again by the same camera within this time has not left."""
