"""Errors say what is wrong, where, and what to do next; all of them in one way."""

import ast
import inspect
import pickle
from pathlib import Path

import pytest

from surveil import errors
from surveil.errors import SurveilError, TooManyTriesError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SurveilError)]
ROOT = Path(__file__).parents[1] / "surveil"
SOURCES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("cannot be read",), "cannot be read"),
        (("cannot be read", Path("/f/a.mp4")), "/f/a.mp4: cannot be read"),
        (("cannot be read", "a", "Check the path."), "a: cannot be read. Check the path."),
        (("cannot be read", None, "Check the path."), "cannot be read. Check the path."),
        (("is it there?", None, "Check the path."), "is it there? Check the path."),
        (("cannot be read", "a\x1b[2J\n"), r"a\x1b[2J\n: cannot be read"),
    ],
)
def test_what_where_and_what_next(given, message):
    error = SurveilError(*given)
    assert str(error) == message
    assert error.what == given[0]


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind is not TooManyTriesError], ids=lambda kind: kind.__name__
)
def test_every_kind_is_caught_as_one_and_says_what_it_is(kind):
    assert kind.__doc__
    assert kind.__doc__ != SurveilError.__doc__ or kind is SurveilError
    with pytest.raises(SurveilError, match="here: broken"):
        raise kind("broken", "here", "Mend it.")


def test_too_many_tries_say_how_long_to_wait():
    error = TooManyTriesError(61.4)
    assert error.seconds == 61.4
    assert "Try again in 61 s" in str(error)


def test_a_worker_process_may_hand_an_error_over():
    error = pickle.loads(pickle.dumps(SurveilError("broken")))
    assert str(error) == "broken"


def test_a_next_step_is_a_sentence_and_what_is_wrong_is_none():
    """They are put together as "where: what. Next step": so one has no full stop of its own, and the other has one."""
    names = {kind.__name__ for kind in KINDS} - {"TooManyTriesError"}
    nodes = ((path, node) for path in SOURCES for node in ast.walk(ast.parse(path.read_text())))
    for path, node in nodes:
        if not isinstance(node, ast.Call) or getattr(node.func, "id", None) not in names:
            continue
        what, next_step = (node.args[i] if len(node.args) > i else None for i in (0, 2))
        for keyword in node.keywords:
            next_step = keyword.value if keyword.arg == "next_step" else next_step
        if isinstance(what, ast.Constant):
            assert not str(what.value).endswith("."), f"{path}:{node.lineno}: {what.value}"
        if isinstance(next_step, ast.Constant) and next_step.value is not None:
            assert str(next_step.value)[0].isupper() or str(next_step.value).startswith("pip "), f"{path}:{node.lineno}"
