"""Who may do what: all routes, all roles; signing in and out; cameras that are granted; what is on record."""

import re

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

import surveil
from surveil.accounts.permissions import PERMISSIONS, ROLES
from surveil.app import Archive
from surveil.errors import SurveilError
from surveil.web.access import CSRF_HEADER, OPEN, Needs, csrf_token
from surveil.web.app import create_app
from surveil.web.desk import Desk
from surveil.web.server import check_safe
from surveil.web.signed_in import COOKIE, Proxy

PASSWORD = "a long password of theirs"


def routes(app):
    """Every route that the application answers, also those of routers that it includes."""
    pending, found = list(app.routes), []
    while pending:
        route = pending.pop()
        if isinstance(route, APIRoute):
            found.append(route)
        elif hasattr(route, "effective_route_contexts"):
            found += list(route.effective_route_contexts())
        else:
            pending += list(getattr(route, "routes", []) or [])
    return sorted(found, key=lambda route: route.path)


def needed(route):
    """The actions that a route needs."""
    calls = [dependency.call for dependency in route.dependant.dependencies]
    return {call.action for call in calls if isinstance(call, Needs)}


def address(route):
    return re.sub(r"\{[^}]+\}", "999", route.path)


def test_every_route_names_what_one_must_be_allowed(app):
    found = routes(app)
    assert len(found) > 30
    for route in found:
        assert (route.path in OPEN) != (len(needed(route)) == 1), route.path


def test_all_routes_and_all_roles(app, desk, browser):
    desk.closing.set()  # the stream of the progress ends at once
    tried = 0
    every = [(route, method) for route in routes(app) for method in sorted(route.methods - {"HEAD"})]
    for route, method in every:
        if route.path in (*OPEN, "/sign-out"):
            continue
        [action] = needed(route)
        nobody = browser().request(method, address(route))
        assert nobody.status_code == 401, f"{method} {route.path}: nobody gets {nobody.status_code}"
        for role in ROLES:
            answer = browser(role).request(method, address(route))
            refused = answer.status_code in (401, 403)
            assert refused != (action in PERMISSIONS[role]), f"{method} {route.path}: {role} gets {answer.status_code}"
            assert not refused or answer.status_code == 403
            assert answer.status_code < 500, f"{method} {route.path}: {role} gets {answer.text}"
            tried += 1
    assert tried > 100


def test_forms_of_another_session_or_of_none_are_refused(browser, made_once):
    visitor = browser("investigator")
    for token in ("", csrf_token(made_once.sessions["admin"]), "0" * 64):
        visitor.headers[CSRF_HEADER] = token
        assert visitor.post("/identities/1/name", data={"text": "Anna", "seen": 0}).status_code == 403
    del visitor.headers[CSRF_HEADER]
    right = csrf_token(made_once.sessions["investigator"])
    assert visitor.post("/identities/1/name", data={"text": "x", "seen": 0, "csrf": right}).status_code == 303
    assert visitor.post("/identities/1/name", data={"text": "x", "seen": 0}).status_code == 403


def test_signing_in_makes_a_new_session_and_out_ends_it(app, browser, archive):
    visitor = browser()
    visitor.cookies.set(COOKIE, "planted by somebody else")
    asked = visitor.get("/search?q=woman")
    assert asked.status_code == 401
    assert 'value="/search?q=woman"' in asked.text  # to go on there
    answer = visitor.post("/sign-in", data={"name": "viewer", "password": PASSWORD, "next": "/search?q=woman"})
    assert answer.headers["location"] == "/search?q=woman"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    secret = cookie.split("=")[1].split(";")[0]
    assert secret != "planted by somebody else"
    visitor.cookies.clear()
    visitor.cookies.set(COOKIE, secret)
    assert visitor.get("/search").status_code == 200
    visitor.headers[CSRF_HEADER] = csrf_token(secret)
    assert visitor.post("/sign-out").status_code == 303
    visitor.cookies.clear()
    visitor.cookies.set(COOKIE, secret)
    assert visitor.get("/search").status_code == 401


def test_wrong_passwords_are_refused_alike_and_not_for_ever(browser):
    visitor = browser()
    for name in ("viewer", "nobody of that name"):
        answer = visitor.post("/sign-in", data={"name": name, "password": "wrong"})
        assert answer.status_code == 401
        assert "name or password are wrong" in answer.text
    statuses = [visitor.post("/sign-in", data={"name": "viewer", "password": "x"}).status_code for _ in range(30)]
    assert statuses[-1] == 429


