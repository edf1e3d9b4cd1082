"""The API: what the library can do it can do, page by page, with tags and problems that programs understand."""

import inspect
import io
import zipfile

import pytest

from surveil.app import Archive, verify_evidence
from surveil.app.accounts import Accounts
from surveil.app.audit import Audit
from surveil.app.cases import Cases
from surveil.app.retention import Retention

API = "/api/v1"
ROUTES = {
    "search": "POST /search",
    "request": "POST /search",
    "hand_in": "POST /pictures",
    "hand_in_box": "POST /sightings/{sighting}/box",
    "sighting": "GET /sightings/{sighting}",
    "counts": "GET /counts",
    "reliability": "GET /reliability",
    "search_history": "GET /search-history",
    "forget_search_history": "DELETE /search-history",
    "save_search": "POST /saved-searches",
    "saved_searches": "GET /saved-searches",
    "saved_search": "GET /saved-searches",
    "run_saved": "GET /saved-searches/{name}/matches",
    "watch_search": "PATCH /saved-searches/{name}",
    "forget_search": "DELETE /saved-searches/{name}",
    "identities": "GET /identities",
    "identity": "GET /identities/{identity}",
    "decisions": "GET /decisions",
    "decide": "POST /identities/{identity}/decisions",
    "cluster": "POST /jobs",
    "clusterings": "GET /clusterings",
    "compare_clusterings": "GET /clusterings/changes",
    "roll_back": "POST /clusterings/{clustering}/roll-back",
    "model_list": "GET /models",
    "status": "GET /footage",
    "ingest": "POST /jobs",
    "redo_footage": "POST /footage/{footage}/again",
    "correct_footage": "PATCH /footage/{footage}",
    "forget_footage": "DELETE /footage/{footage}",
    "cameras": "GET /cameras",
    "set_camera": "PATCH /cameras/{camera}",
    "Cases.list": "GET /cases",
    "Cases.show": "GET /cases/{case}",
    "Cases.new": "POST /cases",
    "Cases.add_sighting": "POST /cases/{case}/entries",
    "Cases.add_clip": "POST /cases/{case}/entries",
    "Cases.remove": "DELETE /cases/{case}/entries/{item}",
    "Cases.close": "PATCH /cases/{case}",
    "Cases.export": "POST /jobs",
    "Retention.run": "POST /retention",
    "Retention.find": "POST /forgettable",
    "Retention.forget": "POST /forget",
    "Audit.list": "GET /audit",
    "Audit.verify": "GET /audit/verified",
    "Accounts.users": "GET /users",
    "Accounts.user": "GET /users",
    "Accounts.add": "POST /users",
    "Accounts.set_role": "PATCH /users/{name}",
    "Accounts.set_password": "PATCH /users/{name}",
    "Accounts.set_cameras": "PATCH /users/{name}",
    "Accounts.disable": "PATCH /users/{name}",
    "Accounts.set_role_cameras": "PUT /roles/{role}/cameras",
    "Accounts.tokens": "GET /tokens",
    "Accounts.make_token": "POST /tokens",
    "Accounts.revoke_token": "DELETE /tokens/{token}",
}
"""What the library can do, and where the API does it."""
ELSEWHERE = {
    *("crop", "face_of", "frame", "clip", "handed_in"),  # results name their addresses
    *("accounts", "audit", "cases", "retention", "acting", "seeing", "close"),  # how it is done, not what
    *("watch", "watched", "use_model", "check", "upgrade"),  # commands: they run for hours, or mend the database
    *("warm_up", "known_path"),  # of the server itself
    *("camera_names", "common_zone", "identity_count", "last_decision"),  # parts of lists and the history
    *("days", "neighbours"),  # a page's choice of what counts and a search say
    *("is_clustered", "draw_sheet"),  # `cluster` looks itself; a sheet is /search.png
    *("new_hits", "look_at_search"),  # what a person has looked at, on the watchlists' page; programs have webhooks
    *("Accounts.sign_in", "Accounts.signed_in", "Accounts.sign_out", "Accounts.trusted", "Accounts.of_token"),
    *("Accounts.new_start_link", "Accounts.is_start_link", "Accounts.use_start_link"),  # pages
}


