"""docs/api.md: its examples run, one after the other, as a reader would try them."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def token(archive):
    scopes = re.findall(r"--scope (\w+)", PAGE.read_text())
    return archive.accounts.make_token("investigator", "a program", scopes).secret


def test_the_examples_run(app, token, monkeypatch, capsys):
    monkeypatch.setattr(httpx, "Client", lambda **given: TestClient(app, **given))
    names = {}
    for example in EXAMPLES:
        exec(compile(example.replace("surveil_...", token), PAGE, "exec"), names)
    said = capsys.readouterr().out
    assert said.startswith("1 gate ")
    assert "not understood: ['limping']" in said
    assert "and 3\n304\n404 application/problem+json" in said
    assert names["decision"]["kind"] == "name"
    assert names["api"].get("/decisions").json()["decisions"][0]["kind"] == "undo"
    assert names["job"]["state"] == "done"
    assert names["table"].splitlines()[0].startswith("sighting,")
