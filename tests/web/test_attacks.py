"""The desk attacked: scripts in names, paths that lead out, spoofed headers, forged and oversized requests."""

import io
import json
import re
import struct
import zlib
from html.parser import HTMLParser
from urllib.parse import quote

import cv2
import numpy as np
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

import surveil
from surveil.errors import StoreUnavailableError
from surveil.store.tables import Base, Camera, Footage
from surveil.web.access import CSRF_HEADER
from surveil.web.app import create_app
from surveil.web.desk import Desk
from surveil.web.security import MAX_BODY_BYTES, SECURITY_HEADERS
from surveil.web.signed_in import COOKIE, PROXY_SECRET_HEADER, Proxy
from tests.web.conftest import HERE, PASSWORD, Browser
from tests.web.test_access import address, routes
from tests.web.test_api import waited

API = "/api/v1"
SCRIPT = "<script>alert(1)</script>"
QUOTED = "\"'><img src=x onerror=alert(1)>"
FORMULA = '=cmd|"/c calc"!A0'


def gets(app):
    """Addresses of all pages and API routes that are looked at."""
    return [address(route).replace("999", "1") for route in routes(app) if "GET" in route.methods]


# --- scripts in names ------------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(archive):
    """Names that would run in a browser, wherever somebody may write one."""
    with archive.database.session() as session:
        session.execute(update(Camera).where(Camera.name == "gate").values(name=f"gate {SCRIPT}{QUOTED}"))
        piece = session.get_one(Footage, 2)
        piece.path, piece.state, piece.error = f"/footage/{SCRIPT}{QUOTED}.mp4", "failed", f"bad {SCRIPT}{QUOTED}"
    identity = archive.sighting(1).match.identity
    with archive.decide(f"maria {SCRIPT}") as decisions:
        decisions.name(identity, f"Anna {SCRIPT}{QUOTED}")
        decisions.note(identity, f"note {SCRIPT}{QUOTED}")
    archive.save_search(f"saved {SCRIPT}{QUOTED}", archive.request("woman"), watch=True)
    archive.cases.new(f"case {SCRIPT}{QUOTED}", "maria")
    archive.accounts.add(f"user {SCRIPT}{QUOTED}", PASSWORD, "viewer")
    archive.accounts.make_token(f"user {SCRIPT}{QUOTED}", f"token {SCRIPT}{QUOTED}", ["see"])
    with archive.acting(
        archive.accounts.trusted("admin"), "see", {"x": f"{SCRIPT}{QUOTED}"}, reason=f"{SCRIPT}{QUOTED}"
    ):
        pass
    return archive


def runs(answer):
    """What of an answer a browser would run."""
    if not answer.headers.get("content-type", "").startswith(("text/html", "image/svg", "text/event-stream")):
        return None
    found = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attrs):
            names = dict(attrs)
            if names.get("src") == "x" or (tag == "script" and "src" not in names):
                found.append(tag)
            found.extend(name for name in names if name.startswith("on"))
            found.extend(value for value in names.values() if (value or "").strip().lower().startswith("javascript:"))

    Parser().feed(answer.text)
    return found


def test_scripts_in_stored_names_do_not_run(hostile, app, desk, admin):
    desk.closing.set()
    shown = set()
    for path in (*gets(app), "/search?q=woman", "/audit?verify=true"):
        answer = admin.get(path)
        assert not runs(answer), path
        if "&lt;script&gt;alert(1)" in answer.text:
            shown.add(path)
    assert {
        "/search",
        "/identities",
        "/identities/1",
        "/footage",
        "/counts",
        "/watchlists",
        "/audit",
        "/accounts",
    } <= shown