def methods(kind, prefix=""):
    return {f"{prefix}{name}" for name, _ in inspect.getmembers(kind) if not name.startswith("_")} - {
        f"{prefix}{name}" for name in ("settings", "models", "database", "media")
    }


@pytest.fixture
def description(browser):
    return browser().get(f"{API}/openapi.json").json()


def test_what_the_library_can_do_the_api_can_do(description):
    can = methods(Archive)
    for kind in (Cases, Retention, Audit, Accounts):
        can |= methods(kind, f"{kind.__name__}.")
    assert can == ROUTES.keys() | ELSEWHERE, "a new method goes into the API, or into ELSEWHERE with a reason"
    answered = {
        f"{method.upper()} {path.removeprefix(API)}" for path, how in description["paths"].items() for method in how
    }
    assert set(ROUTES.values()) <= answered


def test_requests_and_results_are_the_librarys_own(description):
    import surveil.app

    parts = description["components"]["schemas"]
    for name in ("SearchRequest", "Match", "SightingDetail", "IdentityDetail", "CaseDetail", "Removal", "CameraList"):
        own = set(getattr(surveil.app, name).model_fields)
        assert own == set(next(parts[key] for key in parts if key.removesuffix("-Output") == name)["properties"]), name


def test_every_body_shows_an_example_that_is_one(description):
    """What is refused is refused for what is not there, never for how it is written."""
    parts = description["components"]["schemas"]
    shown = 0
    for path, how in description["paths"].items():
        for method, operation in how.items():
            assert operation.get("description"), f"{method} {path} says what it does"
            for kind, body in operation.get("requestBody", {}).get("content", {}).items():
                if kind != "application/json":
                    continue
                name = body["schema"]["$ref"].rpartition("/")[2]
                assert body.get("examples") or parts[name].get("examples"), f"{method} {path}: no example"
                shown += 1
    assert shown > 15


def test_examples_are_understood(admin, description):
    parts = description["components"]["schemas"]
    for path, how in description["paths"].items():
        for method, operation in how.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is None:
                continue
            named = [example["value"] for example in body.get("examples", {}).values()]
            for value in named or parts[body["schema"]["$ref"].rpartition("/")[2]]["examples"]:
                address = path.replace("{role}", "viewer")
                for name in ("sighting", "identity", "footage", "clustering", "token", "job", "item", "decision"):
                    address = address.replace(f"{{{name}}}", "1")
                answer = admin.request(method.upper(), address, json=value)
                assert answer.status_code not in (405, 422), f"{method} {path} {value}: {answer.text}"
                assert answer.status_code < 500, f"{method} {path} {value}: {answer.text}"


