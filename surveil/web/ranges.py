"""Parts of a file, as a browser asks for them that seeks in a film (RFC 9110, section 14)."""

from __future__ import annotations

import re

from fastapi.responses import Response

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def ranged(content: bytes, kind: str, asked: str | None) -> Response:
    """The part that is asked for, or all of it; of several parts, all of it."""
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=600"}
    found = RANGE.fullmatch(asked.replace(" ", "")) if asked else None
    if found is None or not any(found.groups()):
        return Response(content, media_type=kind, headers=headers)
    size = len(content)
    if found[1]:
        start, end = int(found[1]), min(int(found[2] or size - 1), size - 1)
    else:
        start, end = max(size - int(found[2]), 0), size - 1
    if start > end or start >= size:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Response(content[start : end + 1], 206, headers, kind)
