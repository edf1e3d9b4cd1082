"""Who is deleted is gone from every byte of the database's file, its log and the media folder."""

import os
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

import surveil
from surveil.store.changes import ChangeWatch
from surveil.store.tables import CropRow, Embedding
from surveil.store.traces import has_traces

PEOPLE = 60
"""So many that pages of the database are split: a split leaves copies behind."""


pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def make_old(media):
    """Nothing is being written just now."""
    for path in media.folder.rglob("*.jpg"):
        os.utime(path, (1.7e9, 1.7e9))


def test_not_a_byte_of_them_is_left(archive, database, media, fill, made_up, tmp_path):
    looks = np.random.default_rng(3).normal(size=(PEOPLE, 544)).astype(np.float32)
    seen = fill([made_up(i, i + 0.5, embedding=look, colour=(i, i, 7)) for i, look in enumerate(looks)])
    archive.cluster()
    chosen = seen[10:50:10]
    for number in chosen:
        with archive.decide("maria") as decisions:
            decisions.note(archive.sighting(number).match.identity, f"unmistakable remark {number}")
    with database.session() as session:
        vectors = dict(session.execute(select(Embedding.sighting_id, Embedding.vector)).all())
        keys = dict(session.execute(select(CropRow.sighting_id, CropRow.media_key)).all())
    traces = [vectors[number].tobytes()[start : start + 32] for number in chosen for start in range(0, 1024, 256)]
    traces += [keys[number].encode() for number in chosen] + [media.read(keys[number])[-200:] for number in chosen]
    orphan = b"\xff\xd8 a crop that no sighting has any more"
    media.put(orphan)
    traces += [orphan, *(f"remark {number}".encode() for number in chosen)]
    make_old(media)
    before = on_disk(tmp_path)
    assert all(trace in before for trace in traces)

    assert archive.retention.forget(chosen).traces_erased
    after = on_disk(tmp_path)
    assert [trace for trace in traces if trace in after] == []
    assert vectors[seen[0]].tobytes() in after, "the others are there"
    assert archive.check().problems == ()
    assert (tmp_path / "surveil.db-wal").stat().st_size == 0


def test_a_reader_that_does_not_end_is_told_of(archive, database, fill, made_up, monkeypatch, tmp_path):
    monkeypatch.setattr("surveil.store.traces.WAIT_SECONDS", 0.2)
    seen = fill([made_up(), made_up(5)])
    with database.engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM sighting").all()
        assert not archive.retention.forget(seen[:1]).traces_erased
    assert has_traces(database)
    assert archive.retention.run().removal.traces_erased, "nobody's time is over, but somebody's traces are still there"
    assert not has_traces(database)
    assert (tmp_path / "surveil.db-wal").stat().st_size == 0


def test_the_log_is_empty_while_a_desk_has_the_database_open(archive, database, media, fill, made_up, tmp_path):
    fill([made_up(i, i + 0.5, colour=(9 * i, i, 7)) for i in range(20)], path=tmp_path / "gate.mp4")
    kept = fill([made_up(1, 2)], camera="hall")
    watch = ChangeWatch(database)
    with surveil.open(database.url, media=media.folder) as desk:
        watch.version()
        assert desk.search(limit=5).matches
        assert (tmp_path / "surveil.db-wal").stat().st_size > 0
        with database.session() as session:
            keys = list(session.scalars(select(CropRow.media_key).where(CropRow.sighting_id.not_in(kept))))
            vectors = list(session.scalars(select(Embedding.vector).where(Embedding.sighting_id.not_in(kept))))
        traces = [key.encode() for key in keys] + [vector.tobytes()[64:96] for vector in vectors]
        traces.append(b"gate.mp4")
        archive.forget_footage(str(tmp_path / "gate.mp4"))
        log = tmp_path / "surveil.db-wal"
        assert log.stat().st_size == 0
        after = on_disk(tmp_path)
        assert [trace for trace in traces if trace in after] == []
        assert desk.search(limit=5).matches[0].sighting == kept[0]
    watch.close()


def test_a_removal_that_was_cut_off_leaves_word_that_traces_are_there(archive, database, fill, made_up, monkeypatch):
    seen = fill([made_up(), made_up(5)])

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("surveil.retention.removal.erase_traces", killed)
    with pytest.raises(KeyboardInterrupt):
        archive.retention.forget(seen[:1])
    monkeypatch.undo()
    assert has_traces(database)
    archive.retention.run()
    assert not has_traces(database)