def test_pages_follow_by_cursor_and_hold_everything_once(admin, archive):
    for name in ("first", "second", "third"):
        admin.post(f"{API}/cases", json={"name": name})
    for path, key, sort in (
        ("cases", "cases", "name"),
        ("identities", "identities", "identity"),
        ("footage", "footage", "footage"),
    ):
        everything = admin.get(f"{API}/{path}").json()
        assert everything["next_cursor"] is None
        seen, cursor = [], None
        while True:
            page = admin.get(f"{API}/{path}", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
            seen += page[key]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == everything[key]
        assert len({str(one[sort]) for one in seen}) == len(seen) >= 2


def test_a_search_is_paged_too_and_its_cursor_is_its_own(admin):
    ask = {"limit": 2, "sort": "oldest"}
    first = admin.post(f"{API}/search", json=ask).json()
    second = admin.post(f"{API}/search", json=ask, params={"cursor": first["next_cursor"]}).json()
    assert [one["sighting"] for page in (first, second) for one in page["matches"]] == [1, 2, 3]
    assert second["next_cursor"] is None
    other = admin.post(f"{API}/search", json={"limit": 1}, params={"cursor": first["next_cursor"]})
    assert other.status_code == 400
    for nonsense in ("x", "////", "MQ", "-1", "é"):
        assert admin.get(f"{API}/identities", params={"cursor": nonsense}).status_code == 400 or nonsense == "MQ"
    records = admin.get(f"{API}/audit", params={"limit": 1}).json()
    older = admin.get(f"{API}/audit", params={"limit": 1, "cursor": records["next_cursor"]}).json()
    assert older["records"][0]["number"] == records["records"][0]["number"] - 1


def test_tags_tell_what_did_not_change(admin):
    for path in ("identities", "cameras", "sightings/1", "reliability", "footage", "models"):
        answer = admin.get(f"{API}/{path}")
        tag = answer.headers["etag"]
        same = admin.get(f"{API}/{path}", headers={"If-None-Match": tag})
        assert (same.status_code, same.content) == (304, b""), path
        assert admin.get(f"{API}/{path}", headers={"If-None-Match": f'"x", W/{tag}'}).status_code == 304
    before = admin.get(f"{API}/cameras").headers["etag"]
    admin.patch(f"{API}/cameras/gate", json={"clock_offset": 60})
    assert admin.get(f"{API}/cameras", headers={"If-None-Match": before}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/sightings/99", None, 404),
        ("GET", "/sightings/0", None, 422),
        ("GET", "/nothing-here", None, 404),
        ("DELETE", "/search", None, 405),
        ("POST", "/search", {"colour": "red"}, 422),
        ("POST", "/search", {"like": ["/etc/passwd"]}, 400),
        ("POST", "/search", {"cameras": ["no such"]}, 400),
        ("PATCH", "/users/nobody", {"role": "admin"}, 404),
        ("POST", "/cases/none/entries", {"sighting": 1}, 404),
        ("POST", "/jobs", {"kind": "export", "case": "none"}, 404),
        ("DELETE", "/tokens/99", None, 404),
    ],
)
def test_errors_are_problems(admin, method, path, body, status):
    answer = admin.request(method, f"{API}{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


def test_who_is_not_signed_in_is_told_how(browser):
    answer = browser().get(f"{API}/search-history")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


def waited(client, answer):
    """A job when it has ended."""
    assert answer.status_code == 202, answer.text
    address = answer.headers["location"]
    for _ in range(600):
        job = client.get(address).json()
        if job["state"] not in ("waiting", "running"):
            return job
        import time

        time.sleep(0.05)
    raise AssertionError("it does not end")


def test_a_case_is_gathered_exported_and_verified(investigator, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "keys"))
    name = "theft/14 September"
    assert investigator.post(f"{API}/cases", json={"name": name}).status_code == 201
    assert investigator.post(f"{API}/cases", json={"name": name}).status_code == 400
    path = f"{API}/cases/theft%2F14%20September"
    entry = investigator.post(f"{path}/entries", json={"sighting": 1, "note": "at the gate"}).json()
    assert (entry["camera"], entry["path"], entry["sighting"]) == ("gate", "gate.mp4", 1)
    stretch = investigator.post(f"{path}/entries", json={"footage": 1, "begin": 1, "end": 2}).json()
    assert investigator.post(f"{path}/entries", json={"footage": 1}).status_code == 400
    assert len(investigator.get(path).json()["entries"]) == 2
    assert investigator.delete(f"{path}/entries/{stretch['item']}").status_code == 204
    headers = {"X-Reason": "request of 20 September"}
    job = waited(investigator, investigator.post(f"{API}/jobs", json={"kind": "export", "case": name}, headers=headers))
    assert (job["state"], job["progress"]) == ("done", 1.0), job["error"]
    assert job["result"]["exhibits"] == 1
    assert "path" not in job["result"]
    content = investigator.get(job["file"]).content
    (tmp_path / "evidence.zip").write_bytes(content)
    verified = verify_evidence(tmp_path / "evidence.zip", job["result"]["key_fingerprint"])
    assert (verified.problems, verified.case) == ((), name)
    report = zipfile.ZipFile(io.BytesIO(content)).read("report.html").decode()
    assert "request of 20 September" in report
    assert investigator.patch(path, json={"closed": True}).json()["closed_at"]
    assert investigator.post(f"{path}/entries", json={"sighting": 1}).status_code == 400