@pytest.mark.parametrize("who", ["admin", None])
def test_scripts_that_come_with_a_request_do_not_run(browser, app, desk, who):
    desk.closing.set()
    visitor = browser(who)
    names = {"/search": ("q", "camera", "like", "sort", "offset", SCRIPT), "/counts": ("zone", "day", SCRIPT),
             "/audit": ("by", "action", "before"), "/sign-in": ("next",), "/start": ("link",)}  # fmt: skip
    pages = [path for path in gets(app) if not path.startswith((API, "/static"))]
    for path in (*pages, f"/{SCRIPT}", f"/sightings/{SCRIPT}", f"{API}/{SCRIPT}"):
        for name in names.get(path, ("x",)):
            answer = visitor.get(path, params={name: f"{SCRIPT}{QUOTED}"})
            assert not runs(answer), f"{path}?{name}"
            assert SCRIPT not in str(answer.headers), f"{path}?{name}"
    for field in ("name", "password", "next", "link"):
        given = {"name": "x", "password": "y"} | {field: f"{SCRIPT}{QUOTED}"}
        for path in ("/sign-in", "/start"):
            assert not runs(visitor.post(path, data=given)), path


def test_every_answer_forbids_what_a_page_could_be_tricked_into(browser, app, desk, monkeypatch):
    desk.closing.set()
    monkeypatch.setattr(desk.archive, "reliability", lambda: 1 / 0)
    visitor = browser("admin")
    answers = [visitor.get(path) for path in (*gets(app), "/nothing", f"{API}/nothing")] + [browser().get("/search")]
    assert 500 in {answer.status_code for answer in answers}
    for answer in answers:
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers.get(name) == value, f"{answer.request.url}: {name}"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"]
        assert "ZeroDivisionError" not in answer.text


def test_the_report_of_a_hostile_case_runs_nothing(hostile, admin, monkeypatch, tmp_path):
    import zipfile

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "keys"))
    case = f"case {SCRIPT}{QUOTED}"
    hostile.cases.add_sighting(case, 1, "maria", note=f"{SCRIPT}{QUOTED}")
    answer = admin.post(f"{API}/jobs", json={"kind": "export", "case": case}, headers={"X-Reason": f"{SCRIPT}{QUOTED}"})
    job = waited(admin, answer)
    assert job["state"] == "done", job["error"]
    file = admin.get(job["file"])
    assert file.headers["content-disposition"] == 'attachment; filename="evidence.zip"'
    report = zipfile.ZipFile(io.BytesIO(file.content)).read("report.html").decode()
    assert "&lt;script&gt;" in report
    assert not re.search(r"<script|<img src=x", report)


def test_tables_hold_no_formulas(archive, admin):
    for name in (FORMULA, "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\uff1d1+1"):
        with archive.database.session() as session:
            session.execute(update(Camera).where(Camera.id == 1).values(name=name))
            session.get_one(Footage, 1).path = f"/footage/{name}.mp4".replace("/c", "c")
        job = waited(admin, admin.post(f"{API}/jobs", json={"kind": "export"}))
        for table in (admin.get("/search.csv").text, admin.get("/counts.csv").text, admin.get(job["file"]).text):
            assert not re.search(r'(^|,)"?[=+@\t\uff1d]', table, re.MULTILINE), table
            assert not re.search(r'(^|,)"?-\D', table, re.MULTILINE), table


# --- paths -----------------------------------------------------------------------------------------------------------

OUT = ("../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd", "/etc/passwd",
       "..\\..\\etc\\passwd", "%00", "passwd%00.css", "desk.css/../../app.py", "a" * 5000)  # fmt: skip


def test_no_address_leads_out_of_what_is_served(admin, archive):
    secret = archive.media.folder.parent / "secret.jpg"
    secret.write_bytes(b"a secret of this machine")
    for out in (*OUT, "../../secret", "..%2f..%2fsecret", "../secret"):
        for pattern in ("/static/{}", "/pictures/{}.jpg", "/sightings/{}/crops/0.jpg", "/identities/{}/picture.jpg",
                        f"{API}/jobs/{{}}/file", "/static/../{}"):  # fmt: skip
            answer = admin.get(pattern.format(out))
            assert answer.status_code in (404, 422), pattern.format(out)
            assert b"secret of this machine" not in answer.content
            assert b"root:" not in answer.content


