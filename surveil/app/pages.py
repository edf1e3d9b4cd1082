"""One page of what a request finds: sorted, refined and grouped as it asks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from sqlalchemy import func, select

from surveil.app.requests import SearchRequest
from surveil.errors import QueryError
from surveil.search.filters import Filters
from surveil.search.grouping import Group, GroupBy, grouped, grouped_by_look
from surveil.search.rank import Example, Query, RankedSighting, search, sort_by
from surveil.store.session import Database
from surveil.store.tables import SightingRow

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
    if request.group or request.refine:
        groups = _grouped(database, filters, example, request, wanted)
        return _sorted(groups[request.offset : wanted], example, request), len(groups) > wanted
    query = Query(filters, example, request.limit + 1, request.offset, None if example else request.sort)
    groups = [Group(sighting) for sighting in search(database, query)]
    return _sorted(groups[: request.limit], example, request), len(groups) > request.limit


def _grouped(
    database: Database, filters: Filters, example: Example | None, request: SearchRequest, wanted: int
) -> list[Group]:
    """At least one group more than wanted, unless all there are."""
    query = Query(filters, example, SIGHTINGS_PER_GROUP * (wanted + 1), 0, None if example else request.sort)
    while True:
        found = _found(database, query, request)
        groups = _in_groups(database, found, query, request.group)
        if len(groups) > wanted or len(found) < query.limit:
            return groups
        query = replace(query, limit=4 * query.limit)


def _found(database: Database, query: Query, request: SearchRequest) -> list[RankedSighting]:
    """The best matches; the first of an example re-ranked, if that is asked for."""
    if not request.refine or query.example is None:
        return search(database, query)
    from surveil.search.refine import POOL, refined

    found = search(database, replace(query, limit=max(POOL, query.limit)))
    return [*refined(database, query.example, found[:POOL]), *found[POOL:]]


def _in_groups(database: Database, found: list[RankedSighting], query: Query, by: GroupBy | None) -> list[Group]:
    if by == "look":
        return grouped_by_look(database, found)
    groups = grouped(found, by)
    if by != "visit" or len(found) < query.limit:
        return groups
    known = {sighting.sighting for sighting in found}
    between = [one for one in _of_several_stays(database, groups, query) if one.sighting not in known]
    # A stay of which nothing was found comes later: others may match better.
    return [group for group in grouped([*found, *between], by) if group.best.sighting in known] if between else groups


def _of_several_stays(database: Database, groups: list[Group], query: Query) -> list[RankedSighting]:
    """All that passes of those who stayed before one camera more than once.

    It may have been between two stays and make one visit of them: on every page, or the next one would miss somebody.
    """
    stays = Counter((group.best.identity, group.best.camera) for group in groups if group.best.identity is not None)
    several = [place for place, count in stays.items() if count > 1]
    if not several:
        return []
    identities = {identity for identity, _ in several if identity is not None}
    cameras = {camera for _, camera in several}
    with database.session() as session:
        count = session.scalar(select(func.count()).where(SightingRow.identity_id.in_(identities))) or 0
    filters = replace(query.filters, identities=tuple(map(str, sorted(identities))), cameras=tuple(sorted(cameras)))
    return search(database, replace(query, filters=filters, limit=count))


def _sorted(groups: list[Group], example: Example | None, request: SearchRequest) -> list[Group]:
    """What an example finds is sorted after it was found; the rest is sorted already."""
    if example is None or request.sort is None:
        return groups
    by_id = {group.best.sighting: group for group in groups}
    return [by_id[best.sighting] for best in sort_by([group.best for group in groups], request.sort)]