def test_matches_are_exported_and_the_file_is_gone_when_somebody_is_deleted(browser, archive):
    investigator, supervisor = browser("investigator"), browser("supervisor")
    job = waited(investigator, investigator.post(f"{API}/jobs", json={"kind": "export", "request": {"text": "woman"}}))
    table = investigator.get(job["file"])
    assert table.headers["content-disposition"] == 'attachment; filename="matches.csv"'
    assert len(table.text.splitlines()) == 3
    found = supervisor.post(f"{API}/forgettable", json={"identity": archive.sighting(1).match.identity}).json()
    assert sorted(found["sightings"]) == [1, 3]
    assert supervisor.post(f"{API}/retention", json={}).json()["removal"]["rehearsed"]
    assert investigator.get(job["file"]).status_code == 200
    removal = supervisor.post(f"{API}/forget", json={"sightings": found["sightings"]}).json()
    assert (removal["sightings"], removal["rehearsed"]) == (2, False)
    assert investigator.get(job["file"]).status_code == 404
    assert investigator.get(f"{API}/sightings/1").status_code == 404


def test_jobs_are_called_off(browser, desk, tmp_path, monkeypatch):
    supervisor = browser("supervisor")
    import threading

    begun = threading.Event()

    def slow(progress, stop, **_):
        progress(0.1)
        begun.set()
        stop.wait(20)
        progress(0.9)

    monkeypatch.setattr(desk.archive, "cluster", lambda **kind: slow(**kind) or pytest.fail("it goes on"))
    from surveil.errors import StoppedError

    def stopping(progress, stop, **_):
        slow(progress, stop)
        raise StoppedError("it was called off")

    monkeypatch.setattr(desk.archive, "cluster", stopping)
    first = supervisor.post(f"{API}/jobs", json={"kind": "cluster"})
    second = supervisor.post(f"{API}/jobs", json={"kind": "cluster"})
    assert begun.wait(20)
    running = supervisor.get(first.headers["location"]).json()
    assert (running["state"], running["progress"]) == ("running", 0.1)
    assert supervisor.get(second.headers["location"]).json()["state"] == "waiting"
    for answer in (second, first):
        assert supervisor.delete(answer.headers["location"]).status_code == 202
    assert [waited(supervisor, answer)["state"] for answer in (first, second)] == ["cancelled", "cancelled"]
    assert supervisor.delete(first.headers["location"]).status_code == 409
    assert [job["state"] for job in supervisor.get(f"{API}/jobs").json()["jobs"]] == ["cancelled", "cancelled"]
    assert browser("investigator").get(first.headers["location"]).status_code == 404, "it is somebody else's"


def test_grouping_is_a_job_and_one_can_go_back(browser):
    supervisor = browser("supervisor")
    job = waited(supervisor, supervisor.post(f"{API}/jobs", json={"kind": "cluster"}))
    assert (job["state"], job["result"]["sightings"]) == ("done", 3)
    runs = supervisor.get(f"{API}/clusterings").json()["runs"]
    back = supervisor.post(f"{API}/clusterings/{runs[-1]['clustering']}/roll-back")
    assert back.json()["clustering"] > runs[0]["clustering"]
    assert supervisor.get(f"{API}/clusterings/changes").status_code == 200


