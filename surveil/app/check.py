"""Examining the store, also where it cannot even be opened."""

from __future__ import annotations

from collections.abc import Callable

from surveil.app.results import CheckResult, Problem
from surveil.errors import StoreError
from surveil.store.check import count_rows, count_unreferenced, find_problems
from surveil.store.media import MediaFolder
from surveil.store.session import Database


def check(open_store: Callable[[], tuple[Database, MediaFolder]]) -> CheckResult:
    """Everything that is wrong, a store that cannot be read included."""
    rows = unreferenced = None
    problems: list[Problem] = []
    try:
        database, media = open_store()
        problems.extend(Problem.model_validate(problem) for problem in find_problems(database, media))
        with database.session() as session:
            rows = count_rows(session)
        unreferenced = count_unreferenced(database, media)
    except StoreError as error:
        problems.append(Problem(check="database", what=str(error), count=1, examples=()))
    return CheckResult(rows=rows, problems=tuple(problems), unreferenced_pictures=unreferenced)
