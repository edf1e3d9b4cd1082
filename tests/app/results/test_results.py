"""Requests and results, all of them: what goes to JSON comes back the same."""

import dataclasses
import json
import subprocess
import sys
import types
import typing
from datetime import UTC, datetime, time
from pathlib import Path

import annotated_types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from surveil import app
from surveil.app import SearchRequest, results

KINDS = [*(getattr(results, name) for name in results.__all__), SearchRequest]
TEXT = st.text(max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
PLAIN = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | NUMBERS | TEXT
SIMPLE = {
    int: st.integers(1, 10**12),
    float: NUMBERS,
    str: TEXT,
    bool: st.booleans(),
    type(None): st.none(),
    datetime: MOMENTS,
    time: st.times(),
    Path: st.from_regex(r"/[a-z]{1,8}\.mp4", fullmatch=True).map(Path),
    typing.Any: st.dictionaries(TEXT, PLAIN, max_size=2),
    object: PLAIN,
}


def values(kind, limits=()):
    """Anything that an annotation allows."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return values(arguments[0], arguments[1:])
    if any(isinstance(limit, (annotated_types.Ge, annotated_types.Le)) for limit in limits) and kind is float:
        return st.floats(0, 1)
    if kind in SIMPLE:
        return SIMPLE[kind]
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(values(one, limits) for one in arguments))
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is tuple and arguments[1:] == (...,):
        return st.lists(values(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    if origin is dict or (origin is not None and issubclass(origin, typing.Mapping)):
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=2)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return made(kind)
    assert dataclasses.is_dataclass(kind), f"a test cannot make {kind}"
    hints = typing.get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{field.name: values(hints[field.name]) for field in dataclasses.fields(kind)})


def made(kind):
    """Any of a class of requests or results."""
    fields = {name: values(field.annotation, field.metadata) for name, field in kind.model_fields.items()}
    return st.fixed_dictionaries(fields).map(kind.model_validate)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_to_json_and_back_nothing_is_lost(kind, data):
    value = data.draw(made(kind))
    plain = json.loads(json.dumps(value.model_dump(mode="json"), ensure_ascii=False))
    assert kind.model_validate(plain) == value
    assert kind.model_validate_json(value.model_dump_json()) == value
    assert list(plain) == list(kind.model_fields)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_key_that_is_not_known_is_refused(kind):
    with pytest.raises(ValidationError, match="Extra inputs"):
        kind.model_validate({"no such key": 1})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_key_of_the_json_has_a_schema(kind):
    schema = kind.model_json_schema()
    assert schema["description"]
    assert list(schema["properties"]) == list(kind.model_fields)


def test_every_name_is_exported_once_and_any_other_is_none():
    assert sorted(results.__all__) == results.__all__
    assert len(set(results.__all__)) == len(results.__all__)
    for name in results.__all__:
        assert getattr(app, name) is getattr(results, name)
    for module in (app, results):
        with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
            module.Nonsense  # noqa: B018


def test_every_file_of_results_is_a_subject_and_all_its_classes_are_exported():
    files = {path.stem for path in Path(results.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(results.SUBJECTS) == files
    for subject in files:
        module = __import__(f"surveil.app.results.{subject}", fromlist=["*"])
        own = {name for name, kind in vars(module).items() if getattr(kind, "__module__", "") == module.__name__}
        assert {name for name in own if isinstance(vars(module)[name], type)} <= set(results.__all__)


def test_a_search_loads_no_results_of_other_subjects():
    code = (
        "import sys, surveil.app.wording; from surveil.app.search import answer; from surveil.app import Archive;"
        "print(sorted(name for name in sys.modules if name.startswith('surveil.app.results.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['surveil.app.results.search']"
