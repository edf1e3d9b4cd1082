"""The API by its own description: it is written down, and strange requests are answered, never stumbled over."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from surveil.web.access import CSRF_HEADER, csrf_token
from surveil.web.signed_in import COOKIE
from tools.schemas import OPENAPI, description

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]
"""No faults; only statuses, types and contents that the description names; other methods are refused."""
STRANGE = settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
"""So many requests of each operation and kind; the same ones each time."""


def test_the_description_is_written_down():
    assert OPENAPI.read_text() == description(), "run `make docs`"


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_strange_requests_are_answered(app, made_once, mode):
    """As an administrator, who may ask everything; `mode` says whether the requests fit the description."""
    secret = made_once.sessions["admin"]
    headers = {"Host": "localhost", "Cookie": f"{COOKIE}={secret}", CSRF_HEADER: csrf_token(secret)}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers={"Host": "localhost"})
    failures: dict[str, str] = {}
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @STRANGE
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case):
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=headers, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:
            continue  # it takes nothing that could be wrong
        except Exception as error:
            failures[operation.label] = str(error)
    assert not failures, "\n\n".join(f"{label}: {said}" for label, said in failures.items())
    assert asked > 100
