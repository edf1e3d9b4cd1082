"""The tables. Times are UTC everywhere; a naive time is refused on its way in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from surveil.attributes import OUTPUT_NAMES
from surveil.store.columns import HalfVector, UTCDateTime

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What all tables share: constraint names for migrations, and how Python types become columns."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UTCDateTime, float: Float, dict[str, Any]: JSON, list[Any]: JSON}


Key = BigInteger().with_variant(Integer, "sqlite")
NEVER_REUSED = {"sqlite_autoincrement": True}
"""For keys that decisions name: the number of a deleted row must never come to mean another (Postgres never does)."""


class Camera(Base):
    """A camera. Its clock offset (seconds) is what must be added to the times it stamps to get the true time.

    `keep_days`: after so many days who was seen is deleted (`surveil retention run`); null: never.
    """

    __tablename__ = "camera"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    clock_offset: Mapped[float] = mapped_column(Float, default=0.0)
    keep_days: Mapped[float | None]


class Footage(Base):
    """One file, or one folder of crops; told apart by its content, not its name.

    `state`: waiting, working, done or failed. `lease_owner` and `lease_until` say who works on it and until when that
    may be believed; `attempts` counts the workers that died on it since it last got on, so that footage that kills its
    worker is not retried for ever.
    `size` (bytes) and `mtime_ns` (nanoseconds since 1970) are those of the content that was hashed; null where an
    older release did not note them. `frames` holds the counts of `surveil.types.FrameCounts`; `warnings` records of
    kind, start, end (seconds of the footage) and detail. `progress` goes from 0 to 1; `watermark` is the second of the
    footage up to which everything seen is stored, null while nothing is.
    """

    __tablename__ = "footage"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), index=True)
    camera_from: Mapped[str] = mapped_column(String(20))
    path: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(10))
    content_hash: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int | None] = mapped_column(BigInteger)
    mtime_ns: Mapped[int | None] = mapped_column(BigInteger)
    started_at: Mapped[datetime]
    started_from: Mapped[str] = mapped_column(String(20))
    duration: Mapped[float] = mapped_column(default=0.0)
    state: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    frames: Mapped[dict[str, Any]] = mapped_column(default=dict)
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    progress: Mapped[float] = mapped_column(default=0.0)
    watermark: Mapped[float | None]
    work_seconds: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None]
    camera: Mapped[Camera] = relationship()


class ResumePoint(Base):
    """What is needed to go on with footage from its watermark; gone when the footage is done."""

    __tablename__ = "resume_point"
    footage_id: Mapped[int] = mapped_column(ForeignKey("footage.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[bytes] = mapped_column(LargeBinary)


class Daemon(Base):
    """A process that watches folders; its row goes when it stops, and stays when it dies.

    `owner` is a lease's; after `alive_until` a daemon that was not heard of again is taken for gone. `growing` counts
    the files that it leaves alone because they still change, `away` lists folders that are not there.
    """

    __tablename__ = "daemon"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    owner: Mapped[str] = mapped_column(String(200), unique=True)
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    folders: Mapped[list[Any]]
    away: Mapped[list[Any]]
    growing: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    alive_until: Mapped[datetime]
    last_scan: Mapped[datetime | None]


class ScannedFile(Base):
    """A file as the last scan found it: while size and time stay the same, it need not be hashed again.

    Forgetting the footage forgets its files too, so that the next scan finds them anew.
    """

    __tablename__ = "scanned_file"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    path: Mapped[str] = mapped_column(Text, unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    content_hash: Mapped[str] = mapped_column(String(64))
    footage_id: Mapped[int | None] = mapped_column(ForeignKey("footage.id", ondelete="CASCADE"), index=True)


class UnopenedFile(Base):
    """A file that was taken for footage, or a folder, that could not be opened when it was last tried, and why."""

    __tablename__ = "unopened_file"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    path: Mapped[str] = mapped_column(Text, unique=True)
    what: Mapped[str] = mapped_column(Text)
    noticed_at: Mapped[datetime]


class Identity(Base):
    """A person as the operator knows them. It outlives clusterings: a name given is never lost."""

    __tablename__ = "identity"
    __table_args__ = NEVER_REUSED
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str | None] = mapped_column(String(200))


class SightingRow(Base):
    """A finished track: when, where, how good. What a model says of it is its `Description` and its `Embedding`."""

    __tablename__ = "sighting"
    __table_args__ = (Index("ix_sighting_camera_time", "camera_id", "first_seen"), NEVER_REUSED)
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    footage_id: Mapped[int] = mapped_column(ForeignKey("footage.id", ondelete="CASCADE"), index=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id", ondelete="SET NULL"), index=True)
    first_seen: Mapped[datetime] = mapped_column(index=True)
    last_seen: Mapped[datetime] = mapped_column(index=True)
    boxes: Mapped[list[Any]]
    """One [seconds, x1, y1, x2, y2, score] per detection."""
    detections: Mapped[int]
    quality: Mapped[float]
    footage: Mapped[Footage] = relationship()
    camera: Mapped[Camera] = relationship()
    identity: Mapped[Identity | None] = relationship()


class Model(Base):
    """A model that described the sightings; exactly one is in use at a time."""

    __tablename__ = "model"
    # On Postgres too, as migrations make it; saying so here would load that dialect at every start.
    __table_args__ = (Index("uq_model_in_use", "in_use", unique=True, sqlite_where=text("in_use")),)
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    card: Mapped[dict[str, Any]]
    in_use: Mapped[bool] = mapped_column(default=False)


class Description(Base):
    """What a model says of a sighting: the 32 attribute probabilities, each in a column named as in `OUTPUT_NAMES`.

    Each has an index, so that the most probable sightings are found without looking at all.
    """

    __tablename__ = "description"
    sighting_id: Mapped[int] = mapped_column(ForeignKey("sighting.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"), primary_key=True)


for _name in OUTPUT_NAMES:
    setattr(Description, _name, mapped_column(_name, Float, nullable=False))
    Index(f"ix_description_{_name}", Description.model_id, getattr(Description, _name), Description.sighting_id)


class Embedding(Base):
    """544 float16 values, unit length. In a table of its own, so that attribute scans do not read vectors."""

    __tablename__ = "embedding"
    sighting_id: Mapped[int] = mapped_column(ForeignKey("sighting.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"), primary_key=True)
    vector: Mapped[NDArray[np.float16]] = mapped_column(HalfVector)


class CropRow(Base):
    """One of a sighting's best crops; the JPEG lies in the media folder under its key."""

    __tablename__ = "crop"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    sighting_id: Mapped[int] = mapped_column(ForeignKey("sighting.id", ondelete="CASCADE"), index=True)
    rank: Mapped[int]
    taken_at: Mapped[datetime]
    box: Mapped[list[Any]]
    quality: Mapped[float]
    media_key: Mapped[str] = mapped_column(String(80))