def test_accounts_are_kept(admin, browser, app):
    made = admin.post(f"{API}/users", json={"name": "eva", "password": "long enough it is", "role": "viewer"})
    assert (made.status_code, made.json()["role"]) == (201, "viewer")
    changed = admin.patch(f"{API}/users/eva", json={"role": "investigator", "cameras": ["yard"]}).json()
    assert (changed["role"], changed["cameras"]) == ("investigator", ["yard"])
    assert admin.patch(f"{API}/users/eva", json={"cameras": None}).json()["cameras"] is None
    token = admin.post(f"{API}/tokens", json={"user": "eva", "name": "report", "scopes": ["see"], "days": 1}).json()
    program = browser()
    program.headers["Authorization"] = f"Bearer {token['secret']}"
    assert program.get(f"{API}/me").json() == {"name": "eva", "role": "investigator", "cameras": None, "may": ["see"]}
    assert program.post(f"{API}/search", json={}).status_code == 403, "not among its scopes"
    assert "secret" not in admin.get(f"{API}/tokens").json()["tokens"][0]
    assert admin.delete(f"{API}/tokens/{token['token']}").status_code == 204
    assert program.get(f"{API}/me").status_code == 401
    assert admin.put(f"{API}/roles/viewer/cameras", json={"cameras": ["gate"]}).json() == {"cameras": ["gate"]}
    assert browser("viewer").get(f"{API}/me").json()["cameras"] == ["gate"]
    assert admin.patch(f"{API}/users/admin", json={"disabled": True}).status_code == 400, "the last one"


def test_saved_searches_are_watched_and_webhooks_are_for_administrators(investigator, admin):
    name = "red tops/at the gate"
    saved = investigator.post(f"{API}/saved-searches", json={"name": name, "request": {"text": "red top"}})
    assert saved.status_code == 201
    path = f"{API}/saved-searches/red%20tops%2Fat%20the%20gate"
    assert investigator.get(f"{path}/matches").json()["matches"]
    assert investigator.patch(path, json={"watch": True}).json()["watch"]
    hook = {"watch": True, "webhook": "http://localhost:9000/hits"}
    assert investigator.patch(path, json=hook).status_code == 403
    assert admin.patch(path, json=hook).json()["secret"]
    assert admin.patch(path, json=hook | {"webhook": "http://169.254.169.254/"}).status_code == 400
    assert "secret" not in investigator.get(f"{API}/saved-searches").json()["searches"][0]
    assert investigator.delete(path).status_code == 204


def test_footage_is_corrected_and_forgotten(browser, archive):
    supervisor = browser("supervisor")
    changed = supervisor.patch(f"{API}/footage/2", json={"camera": "back door", "start": "2026-09-14T10:00:00Z"}).json()
    assert (changed["camera"], changed["footage"]) == ("back door", 2)
    assert archive.sighting(3).match.camera == "back door"
    assert supervisor.delete(f"{API}/footage/2").status_code == 204
    assert supervisor.delete(f"{API}/footage/2").status_code == 404
    assert supervisor.get(f"{API}/sightings/3").status_code == 404
    assert supervisor.delete(f"{API}/search-history").status_code == 200
    assert archive.search_history().searches == ()


def test_what_watches_the_server(browser, investigator):
    assert browser().get("/healthz").text == "ok\n"
    assert browser().get("/readyz").text == "ok\n"
    investigator.post(f"{API}/search", json={})
    figures = investigator.get("/metrics").text
    assert 'surveil_requests_total{method="POST",route="/api/v1/search",status="200"} 1.0' in figures
    assert 'surveil_sightings{camera="gate"} 2.0' in figures
    assert 'surveil_footage{state="done"} 2.0' in figures
    assert 'surveil_footage{state="unopened"} 0.0' in figures
    assert browser().get("/metrics").status_code == 401
