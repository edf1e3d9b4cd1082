"""Examining the store, also where it cannot even be opened."""

from __future__ import annotations

from collections.abc import Callable

from surveil.app.results import CheckResult, Problem
from surveil.errors import StoreError
from surveil.store.check import count_rows, find_problems, media_problems
from surveil.store.media import MediaFolder
from surveil.store.media_check import collect_unreferenced, examine_media
from surveil.store.session import Database


def check(open_store: Callable[[], tuple[Database, MediaFolder]], *, repair: bool = False) -> CheckResult:
    """Everything that is wrong, a store that cannot be read included; `repair` deletes what nothing refers to."""
    rows = unreferenced = partial = collected = None
    problems: list[Problem] = []
    try:
        database, media = open_store()
        problems.extend(Problem.model_validate(problem) for problem in find_problems(database))
        with database.session() as session:
            rows = count_rows(session)
            pictures = examine_media(session, media)
        problems.extend(Problem.model_validate(problem) for problem in media_problems(media, pictures))
        unreferenced, partial = pictures.unreferenced.count, pictures.partial.count
        collected = collect_unreferenced(database, media).files if repair else None
    except StoreError as error:
        problems.append(Problem(check="database", what=str(error), count=1, examples=()))
    return CheckResult(
        rows=rows,
        problems=tuple(problems),
        unreferenced_pictures=unreferenced,
        partial_files=partial,
        collected_files=collected,
    )