@pytest.mark.parametrize(
    "example", ["/etc/passwd", "sighting:/../../../etc/x.png", "picture:../x", "person:/etc/passwd", "sighting:1/../x"]
)
def test_examples_are_no_paths_also_where_they_are_kept(admin, archive, example):
    for path, body in (
        ("search", {"like": [example]}),
        ("search", {"like": ["sighting:1"], "unlike": [example]}),
        ("saved-searches", {"name": "x", "request": {"like": [example]}, "watch": True}),
        ("forgettable", {"like": example}),
        ("jobs", {"kind": "export", "request": {"like": [example]}}),
    ):
        assert admin.post(f"{API}/{path}", json=body).status_code == 400, path
    assert admin.get("/search", params={"like": example}).status_code == 400
    assert admin.post("/watchlists", data={"name": "x", "query": f"like={example}"}).status_code == 400
    assert archive.saved_searches().searches == ()


def test_only_folders_that_were_named_are_ingested(archive, made_once, tmp_path):
    (tmp_path / "recordings").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "recordings" / "link").symlink_to(tmp_path / "elsewhere")
    desk = Desk(archive, folders=[tmp_path / "recordings"])
    visitor = Browser(create_app(desk), made_once.sessions["supervisor"])
    for path in ("/etc", f"{tmp_path}/elsewhere", f"{tmp_path}/recordings/../elsewhere", f"{tmp_path}/recordings/link",
                 f"{tmp_path}/recordings-too", "recordings", "x" * 5000, ""):  # fmt: skip
        answer = visitor.post(f"{API}/jobs", json={"kind": "ingest", "paths": [path]})
        assert answer.status_code == 400, path
    assert desk.jobs.all() == []


# --- requests of others ----------------------------------------------------------------------------------------------


def test_pages_of_other_sites_cannot_send_what_changes_something(app, made_once, archive):
    secret = made_once.sessions["admin"]
    visitor = Browser(app, secret)
    before = archive.decisions()
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://127.0.0.1:8750.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        for path, kind in (
            ("/sign-in", {"data": {"name": "viewer", "password": PASSWORD}}),
            ("/identities/1/name", {"data": {"text": "x", "seen": 0}}),
            (f"{API}/identities/1/decisions", {"json": {"kind": "name", "text": "x"}}),
        ):
            assert visitor.post(path, headers=headers, **kind).status_code == 403, headers
    del visitor.headers[CSRF_HEADER]
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        body = b'{"kind": "name", "text": "x"}'
        answer = visitor.post(f"{API}/identities/1/decisions", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 403, 422), kind
    for method in ("PUT", "PATCH", "DELETE"):
        assert visitor.request(method, f"{API}/cases/x", json={}).status_code in (403, 405)
    assert archive.decisions() == before


def contents(archive):
    """Everything in the database but what is kept of looking: the audit, the history of searches, sessions."""
    kept = {"audit_record", "audit_head", "past_search", "sign_in", "sign_in_try"}
    with archive.database.session() as session:
        return {
            table.name: str(session.execute(select(table).order_by(*table.primary_key.columns)).all())
            for table in Base.metadata.sorted_tables
            if table.name not in kept
        }


def test_nothing_is_changed_by_looking(archive, admin, app, desk):
    desk.closing.set()
    before = contents(archive)
    assert len(before) > 15
    for path in gets(app):
        admin.get(path)
        admin.head(path)
        admin.options(path)
    assert contents(archive) == before


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "127.0.0.2"])
def test_another_name_for_this_machine_is_refused(app, made_once, host):
    visitor = Browser(app, made_once.sessions["admin"])
    assert visitor.get("/search", headers={"Host": host}).status_code == 400


