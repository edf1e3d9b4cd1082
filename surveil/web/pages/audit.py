"""The audit: what was done, by whom, and why."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from surveil.web.access import ReadAudit

router = APIRouter(prefix="/audit")
PAGE = 100


@router.get("")
def audit_page(
    view: ReadAudit,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    by: str = "",
    action: str = "",
    verify: bool = False,
) -> Response:
    """The newest records, and whether the chain is whole where that is asked."""
    shown = view.archive.audit.list(limit=PAGE, before=before, actor=by or None, action=action or None)
    return view.page(
        "audit.html",
        shown=shown,
        by=by,
        action=action,
        what={entry.number: json.dumps(entry.what, ensure_ascii=False) for entry in shown.records},
        verified=view.archive.audit.verify() if verify else None,
    )
