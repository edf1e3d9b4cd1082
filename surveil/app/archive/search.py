"""Searching an archive."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveil.app.archive.base import ArchiveBase
from surveil.app.base import checked
from surveil.app.requests import SearchRequest
from surveil.app.results import PastSearch, SearchHistory, SearchResult
from surveil.errors import StoreError

if TYPE_CHECKING:
    from surveil.app.results import Counts, IdentityDetail, Match, ReliabilityList, SightingDetail


class SearchMethods(ArchiveBase):
    """Finding people."""

    def search(self, request: SearchRequest | str | None = None, /, **asked: Any) -> SearchResult:
        """Find people by what they look like, by where and when they were seen, or by pictures.

        Args:
            request: A whole request, or a description in words.
            asked: Without a whole request: the fields of `SearchRequest`.

        Raises:
            QueryError: The request asks for something that cannot be answered.
            CheckpointError: A network cannot be loaded.

        Example:
            >>> archive.search("woman, red top", like=["person.jpg"], cameras=["gate"], after="2026-09-14T08:00")
        """
        from surveil.app.search import answer

        if not isinstance(request, SearchRequest):
            request = self.request(request, **asked)
        elif asked:
            raise TypeError("give a whole request or the parts of one, not both")
        return self._remembered(request, answer(self.database, self.media, self.models, request))

    def warm_up(self) -> None:
        """Load what searches need, so that the first is as quick as the next: networks, and what is kept in memory.

        Raises:
            CheckpointError: A network cannot be loaded.
        """
        from surveil.search.facets import count_facets
        from surveil.search.filters import Filters

        self.models.detector  # noqa: B018
        self.models.appearance  # noqa: B018
        with self.database.session() as session, suppress(StoreError):  # nothing was ingested yet
            count_facets(session, Filters(), self.database)

    def _remembered(self, request: SearchRequest, result: SearchResult) -> SearchResult:
        """The result of a search that is in the history now; further pages of one are not taken down again."""
        from surveil.search.history import remember

        kept = self.settings.search_history
        if request.offset or not kept:
            return result
        plain = request.model_dump(mode="json", exclude_defaults=True)
        try:
            with self.database.session() as session:
                remember(session, plain, len(result.matches), result.next_offset is not None, kept=kept)
        except StoreError as error:  # whoever may only read may search
            return result.model_copy(update={"not_remembered": str(error)})
        return result

    def search_history(self, limit: int = 50) -> SearchHistory:
        """The searches that were made, so many of them at most, the newest first."""
        from surveil.search.history import past_searches

        with self.database.session() as session:
            found = past_searches(session, limit)
            return SearchHistory(searches=tuple(PastSearch.model_validate(search) for search in found))

    def forget_search_history(self) -> int:
        """Forget which searches were made; gives how many there were."""
        from surveil.search.history import forget_past

        with self.database.session() as session:
            return forget_past(session)

    def request(self, text: str | None = None, /, **asked: Any) -> SearchRequest:
        """A request from a description and the fields of `SearchRequest`.

        Raises:
            QueryError: A field is unknown, or a value is not allowed.
        """
        return checked(SearchRequest, asked if text is None else {"text": text, **asked})

    def sighting(self, sighting: int) -> SightingDetail:
        """Everything stored of one sighting.

        Raises:
            QueryError: There is none of that number.
        """
        from surveil.app.footage import sighting_detail

        with self.database.session() as session:
            return sighting_detail(session, self.media, sighting)

    def neighbours(self, sighting: int, limit: int = 5) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
        """Who was seen before a sighting, and who after it, by the same camera: so many at most, in order of time.

        Raises:
            QueryError: There is none of that number.
        """
        from surveil.app.footage import neighbours

        with self.database.session() as session:
            return neighbours(session, self.media, sighting, limit)

    def reliability(self) -> ReliabilityList:
        """What the answers of the model in use are worth, as its card says."""
        from surveil.app.reliability import reliability

        with self.database.session() as session:
            return reliability(session)

    def counts(self, request: SearchRequest, *, zone: str = "UTC", day: date | None = None) -> Counts:
        """How many people who pass the filters of a request each camera saw in each hour; its examples count nothing.

        Args:
            request: The filters.
            zone: In which the hours are shown.
            day: Only the hours of this day of the zone; None: all.

        Raises:
            QueryError: A filter is wrong.
        """
        from surveil.app.search import counts

        with self.database.session() as session:
            return counts(session, request, zone, day)

    def days(self, request: SearchRequest, *, zone: str = "UTC", limit: int = 31) -> list[date]:
        """The newest days of a zone on which somebody was seen who passes the filters of a request, the newest first.

        Raises:
            QueryError: A filter is wrong.
        """
        from surveil.app.search import days

        with self.database.session() as session:
            return days(session, request, zone, limit)

    def draw_sheet(self, result: SearchResult | IdentityDetail, path: str | Path) -> None:
        """Draw a contact sheet of a result; the ending of the name says in which format.

        Raises:
            QueryError: The place cannot be written, the ending is unknown, or an example picture is gone.
        """
        from surveil.app.sheets import identity_sheet, search_sheet
        from surveil.search.sheet import save_sheet

        sheet = search_sheet(result) if isinstance(result, SearchResult) else identity_sheet(result)
        save_sheet(sheet, Path(path))