def test_headers_of_visitors_say_nothing(app, browser, desk):
    named = {
        "X-Forwarded-User": "admin", "X-Remote-User": "admin", "Remote-User": "admin", "Forwarded": "for=127.0.0.1",
        "X-Forwarded-Host": "evil.example", "X-Original-URL": "/sign-in", "X-Rewrite-URL": "/healthz",
        "X-HTTP-Method-Override": "GET", "X-Forwarded-For": "127.0.0.1", "Authorization": "Basic YWRtaW46YWRtaW4=",
    }  # fmt: skip
    for name, value in named.items():
        assert browser().get("/accounts", headers={name: value}).status_code == 401, name
        assert "evil" not in browser().get("/sign-in", headers={name: value}).text
    tries = [
        browser().post("/sign-in", data={"name": f"n{i}", "password": "x"}, headers={"X-Forwarded-For": f"10.0.0.{i}"})
        for i in range(35)
    ]
    assert tries[-1].status_code == 429, "another address each time is the same visitor"


def test_a_proxys_word_is_the_name_and_nothing_like_it(desk):
    """People may choose their names where they sign in: one that looks like the administrator's is another."""
    app = create_app(desk, proxy=Proxy("X-Forwarded-User"))
    visitor = TestClient(app, base_url=HERE, client=("127.0.0.1", 5000))

    def status(name):
        return visitor.get("/accounts", headers={"X-Forwarded-User": name}).status_code

    assert status("admin") == status("ADMIN") == status(" admin ") == 200
    for name in (
        "ªdmin".encode("latin-1"),
        "ªdmin".encode(),
        "\uff41\uff44\uff4d\uff49\uff4e".encode(),
        b"admin,viewer",
        b"viewer admin",
        b"admin\xa0",
    ):
        assert status(name) == 401, name
    assert visitor.get("/accounts", headers={"X_Forwarded_User": "admin"}).status_code == 401
    planted = {"X-Forwarded-User": "viewer", "Cookie": f"{COOKIE}=whatever"}
    assert visitor.get("/accounts", headers=planted).status_code == 403


def test_names_beyond_ascii_come_through_a_proxy(desk, archive):
    archive.accounts.add("Zoë", PASSWORD, "viewer")
    visitor = TestClient(create_app(desk, proxy=Proxy("X-User")), base_url=HERE, client=("::1", 5000))
    assert visitor.get(f"{API}/me", headers={"X-User": "zoë".encode()}).json()["name"] == "Zoë"


# --- sessions --------------------------------------------------------------------------------------------------------


def test_a_session_ends_at_once_where_it_must(archive, browser):
    visitor = browser("investigator")
    assert visitor.get("/search").status_code == 200
    archive.accounts.set_role("investigator", "viewer")
    assert visitor.get("/search.csv").status_code == 403
    archive.accounts.disable("investigator")
    assert visitor.get("/search").status_code == 401
    archive.accounts.disable("investigator", False)
    assert visitor.get("/search").status_code == 401
    other = browser("viewer")
    archive.accounts.set_password("viewer", "another long password")
    assert other.get("/search").status_code == 401


