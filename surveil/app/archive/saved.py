"""Saved and watched searches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from surveil.app.archive.search import SearchMethods
from surveil.app.requests import SearchRequest
from surveil.app.results import (
    NewHits,
    NewHitsList,
    SavedSearch,
    SavedSearchList,
    SearchResult,
    WatchedSearch,
    WatchResult,
)
from surveil.errors import CheckpointError, QueryError, StoreError


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

    def watch_search(self, name: str, *, watch: bool = True, webhook: str | None = None) -> WatchedSearch:
        """Run a saved search on footage as it is ingested, or not any more.

        Args:
            name: The search.
            watch: Whether to.
            webhook: Where each hit is told: a URL on this machine, or on a host of the setting `webhook_hosts`.

        Raises:
            QueryError: There is none of that name.
            WebhookError: Nothing may be told there.
        """
        from secrets import token_urlsafe

        from surveil.search.saved import watch_search
        from surveil.webhook import target_of

        if webhook is not None:
            target_of(webhook, self.settings.webhook_hosts)
        secret = None if webhook is None else token_urlsafe(32)
        with self.database.session() as session:
            saved = watch_search(session, name, watch=watch, webhook=webhook, secret=secret)
            return WatchedSearch(**SavedSearch.model_validate(saved).model_dump(), secret=secret)

    def new_hits(self, by: str, *, limit: int = 12) -> NewHitsList:
        """What each saved search finds that was stored since somebody last looked at it.

        Args:
            by: Who looks.
            limit: How many matches of each at most.
        """
        from surveil.search.saved import last_looks, newest_sighting, saved_searches

        with self.database.session() as session:
            newest, looks = newest_sighting(session), last_looks(session, by)
            rows = [(SavedSearch.model_validate(saved), looks.get(saved.id)) for saved in saved_searches(session)]
        hits = tuple(self._new_hits(saved, since, limit) for saved, since in rows)
        return NewHitsList(searches=hits, newest=newest)

    def _new_hits(self, saved: SavedSearch, since: int | None, limit: int) -> NewHits:
        from surveil.app.search import answer

        asked = saved.request.model_copy(update={"newer_than": since, "limit": limit, "offset": 0, "facets": False})
        try:
            result = answer(self.database, self.media, self.models, asked)
        except (QueryError, CheckpointError, StoreError) as error:
            return NewHits(search=saved, since=since, result=None, error=str(error))
        return NewHits(search=saved, since=since, result=result)

    def look_at_search(self, name: str, by: str, *, sighting: int | None = None) -> None:
        """Note that somebody looked at what a saved search finds: it is not new to them any more.

        Args:
            name: The search.
            by: Who looked.
            sighting: The newest sighting when they did; None: the newest there is.

        Raises:
            QueryError: There is none of that name.
        """
        from surveil.search.saved import note_look

        with self.database.session() as session:
            note_look(session, name, by, sighting)

    def watched(self, footage: str | Path | None = None) -> Iterator[WatchResult]:
        """What the watched searches find in a piece of footage; those that find nothing are left out.

        Hits are told to the searches' webhooks on the way.

        Args:
            footage: Its path; None: all footage that is done, but whose process ended before they were run on it.
        """
        if footage is not None:
            yield from self._watched(Path(footage))
            return
        from surveil.ingest.leases import new_owner
        from surveil.ingest.watched import take_left

        owner = new_owner()
        while (left := take_left(self.database, owner)) is not None:
            yield from self._watched(left)

    def _watched(self, footage: Path) -> Iterator[WatchResult]:
        from surveil.app.hits import tell_hits
        from surveil.app.search import answer
        from surveil.files import path_text
        from surveil.ingest.watched import are_run
        from surveil.search.saved import saved_searches

        with self.database.session() as session:
            rows = [(saved, saved.webhook_secret) for saved in saved_searches(session, watched=True)]
        path = path_text(footage)
        for row, secret in rows:
            saved = SavedSearch.model_validate(row)
            if saved.request.footage and not {path, footage.name} & set(saved.request.footage):
                continue
            try:
                asked = saved.request.model_copy(update={"footage": (path,), "facets": False})
                result = answer(self.database, self.media, self.models, asked)
            except (QueryError, CheckpointError) as error:
                yield WatchResult(name=saved.name, footage=footage, result=None, error=str(error))
                continue
            if result.matches:
                failed = tell_hits(saved, secret, result, self.settings.webhook_hosts)
                yield WatchResult(name=saved.name, footage=footage, result=result, webhook_error=failed)
        are_run(self.database, footage)
