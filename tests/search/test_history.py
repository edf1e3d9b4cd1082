"""What was searched is remembered: the newest, without further pages and watched runs, and only while it may be."""

import pytest
from sqlalchemy import event, text

import surveil


@pytest.fixture
def archive(database, media, fill, made_up, monkeypatch):
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))
    fill([made_up(i, outputs={"hat": 0.9}) for i in range(3)], camera="gate")
    with surveil.open(database.url, search_history=3) as opened:
        yield opened


def remembered(archive):
    history = archive.search_history().searches
    return [(past.request.model_dump(exclude_defaults=True), past.found, past.more) for past in history]


def test_the_newest_searches_are_remembered(archive):
    archive.search("a hat", limit=2)
    archive.search("a hat", limit=2, offset=2)
    archive.search(cameras=["gate"])
    assert remembered(archive) == [
        ({"cameras": ("gate",)}, 3, False),
        ({"text": "a hat", "limit": 2}, 2, True),
    ]
    archive.search(archive.search_history().searches[1].request)
    archive.search(limit=1)
    assert [found for _, found, _ in remembered(archive)] == [1, 2, 3], "of four, the oldest is forgotten"
    assert len(archive.search_history(limit=2).searches) == 2
    assert archive.forget_search_history() == 3
    assert remembered(archive) == []


def test_what_ingest_runs_is_nobodys_search(archive):
    archive.save_search("hats", archive.request("a hat"), watch=True)
    [news] = archive.watched("/footage/gate-1.mp4")
    assert len(news.result.matches) == 3
    assert remembered(archive) == []


def test_nothing_is_remembered_where_that_is_switched_off(database, archive):
    with surveil.open(database.url, search_history=0) as silent:
        silent.search("a hat")
    assert remembered(archive) == []


def test_who_may_only_read_may_search(database, archive):
    only_read = "PRAGMA query_only = ON"
    if database.dialect == "postgresql":
        only_read = f"SET ROLE reader_{database.engine.url.database}"
        with database.session() as session:
            session.execute(text(f"CREATE ROLE reader_{database.engine.url.database}"))
            session.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {only_read.split()[-1]}"))

    @event.listens_for(archive.database.engine, "connect")
    def restrict(connection, _):
        connection.execute(only_read)
        connection.commit()

    archive.database.engine.dispose()
    found = archive.search("a hat")
    assert len(found.matches) == 3
    assert "permission denied" in found.not_remembered or "readonly" in found.not_remembered
    assert remembered(archive) == []