def test_who_watches_is_looked_at_again(archive, browser, monkeypatch):
    """The stream of the progress goes on for hours: whoever may not see it any more is not told any more."""
    monkeypatch.setattr("surveil.web.pages.footage.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("surveil.web.pages.footage.AGAIN_SECONDS", 0.05)
    visitor = browser("viewer")
    from threading import Timer

    Timer(1.0, lambda: archive.accounts.disable("viewer")).start()
    answer = visitor.get("/footage/progress")  # ends when the stream does
    assert "gate" in answer.text


def test_with_https_the_cookie_cannot_be_planted_by_a_neighbour(desk):
    """`__Host-`: a browser takes it from this very host only, by HTTPS, so that none of a sister domain is sent."""
    visitor = TestClient(create_app(desk, tls=True), base_url="https://localhost", follow_redirects=False)
    answer = visitor.post("/sign-in", data={"name": "viewer", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-surveil=")
    assert "Path=/;" in cookie
    assert "Domain" not in cookie
    secret = cookie.partition("=")[2].partition(";")[0]
    assert visitor.get("/search").status_code == 200
    visitor.cookies.clear()
    visitor.cookies.set(COOKIE, secret)
    assert visitor.get("/search").status_code == 401, "under its plain name anybody could have planted it"


# --- too much --------------------------------------------------------------------------------------------------------


def png(width, height, rows=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def hand_in(visitor, content, name="x.jpg"):
    return visitor.post(f"{API}/pictures", files={"picture": (name, content, "image/jpeg")})


def test_pictures_that_are_bombs_or_none_are_refused(investigator, archive):
    jpeg = cv2.imencode(".jpg", np.zeros((400, 200, 3), np.uint8))[1].tobytes()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    for content in (b"", b"hello", svg, jpeg[:100], png(60_000, 60_000), png(2**31 - 1, 2**31 - 1), b"PK\x03\x04" * 99,
                    png(20_000, 20_000, b"\0" * 10_000_000), b"GIF89a\xff\xff\xff\xff" + b"\0" * 99):  # fmt: skip
        answer = hand_in(investigator, content)
        assert answer.status_code == 422, content[:20]
        assert answer.json()["title"] == "This cannot be read"
    assert not list(archive.media.folder.rglob("handed-in/*"))


def test_of_a_picture_only_the_picture_is_kept(investigator, archive):
    jpeg = cv2.imencode(".jpg", np.full((400, 200, 3), 77, np.uint8))[1].tobytes()
    answer = hand_in(investigator, jpeg + SCRIPT.encode(), name="../../../x.html")
    assert answer.status_code == 201
    [kept] = (archive.media.folder / "handed-in").iterdir()
    assert kept.name == f"{answer.json()['example'].partition(':')[2]}.jpg"
    assert SCRIPT.encode() not in kept.read_bytes()
    assert investigator.get(f"/pictures/{kept.name}").headers["content-type"] == "image/jpeg"


def test_bodies_that_are_too_large_are_cut_off(investigator):
    large = b"x" * (MAX_BODY_BYTES + 1)
    assert investigator.post("/sign-in", content=large).status_code == 413
    assert hand_in(investigator, large).status_code == 413
    said = investigator.post("/sign-in", content=b"x", headers={"Content-Length": "-1"})
    assert said.status_code == 413

    def unsaid():
        yield b'------x\r\nContent-Disposition: form-data; name="picture"; filename="x"\r\n\r\n'
        for _ in range(MAX_BODY_BYTES // 2**20 + 2):
            yield b"x" * 2**20

    headers = {"Content-Type": "multipart/form-data; boundary=----x"}
    for path in (f"{API}/pictures", "/search/picture", "/sign-in"):
        answer = investigator.post(path, content=unsaid(), headers=headers)
        assert answer.status_code == 413, path


def test_too_many_parts_and_too_deep_bodies_are_refused(investigator):
    parts = [("name", (None, "x"))] * 2000
    assert investigator.post("/sign-in", files=parts).status_code == 400
    deep = b"[" * 100_000
    headers = {"Content-Type": "application/json"}
    assert investigator.post(f"{API}/search", content=deep, headers=headers).status_code in (400, 422)
    wide = {"like": [f"sighting:{i}" for i in range(100_000)]}
    assert investigator.post(f"{API}/search", json=wide).status_code in (400, 422)
    assert investigator.post(f"{API}/search", json={"text": "red " * 500_000}).status_code in (400, 422)


def test_strange_text_is_answered(database_url, tmp_path):
    with surveil.open(database_url, media=tmp_path / "media", device="cpu") as archive:
        archive.accounts.add("admin", PASSWORD, "admin")
        secret = archive.accounts.sign_in("admin", PASSWORD, "::1").secret
        visitor = Browser(create_app(Desk(archive)), secret)
        for text in ("a\0b", "\ud800", "\uffff", "x" * 100_000, "\u202eevil"):
            is_answered(visitor, text)


def is_answered(visitor, text):
    """Wherever a visitor may write it."""
    for path, body in (
        ("cases", {"name": text}), ("users", {"name": text, "password": PASSWORD, "role": "viewer"}),
        ("saved-searches", {"name": text, "request": {"text": text}}), ("search", {"cameras": [text]}),
        ("search", {"text": text}), ("tokens", {"user": text, "name": text, "scopes": ["see"]}),
    ):  # fmt: skip
        sent = json.dumps(body).encode()
        answer = visitor.post(f"{API}/{path}", content=sent, headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, f"{path}: {answer.text}"

    said = quote(text[:500], errors="surrogatepass")
    for path in (f"/search?q={said}", f"/audit?by={said}", f"{API}/cases/{said}", f"/sign-in?next={said}"):
        assert visitor.get(path, headers={"X-Reason": said}).status_code < 500, path
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = visitor.post("/sign-in", content=f"name={said}&password={said}", headers=form)
    assert answer.status_code < 500, answer.text


def test_pictures_are_taken_up_to_a_number_a_day_from_each_account(archive, made_once, monkeypatch):
    monkeypatch.setattr(archive, "settings", archive.settings.model_copy(update={"pictures_per_day": 2}))
    app = create_app(Desk(archive))
    greedy, other = (Browser(app, made_once.sessions[role]) for role in ("viewer", "investigator"))
    picture = {"picture": ("p.png", cv2.imencode(".png", np.full((40, 20, 3), 90, np.uint8))[1].tobytes())}
    assert [greedy.post(f"{API}/pictures", files=picture).status_code for _ in range(3)] == [201, 201, 429]
    refused = greedy.post("/search/picture", files=picture)
    assert refused.status_code == 429
    assert "2 pictures a day" in refused.text
    assert 86000 < int(refused.headers["retry-after"]) <= 86400
    box = {"seconds": 4.5, "box": [0.1, 0.1, 0.5, 0.9]}
    assert greedy.post(f"{API}/sightings/1/box", json=box).status_code == 429
    assert other.post(f"{API}/pictures", files=picture).status_code == 201


def test_what_runs_beside_the_proxy_needs_its_secret(desk):
    secret = "s" * 40
    app = create_app(desk, proxy=Proxy("X-User", ("127.0.0.1",), secret))
    beside = TestClient(app, base_url=HERE, client=("127.0.0.1", 5000))
    named = {"X-User": "admin"}
    for wrong in ({}, {PROXY_SECRET_HEADER: ""}, {PROXY_SECRET_HEADER: "s" * 39}, {PROXY_SECRET_HEADER: b"\xff"}):
        assert beside.get("/accounts", headers=named | wrong).status_code == 401
    assert beside.get("/accounts", headers=named | {PROXY_SECRET_HEADER: secret}).status_code == 200
    assert secret not in repr(Proxy("X-User", (), secret))


# --- when things break -----------------------------------------------------------------------------------------------


def test_a_database_that_is_away_is_said_to_be(app, browser, monkeypatch):
    def away(*_):
        raise StoreUnavailableError("out of reach", "the database")

    monkeypatch.setattr("surveil.accounts.signing_in.actor_of_sign_in", away)
    visitor = browser("viewer")
    for path in ("/search", f"{API}/search"):
        answer = visitor.get(path)
        assert answer.status_code == 503, path
        assert answer.headers["content-security-policy"]
    assert visitor.get("/static/desk.css").status_code == 200


def test_invented_methods_do_not_fill_the_memory(app, browser, admin):
    for number in range(50):
        browser().request(f"X{number}", "/search")
    figures = admin.get("/metrics").text
    assert 'method="other"' in figures
    assert 'method="X1"' not in figures
