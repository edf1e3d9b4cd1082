"""One page of what a request finds: sorted, refined and grouped as it asks."""

from __future__ import annotations

from surveil.app.requests import SearchRequest
from surveil.errors import QueryError
from surveil.search.filters import Filters
from surveil.search.grouping import Group, GroupBy, grouped, grouped_by_look
from surveil.search.rank import Example, Query, RankedSighting, search, sort_by
from surveil.store.session import Database

SIGHTINGS_PER_GROUP = 4
"""So many are looked at for each group wanted; where that is too few, four times as many."""


def find_page(
    database: Database, filters: Filters, example: Example | None, request: SearchRequest
) -> tuple[list[Group], bool]:
    """The groups of one page, and whether more follow.

    Raises:
        QueryError: A filter is wrong, or the request does not go together.
    """
    if request.refine and example is None:
        raise QueryError("only the matches of an example can be refined", "refine", "Add an example to like.")
    wanted = request.offset + request.limit
    if request.refine and example is not None:
        groups = _in_groups(database, _refined(database, filters, example, wanted), request.group)
    elif request.group:
        groups = _grouped(database, filters, example, request, wanted)
    else:
        query = Query(filters, example, request.limit + 1, request.offset, None if example else request.sort)
        groups = [Group(sighting) for sighting in search(database, query)]
        return _sorted(groups[: request.limit], example, request), len(groups) > request.limit
    return _sorted(groups[request.offset : wanted], example, request), len(groups) > wanted


def _in_groups(database: Database, found: list[RankedSighting], by: GroupBy | None) -> list[Group]:
    return grouped_by_look(database, found) if by == "look" else grouped(found, by)


def _refined(database: Database, filters: Filters, example: Example, wanted: int) -> list[RankedSighting]:
    """The best matches, the first of them re-ranked."""
    from surveil.search.refine import POOL, refined

    found = search(database, Query(filters, example, max(POOL, wanted + 1)))
    return [*refined(database, example, found[:POOL]), *found[POOL:]]


def _grouped(
    database: Database, filters: Filters, example: Example | None, request: SearchRequest, wanted: int
) -> list[Group]:
    """At least one group more than wanted, unless all there are."""
    count = SIGHTINGS_PER_GROUP * (wanted + 1)
    while True:
        found = search(database, Query(filters, example, count, 0, None if example else request.sort))
        groups = _in_groups(database, found, request.group)
        if len(groups) > wanted or len(found) < count:
            return groups
        count *= 4


def _sorted(groups: list[Group], example: Example | None, request: SearchRequest) -> list[Group]:
    """What an example finds is sorted after it was found; the rest is sorted already."""
    if example is None or request.sort is None:
        return groups
    by_id = {group.best.sighting: group for group in groups}
    return [by_id[best.sighting] for best in sort_by([group.best for group in groups], request.sort)]
