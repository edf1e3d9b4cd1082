"""What database and media folder promise each other: each picture referred to is there and whole, and no others are."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import collate, exists, select
from sqlalchemy.orm import Session

from surveil.errors import StoreError
from surveil.files import PARTIAL
from surveil.store.media import MediaFolder, key_of
from surveil.store.session import Database
from surveil.store.tables import CropRow, Footage

MAX_EXAMPLES = 5
BATCH_SIZE = 10_000
MIN_AGE = 3600.0
"""Seconds for which a file that nothing refers to is left alone: its row may be about to be written."""
MIN_AGE_WHILE_WORKING = 24 * 3600.0
"""The same while footage is worked on: its pictures are written as they are seen, their rows when a part is done."""


@dataclass(slots=True)
class Tally:
    """How many there are of something, and a few examples."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: Path) -> None:
        """One more."""
        self.count += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(str(example))


@dataclass(frozen=True, slots=True)
class MediaState:
    """What was found in a media folder.

    Attributes:
        missing: Pictures that sightings refer to and that are not there.
        damaged: Pictures whose content is not the one that their name promises, or that cannot be read.
        unreferenced: Pictures that no sighting refers to: left by work cut short, or by sightings that are gone.
        partial: Files that were being written when their writer was killed, or are being written just now.
    """

    missing: Tally = field(default_factory=Tally)
    damaged: Tally = field(default_factory=Tally)
    unreferenced: Tally = field(default_factory=Tally)
    partial: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class Collected:
    """How many files were deleted: pictures that no sighting refers to, and files left half written."""

    pictures: int
    partial_files: int

    @property
    def files(self) -> int:
        """Both together."""
        return self.pictures + self.partial_files


def examine_media(session: Session, media: MediaFolder) -> MediaState:
    """Compare the media folder with the database; every picture is read.

    Raises:
        StoreError: The database cannot be read.
    """
    state = MediaState()
    for key, referenced, present in _compare(session, media):
        path = media.path(key)
        if not present:
            state.missing.add(path)
        elif not referenced:
            state.unreferenced.add(path)
        elif _is_damaged(key, path):
            state.damaged.add(path)
    for path in media.partial_files():
        state.partial.add(path)
    return state


def collect_unreferenced(database: Database, media: MediaFolder) -> Collected:
    """Delete pictures that no sighting refers to, and files left half written; safe while footage is ingested.

    Young ones stay, because a running worker may be about to refer to them.

    Raises:
        StoreError: The database cannot be read, or a file not be deleted.
    """
    pictures = 0
    with database.session() as session:
        # Asked first: whoever begins later puts pictures that are younger than any limit.
        working = session.scalar(select(exists().where(Footage.state == "working")))
        limit = time.time() - (MIN_AGE_WHILE_WORKING if working else MIN_AGE)
        for key, referenced, present in _compare(session, media):
            if present and not referenced:
                pictures += _delete_if_older(media.path(key), limit)
    limit = time.time() - MIN_AGE
    return Collected(pictures, sum(_delete_if_older(path, limit) for path in list(media.partial_files())))


def _compare(session: Session, media: MediaFolder) -> Iterator[tuple[str, bool, bool]]:
    """Every key that is referred to or present, ascending: (key, referred to, present)."""
    column = collate(CropRow.media_key, "C") if session.get_bind().dialect.name == "postgresql" else CropRow.media_key
    ordered = select(column).distinct().order_by(column).execution_options(yield_per=BATCH_SIZE)
    referenced, files = iter(session.scalars(ordered)), iter(media)
    wanted, there = next(referenced, None), next(files, None)
    while wanted is not None or there is not None:
        key = min(known for known in (wanted, there) if known is not None)
        yield key, wanted == key, there == key
        if wanted == key:
            wanted = next(referenced, None)
        if there == key:
            there = next(files, None)


def _is_damaged(key: str, path: Path) -> bool:
    try:
        return key_of(hashlib.sha256(path.read_bytes()).hexdigest()) != key
    except OSError:
        return True


def _delete_if_older(path: Path, limit: float) -> bool:
    """Delete a file that was last written before the limit (seconds since 1970).

    A worker that puts the same picture gives it a new time. It may do so between our look at the time and the deletion,
    so the file is first moved out of its sight, and back when its time turns out to be new.
    """
    aside = path if path.name.endswith(PARTIAL) else path.with_name(f"{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        if path.stat().st_mtime >= limit:
            return False
        path.rename(aside)
        if aside.stat().st_mtime >= limit:
            aside.rename(path)
            return False
        aside.unlink()
    except FileNotFoundError:  # another process collects too
        return False
    except OSError as error:
        raise StoreError(f"cannot be deleted: {error.strerror or error}", path, "Check your rights.") from error
    return True
