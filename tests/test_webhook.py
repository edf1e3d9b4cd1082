"""Telling a program of something: a real server takes it, and nobody else is told."""

import json
import re
import socket
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from surveil import webhook
from surveil.errors import WebhookError
from surveil.webhook import DELIVERY, SIGNATURE, target_of, tell

SECRET = "between us"
SAID = {"search": "red tops", "sighting": 12}


@pytest.fixture
def server():
    """A server on this machine that remembers what it is told; `answers` are its statuses, the last one for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.told.append((self.path, dict(self.headers), body))
            status = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.told, server.answers = [], [204]
    server.url = f"http://127.0.0.1:{server.server_port}/hits?to=me"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def is_from_surveil():
    """The receiver's check, as the page gives it."""
    page = (Path(__file__).parents[1] / "docs" / "webhooks.md").read_text()
    [example] = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    names = {}
    exec(compile(example, "docs/webhooks.md", "exec"), names)
    return names["is_from_surveil"]


def test_what_is_told_arrives_signed(server):
    tell(target_of(server.url, []), SAID, SECRET, "one")
    [(path, headers, body)] = server.told
    assert path == "/hits?to=me"
    assert json.loads(body) == SAID
    assert headers[DELIVERY] == "one"
    check = is_from_surveil()
    assert check(SECRET, headers[SIGNATURE], body)
    assert not check("another secret", headers[SIGNATURE], body)
    assert not check(SECRET, headers[SIGNATURE], body + b" ")
    old = webhook.signature(SECRET, int(time.time()) - 1000, body)
    assert not check(SECRET, old, body)


def test_what_fails_for_a_while_is_sent_again_under_the_same_name(server):
    server.answers, waits = [503, 429, 200], []
    tell(target_of(server.url, []), SAID, SECRET, "one", wait=waits.append)
    assert [headers[DELIVERY] for _, headers, _ in server.told] == ["one"] * 3
    assert waits == [1.0, 4.0]
    server.answers, server.told[:] = [500], []
    with pytest.raises(WebhookError, match="answered 500"):
        tell(target_of(server.url, []), SAID, SECRET, "one", wait=waits.append)
    assert len(server.told) == 3


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404])
def test_redirects_and_refusals_are_the_end(server, status):
    server.answers = [status]
    with pytest.raises(WebhookError, match=f"answered {status}"):
        tell(target_of(server.url, []), SAID, SECRET, "one", wait=lambda _: None)
    assert [path for path, *_ in server.told] == ["/hits?to=me"]


def test_nobody_there_and_nobody_answering_are_told_of(monkeypatch):
    monkeypatch.setattr(webhook, "TIMEOUT_SECONDS", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        for listening in (False, True):
            if listening:
                silent.listen()
            with pytest.raises(WebhookError, match="not taken"):
                tell(target_of(f"http://127.0.0.1:{port}/", []), SAID, SECRET, "one", wait=lambda _: None)


@pytest.mark.parametrize("drip", [b"HTTP/1.1 100 Continue\r\n\r\n", b"X"])
def test_who_answers_for_ever_holds_nobody_up(monkeypatch, drip):
    monkeypatch.setattr(webhook, "WHOLE_SECONDS", 0.3)
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def answer():
            while not ended.is_set():
                connection, _ = slow.accept()
                with connection, suppress(OSError):
                    while not ended.is_set():
                        connection.sendall(drip)
                        ended.wait(0.05)

        thread = Thread(target=answer, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{slow.getsockname()[1]}/"
        with pytest.raises(WebhookError, match="not taken"):
            tell(target_of(url, []), SAID, SECRET, "one", wait=lambda _: None)
        ended.set()
        thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example.org/",
        "https://alerts.example.org.evil.example/",
        "https://alerts.example.org:444/",
        "http://alerts.example.org/",
        "https://alerts.example.org@evil.example/",
        "https://user:pass@alerts.example.org/",
        "https://alerts.example.org\\@evil.example/",
        "https://evil.example\n.alerts.example.org/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::ffff:169.254.169.254]/",
        "file:///etc/passwd",
        "gopher://localhost/",
        "//localhost/",
        "localhost",
        "https://",
        "http://localhost:99999/",
        "https://\uff4cocalhost/",
        "https://a..b/",
        f"https://{'a' * 64}/",
        "https://[fe80::1%25eth0]/",
    ],
)
def test_nobody_else_is_told(url):
    with pytest.raises(WebhookError):
        target_of(url, ["alerts.example.org:443", "nvr.local", "a..b", "a" * 64])


def test_hosts_of_the_list_and_this_machine_may_be_told():
    for url in ("https://Alerts.Example.org/x", "https://alerts.example.org:443/", "https://alerts.example.org./"):
        assert target_of(url, ["alerts.example.ORG:443"]).host == "alerts.example.org"
    for url in ("http://localhost:9000/", "http://127.0.0.2/", "http://[::1]:80/x", "https://localhost/"):
        assert target_of(url, []).is_loopback


def resolving(monkeypatch, *answers):
    """Make names mean other addresses at each look-up, and remember where it connects."""
    connected, asked = [], list(answers)

    def getaddrinfo(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in asked.pop(0)]

    def create_connection(where, _timeout):
        connected.append(where[0])
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(webhook.socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(webhook.socket, "create_connection", create_connection)
    return connected


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["203.0.113.7", "127.0.0.1"],
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%eth0"],
        ["2002:7f00:1::"],
        ["64:ff9b::a9fe:a9fe"],
        ["64:ff9b::7f00:1"],
        ["fd00:ec2::254"],
        ["100.100.100.200"],
        ["::127.0.0.1"],
        ["::ffff:0:127.0.0.1"],
    ],
)
def test_a_listed_name_that_means_something_forbidden_is_not_told(monkeypatch, addresses):
    connected = resolving(monkeypatch, addresses)
    with pytest.raises(WebhookError, match="which is not told"):
        tell(target_of("https://alerts.example.org/", ["alerts.example.org"]), SAID, SECRET, "one")
    assert connected == []


def test_a_name_that_changes_its_meaning_leads_nowhere(monkeypatch):
    connected = resolving(monkeypatch, ["203.0.113.7"], ["127.0.0.1"])
    with pytest.raises(WebhookError, match=r"means 127\.0\.0\.1"):
        tell(target_of("https://alerts.example.org/", ["alerts.example.org"]), SAID, SECRET, "one", wait=lambda _: None)
    assert connected == ["203.0.113.7"], "the address that was checked"
    connected = resolving(monkeypatch, ["203.0.113.7"])
    with pytest.raises(WebhookError):
        tell(target_of("http://localhost/", []), SAID, SECRET, "one")
    assert connected == [], "this machine's name means another"
