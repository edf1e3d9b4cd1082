"""One piece of footage, looked at closely: whether it can be opened, when it starts, and its content's hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from surveil.errors import FootageReadError
from surveil.footage.container import AGAIN, open_video, scope_of
from surveil.footage.crops_folder import time_crops
from surveil.footage.origin import OriginRules
from surveil.images import MAX_PIXELS
from surveil.patience import PATIENCE_SECONDS, Beat, HangsError, run_with_patience
from surveil.types import CropFile, FoundFootage, Source

BLOCK_BYTES = 2**18
"""Bytes, as `hashlib.file_digest` reads them."""


def examine(
    found: FoundFootage,
    rules: OriginRules,
    *,
    content_hash: str | None = None,
    max_pixels: int = MAX_PIXELS,
    patience: float = PATIENCE_SECONDS,
) -> Source:
    """Open a piece of footage, tell when it starts, and hash it; this reads all of it.

    Args:
        found: What `surveil.footage.find.find_footage` met.
        rules: How to tell when it starts; those that it was found with.
        content_hash: Its hash, if that is known already; then only the beginning is read.
        max_pixels: So many pixels may a video's pictures have.
        patience: Seconds without getting on after which reading it is given up.

    Raises:
        FootageReadError: It cannot be read now, hangs, or changes meanwhile; it may be tried again.
        FootageError: It is no video, or damaged beyond reading.
    """

    def look(beat: Beat) -> Source:
        with scope_of(found.path):
            if found.kind == "crops":
                return _crops(found, rules, content_hash, beat)
            return _video(found, rules, content_hash, max_pixels, beat)

    try:
        return run_with_patience(look, patience)
    except HangsError as error:
        raise FootageReadError(f"nothing could be read of it for {patience:g} s", found.path, AGAIN) from error


def hash_again(source: Source) -> str:
    """The hash of what is there now, in place of footage that was examined before.

    Raises:
        FootageReadError: It cannot be read now, or changes meanwhile.
    """
    return _hash_file(source.path, _ignore)[0] if source.kind == "video" else _hash_crops(source.crops, _ignore)


def _ignore() -> None:
    """Nobody waits for a sign of life."""


def _video(found: FoundFootage, rules: OriginRules, content_hash: str | None, max_pixels: int, beat: Beat) -> Source:
    with open_video(found.path, max_pixels=max_pixels) as video:
        metadata, duration = video.metadata, video.claimed_duration or 0.0
        video.check_read()
    digest, size, mtime_ns = content_hash, found.size, found.mtime_ns
    if digest is None:
        digest, status = _hash_file(found.path, beat)
        size, mtime_ns = status.st_size, status.st_mtime_ns
    started_at, started_from = rules.start_of(
        found.path, found.camera, metadata=metadata, modified=mtime_ns / 1e9, duration=duration
    )
    doubt = rules.clock_change(found.path, found.camera, metadata=metadata)
    return Source(
        found.path,
        "video",
        found.camera,
        found.camera_from,
        started_at,
        started_from,
        digest,
        size=size,
        mtime_ns=mtime_ns,
        warnings=() if doubt is None else (doubt,),
    )


def _crops(found: FoundFootage, rules: OriginRules, content_hash: str | None, beat: Beat) -> Source:
    started_at, started_from, files = time_crops(found, rules, beat)
    return Source(
        found.path,
        "crops",
        found.camera,
        found.camera_from,
        started_at,
        started_from,
        content_hash or _hash_crops(files, beat),
        tuple(files),
        len(found.pictures) - len(files),
        size=found.size,
        mtime_ns=found.mtime_ns,
    )


def _hash_file(path: Path, beat: Beat) -> tuple[str, os.stat_result]:
    """SHA-256 of a file (hex), and its status while it was read."""
    hashed, buffer, read = hashlib.sha256(), bytearray(BLOCK_BYTES), 0
    view = memoryview(buffer)
    try:
        with path.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            # No further than it was long: a file may grow as fast as it is read.
            while read <= before.st_size and (size := file.readinto(buffer)):
                hashed.update(view[:size])
                read += size
                beat()
            after = os.fstat(file.fileno())
    except OSError as error:
        raise FootageReadError(f"cannot be read: {error.strerror or error}", path, AGAIN) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FootageReadError("it changed while it was read", path, AGAIN)
    return hashed.hexdigest(), after


def _hash_crops(files: Iterable[CropFile], beat: Beat) -> str:
    """SHA-256 over names and contents: in a folder of crops the names hold camera and time."""
    whole = hashlib.sha256()
    for path in sorted(file.path for file in files):
        digest, _ = _hash_file(path, beat)
        whole.update(os.fsencode(path.name) + b"\0" + bytes.fromhex(digest))
    return whole.hexdigest()
