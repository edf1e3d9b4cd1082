"""Text that is none is refused wherever it comes: a NUL, or half of a pair of surrogates."""

import json
import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveil.web.text import check_text

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BAD = st.sampled_from(["\0", "\ud800", "\udfff"])
WORDS = st.text(max_size=20)
PROPERTY = settings(
    max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


def routes_of(app):
    """Method, path, and what the API says that it takes: whether parameters in the query, and whether a body."""
    return [
        (method.upper(), path, any(one["in"] == "query" for one in told.get("parameters", ())), told.get("requestBody"))
        for path, methods in app.openapi()["paths"].items()
        for method, told in methods.items()
    ]


def test_every_route_of_the_api_refuses_it_wherever_it_stands(app, admin):
    routes = routes_of(app)
    assert len(routes) > 50
    asked = dict.fromkeys(("path", "query", "body"), 0)

    @PROPERTY
    @given(route=st.sampled_from(routes), begin=WORDS, bad=BAD, end=WORDS, data=st.data())
    def ask(route, begin, bad, end, data):
        method, path, has_query, body = route
        text = begin + bad + end
        places = [name for name, there in (("path", "{" in path), ("query", has_query), ("body", body)) if there]
        if not places:
            return
        place = data.draw(st.sampled_from(places))
        in_address = begin + "\0" + end  # half a character becomes another one on its way through an address
        named = quote(in_address.replace("/", ""), safe="") if place == "path" else "1"
        address = re.sub(r"\{[^}]*\}", lambda _: named, path)
        if place == "query":
            address += f"?q={quote(in_address)}"
        sent, kind = None, {}
        if place == "body" and "application/json" in body["content"]:
            sent, kind = json.dumps({"name": [{"deep": text}]}).encode(), {"Content-Type": "application/json"}
        elif place == "body":
            sent, kind = f"csrf={admin.headers['x-csrf-token']}&query={quote(in_address)}", FORM
        answer = admin.request(method, address, content=sent, headers=kind)
        assert answer.status_code == 422, (method, address, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "no text" in answer.json()["detail"], (method, address, answer.text)
        asked[place] += 1

    ask()
    assert min(asked.values()) > 5, asked


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/cases", "case=a%00b"), ("/watchlists", "name=a&query=q%3Da%2500b"), ("/watchlists", "name=%00&query="),
        ("/identities/1/note", "seen=0&text=%00"), ("/accounts", "name=a%00&password=x&role=viewer"),
        ("/sign-in", "name=%00&password=x"), ("/start", "link=%00&name=a&password=x"),
    ],
)  # fmt: skip
def test_forms_refuse_it_too(admin, address, form):
    answer = admin.post(address, content=form, headers=FORM)
    assert answer.status_code == 422
    assert "no text" in answer.text


def test_a_reason_that_is_no_text_is_refused(admin):
    assert admin.get("/search", headers={"X-Reason": "case%007"}).status_code == 422
    assert admin.get("/search", headers={"X-Reason": "case%207"}).status_code == 200


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part))
)
def test_what_is_text_passes(value):
    holds_nul = "\\u0000" in json.dumps(value)
    try:
        check_text(value)
    except Exception:
        assert holds_nul
