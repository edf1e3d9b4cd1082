import json

import pytest
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.errors import QueryError


@pytest.fixture
def run(database, media, fill, made_up, monkeypatch):
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))
    fill([made_up(0, outputs={"hat": 0.9}), made_up(5)], camera="gate")
    fill([made_up(9, outputs={"hat": 0.8})], camera="yard")

    def call(*arguments):
        result = CliRunner().invoke(surveil, ["--database", database.url, *map(str, arguments)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def numbers(result):
    return [match["sighting"] for match in json.loads(result.stdout)["matches"]]


def test_a_saved_search_is_run_again(run):
    asked = ("search", "--hat", "--camera", "gate", "--json")
    assert numbers(run(*asked, "--save", "hats")) == numbers(run("saved", "run", "hats", "--json")) == [1]
    [saved] = json.loads(run("saved", "list", "--json").stdout)["searches"]
    assert (saved["name"], saved["watch"]) == ("hats", False)
    assert saved["request"]["attributes"] == {"hat": ["yes"]}
    assert "hats" in run("saved", "list").stdout
    assert "hats" in run("saved", "list", "--csv").stdout
    run("saved", "forget", "hats")
    assert json.loads(run("saved", "list", "--json").stdout) == {"searches": []}


def test_names_are_told_apart(run):
    run("search", "--hat", "--save", "hats")
    with pytest.raises(QueryError, match="called 'hats' already"):
        run("search", "--save", "hats")
    with pytest.raises(QueryError, match="Did you mean hats"):
        run("saved", "run", "hat")
    with pytest.raises(QueryError, match="no search is called"):
        run("saved", "forget", "gloves")
    with pytest.raises(QueryError, match="1 to 200 characters"):
        run("search", "--save", " ")
    assert run("search", "--hat", "--watch").exit_code == 2


def test_pictures_of_a_saved_search_are_found_from_anywhere(run, database, tmp_path, monkeypatch):
    import surveil as library

    monkeypatch.chdir(tmp_path)
    with library.open(database.url) as archive:
        saved = archive.save_search("one", archive.request(like=["one.png", "sighting:1"]))
    assert saved.request.like == (str(tmp_path / "one.png"), "sighting:1")


def test_watched_searches_look_at_one_piece_of_footage(run, database):
    import surveil as library

    run("search", "--hat", "--save", "hats", "--watch")
    run("search", "--camera", "gate", "--save", "gate", "--watch")
    run("search", "--save", "everybody")
    with library.open(database.url) as archive:
        found = {
            news.name: [m.sighting for m in news.result.matches] for news in archive.watched("/footage/yard-2.mp4")
        }
    assert found == {"hats": [3]}


def test_hits_of_a_watched_search_are_told(run, database, monkeypatch):
    import surveil as library
    from surveil.errors import WebhookError

    told = []
    monkeypatch.setattr(
        "surveil.app.hits.tell", lambda target, hit, secret, delivery: told.append((target, hit, secret))
    )
    run("search", "--hat", "--save", "hats")
    watched = run("saved", "watch", "hats", "--webhook", "http://localhost:9/hits")
    secret = watched.stdout.split()[-1]
    with pytest.raises(WebhookError, match="webhook_hosts"):
        run("saved", "watch", "hats", "--webhook", "https://example.org/")
    with library.open(database.url) as archive:
        assert [news.webhook_error for news in archive.watched("/footage/yard-2.mp4")] == [None]
        [(target, hit, signed)] = told
        assert (target.url, signed) == ("http://localhost:9/hits", secret)
        assert (hit["search"], hit["sighting"], hit["camera"]) == ("hats", 3, "yard")
        assert secret not in archive.saved_searches().model_dump_json()
        monkeypatch.setattr("surveil.app.hits.tell", _not_taken)
        [news] = archive.watched("/footage/yard-2.mp4")
        assert "not taken" in news.webhook_error
        assert len(news.result.matches) == 1
        run("saved", "watch", "hats", "--stop")
        assert list(archive.watched("/footage/yard-2.mp4")) == []


def _not_taken(*_):
    from surveil.errors import WebhookError

    raise WebhookError("it was not taken")


def test_the_searches_that_were_made(run):
    run("search", "--hat", "--limit", 1)
    [past] = json.loads(run("saved", "history", "--json").stdout)["searches"]
    assert (past["found"], past["more"], past["request"]["attributes"]) == (1, True, {"hat": ["yes"]})
    header, row = run("saved", "history").stdout.splitlines()
    assert header.split() == ["made", "(UTC)", "found", "asks_for"]
    assert "1+" in row
    assert "hat" in run("saved", "history", "--csv").stdout
    run("saved", "history", "--forget")
    assert json.loads(run("saved", "history", "--json").stdout) == {"searches": []}
