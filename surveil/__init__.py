"""Search recorded surveillance footage by what people look like.

Example:
    >>> import surveil
    >>> with surveil.open("sqlite:///station.db") as archive:
    ...     for report in archive.ingest(["/recordings"]):
    ...         print(report.path, report.state)
    ...     found = archive.search("woman, red top, backpack", cameras=["gate"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Archive", "SearchRequest", "SearchResult", "__version__", "open"]

if TYPE_CHECKING:
    from surveil.app import Archive, SearchRequest, SearchResult, open


def __getattr__(name: str) -> Any:
    """The library is imported when it is first used, so that `surveil --help` is instant and training does without."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from surveil import app

    return getattr(app, name)
