"""Saved and watched searches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from surveil.app.archive.search import SearchMethods
from surveil.app.requests import SearchRequest
from surveil.app.results import SavedSearch, SavedSearchList, SearchResult, WatchResult
from surveil.errors import CheckpointError, QueryError


class SavedSearchMethods(SearchMethods):
    """Searches under a name, run again at any time or on what is new."""

    def save_search(self, name: str, request: SearchRequest, *, watch: bool = False) -> SavedSearch:
        """Keep a search under a name; its pictures are looked for where they lie now.

        Args:
            name: What it is called.
            request: The search.
            watch: Whether `watched` runs it on new footage.

        Raises:
            QueryError: The name is none, or taken.
        """
        from surveil.app.saved import absolute_pictures
        from surveil.search.saved import save_search

        with self.database.session() as session:
            plain = absolute_pictures(request).model_dump(mode="json")
            return SavedSearch.model_validate(save_search(session, name, plain, watch=watch))

    def saved_searches(self) -> SavedSearchList:
        """The saved searches by name."""
        from surveil.search.saved import saved_searches

        with self.database.session() as session:
            found = tuple(SavedSearch.model_validate(saved) for saved in saved_searches(session))
        return SavedSearchList(searches=found)

    def saved_search(self, name: str) -> SavedSearch:
        """The search of a name.

        Raises:
            QueryError: There is none.
        """
        from surveil.search.saved import saved_search

        with self.database.session() as session:
            return SavedSearch.model_validate(saved_search(session, name))

    def run_saved(self, name: str) -> SearchResult:
        """Search as a saved search says.

        Raises:
            QueryError: There is none of that name, or it cannot be answered any more.
        """
        return self.search(self.saved_search(name).request)

    def forget_search(self, name: str) -> None:
        """Forget a saved search.

        Raises:
            QueryError: There is none of that name.
        """
        from surveil.search.saved import forget_search

        with self.database.session() as session:
            forget_search(session, name)

    def watched(self, footage: str | Path) -> Iterator[WatchResult]:
        """What the watched searches find in a piece of footage; those that find nothing are left out."""
        from surveil.search.saved import saved_searches

        with self.database.session() as session:
            searches = [SavedSearch.model_validate(saved) for saved in saved_searches(session, watched=True)]
        for saved in searches:
            if saved.request.footage and not {str(footage), Path(footage).name} & set(saved.request.footage):
                continue
            try:
                result = self.search(saved.request.model_copy(update={"footage": (str(footage),), "facets": False}))
            except (QueryError, CheckpointError) as error:
                yield WatchResult(name=saved.name, result=None, error=str(error))
                continue
            if result.matches:
                yield WatchResult(name=saved.name, result=result)