class Clustering(Base):
    """One run that derived identities from sightings."""

    __tablename__ = "clustering"
    __table_args__ = NEVER_REUSED
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    made_at: Mapped[datetime]
    parameters: Mapped[dict[str, Any]]
    metrics: Mapped[dict[str, Any]]


class Membership(Base):
    """Which identity a clustering gave a sighting."""

    __tablename__ = "membership"
    clustering_id: Mapped[int] = mapped_column(ForeignKey("clustering.id", ondelete="CASCADE"), primary_key=True)
    sighting_id: Mapped[int] = mapped_column(
        ForeignKey("sighting.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id", ondelete="CASCADE"), index=True)


class Decision(Base):
    """What an operator decided, and who that was. Append-only: an undo is a decision too, and names what it undoes."""

    __tablename__ = "decision"
    __table_args__ = NEVER_REUSED
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    made_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]]
    undoes: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))


class PastSearchRow(Base):
    """A search that was made: what `surveil.app.SearchRequest` is as JSON, and how many matches were shown."""

    __tablename__ = "past_search"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    made_at: Mapped[datetime]
    request: Mapped[dict[str, Any]]
    found: Mapped[int]
    more: Mapped[bool]


class SavedSearchRow(Base):
    """A search under a name: what `surveil.app.SearchRequest` is as JSON. One that is watched is run on what is new.

    `webhook` is where its hits are told, signed with `webhook_secret`.
    """

    __tablename__ = "saved_search"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    request: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    watch: Mapped[bool] = mapped_column(default=False)
    webhook: Mapped[str | None] = mapped_column(Text)
    webhook_secret: Mapped[str | None] = mapped_column(String(100))


class SearchDue(Base):
    """Footage that is done, but whose worker (`owner`) has not run the watched searches on it yet."""

    __tablename__ = "search_due"
    footage_id: Mapped[int] = mapped_column(ForeignKey("footage.id", ondelete="CASCADE"), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(200))
    since: Mapped[datetime]


class SavedSearchLook(Base):
    """When somebody last looked at what a saved search finds: the newest sighting of then."""

    __tablename__ = "saved_search_look"
    search_id: Mapped[int] = mapped_column(ForeignKey("saved_search.id", ondelete="CASCADE"), primary_key=True)
    actor: Mapped[str] = mapped_column(String(200), primary_key=True)
    sighting: Mapped[int] = mapped_column(Key)