@pytest.mark.parametrize("next_page", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"])
def test_signing_in_leads_to_no_other_host(browser, next_page):
    answer = browser().post("/sign-in", data={"name": "viewer", "password": PASSWORD, "next": next_page})
    assert answer.headers["location"] == "/search"


def test_with_https_the_cookie_is_for_https_only(desk):
    visitor = TestClient(create_app(desk, tls=True), base_url="https://localhost", follow_redirects=False)
    answer = visitor.post("/sign-in", data={"name": "viewer", "password": PASSWORD})
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


def test_the_first_account_is_made_once_with_the_printed_link(tmp_path):
    with surveil.open(f"sqlite:///{tmp_path}/new.db") as archive:
        link = archive.accounts.new_start_link()
        visitor = TestClient(
            create_app(Desk(archive)), base_url="http://localhost:8750", follow_redirects=False
        )  # fmt: skip
        assert visitor.get("/start", params={"link": "guess"}).status_code == 303
        assert "first account" in visitor.get("/start", params={"link": link}).text
        short = visitor.post("/start", data={"link": link, "name": "maria", "password": "short"})
        assert short.status_code == 400
        done = visitor.post("/start", data={"link": link, "name": "maria", "password": PASSWORD})
        assert done.status_code == 303
        assert visitor.get("/accounts").status_code == 200
        again = visitor.post("/start", data={"link": link, "name": "eve", "password": PASSWORD})
        assert again.status_code == 401


def test_an_address_that_others_reach_needs_accounts_and_https(archive, tmp_path):
    check_safe(archive, "127.0.0.1", tls=False, proxy=False)
    check_safe(archive, "0.0.0.0", tls=True, proxy=False)
    check_safe(archive, "192.168.1.5", tls=False, proxy=True)
    with pytest.raises(SurveilError, match="in the open"):
        check_safe(archive, "0.0.0.0", tls=False, proxy=False)
    with surveil.open(f"sqlite:///{tmp_path}/new.db") as empty, pytest.raises(SurveilError, match="no account yet"):
        check_safe(empty, "::", tls=True, proxy=False)


def test_a_proxys_header_counts_only_where_it_is_set_and_from_the_proxy(desk, browser):
    named = {"X-Forwarded-User": "admin"}
    assert browser().get("/search", headers=named).status_code == 401
    app = create_app(desk, proxy=Proxy("X-Forwarded-User", ("10.1.0.0/16",)))

    def get(client, headers):
        visitor = TestClient(app, base_url="http://localhost", client=(client, 5000))
        return visitor.get("/audit", headers=headers).status_code

    assert get("10.1.2.3", named) == 200
    assert get("10.2.2.3", named) == 401
    assert get("10.1.2.3", {}) == 401
    assert get("10.1.2.3", [("X-Forwarded-User", "viewer"), ("X-Forwarded-User", "admin")]) == 401
    assert get("10.1.2.3", {"X-Forwarded-User": "nobody here"}) == 401


def test_only_granted_cameras_are_shown_anywhere(archive, browser, said):
    archive.accounts.set_role_cameras("investigator", ["yard"])
    guest = browser("investigator")
    for page in ("/search", "/identities", "/footage", "/counts", "/search?q=woman"):
        answer = guest.get(page)
        assert answer.status_code == 200
        assert "gate" not in said(answer.text), page
    for page in ("/sightings/1", "/sightings/1/crops/0.jpg", "/sightings/1/frame.jpg", "/sightings/1/clip.mp4"):
        assert guest.get(page).status_code == 404, page
        assert browser("supervisor").get(page).status_code == 200, page
    assert guest.get("/sightings/3").status_code == 200
    for asked in ("camera=gate", "like=sighting:1", "q=gate+camera", "footage=gate.mp4"):
        assert guest.get(f"/search?{asked}").status_code == 400, asked
    assert "gate" not in guest.get("/search.csv").text
    ben = archive.sighting(2).match.identity
    assert guest.post("/identities/1/merge", data={"other": ben, "seen": 0}).status_code == 400


def test_what_is_done_is_on_record_and_supervisors_read_it(archive: Archive, browser, said):
    investigator = browser("investigator")
    investigator.get("/search?q=woman&like=sighting:1")
    investigator.get("/sightings/1")
    investigator.get("/search.csv?q=woman")
    investigator.post("/identities/1/name", data={"text": "Anna", "seen": 0})
    records = archive.audit.list().records
    assert {record.actor for record in records} == {"investigator"}
    assert {"search", "see", "export", "decide"} <= {record.action for record in records}
    assert "Anna" not in str(records)
    page = browser("supervisor").get("/audit?verify=true").text
    assert "The chain is whole" in page
    assert "sighting:1" in page


def test_a_reason_is_asked_for_where_the_setting_says_so(copied, tmp_path, made_once):
    with surveil.open(copied, media=tmp_path / "media", ask_reason=True) as archive:
        secret = made_once.sessions["viewer"]
        visitor = TestClient(create_app(Desk(archive)), base_url="http://127.0.0.1:1", follow_redirects=False)
        visitor.cookies.set(COOKIE, secret)
        asked = visitor.get("/search?q=woman")
        assert asked.status_code == 400
        assert "a reason is asked for" in asked.text
        visitor.post("/reason", data={"reason": "case 7: größe", "csrf": csrf_token(secret)})
        assert visitor.get("/search?q=woman").status_code == 200
        assert archive.audit.list().records[0].reason == "case 7: größe"
