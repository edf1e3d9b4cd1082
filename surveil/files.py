"""Files that are replaced whole or not at all, and folders that belong to surveil itself."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote_to_bytes

PARTIAL = ".part"
"""The ending of a file that is being written; one that stays was left by a process that was killed."""
MARKER = ".surveil"
"""A file of this name says that its folder is surveil's own."""
_MARKER_TEXT = "This folder is kept by surveil. What is in it is no footage.\n"


def path_text(path: Path) -> str:
    """A path as text that any database can store: itself, or a file URI where a name is no UTF-8."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return path.as_uri()
    return text


def text_path(text: str) -> Path:
    """The path that `path_text` made text of."""
    return Path(os.fsdecode(unquote_to_bytes(text[len("file://") :]))) if text.startswith("file:///") else Path(text)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file, in place of the one that is there. It is whole and on the disk when this returns, or as it was.

    It is written beside its destination, flushed to the disk, and renamed.

    Raises:
        OSError: The folder cannot be written, or has no room.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def cache_folder() -> Path:
    """The user's folder for what surveil can make again (XDG base directory specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "surveil"


def mark_folder(folder: Path) -> None:
    """Mark a folder as surveil's, so that it is never taken for footage. Where that is not allowed, do nothing."""
    marker = folder / MARKER
    with suppress(OSError):
        if not marker.exists():
            marker.write_text(_MARKER_TEXT)


def is_surveil_folder(path: Path) -> bool:
    """Whether a folder is surveil's own: it holds what surveil made, never footage.

    Raises:
        OSError: The folder may not be entered, or cannot be read.
    """
    try:
        return stat.S_ISREG((path / MARKER).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def is_reachable(path: Path) -> bool:
    """Whether a file or folder is there and may be looked at; `Path.exists` raises where a folder above is closed."""
    return os.path.exists(path)  # noqa: PTH110


def _flush_folder(folder: Path) -> None:
    """Bring a rename to the disk; where folders cannot be opened (Windows), the system does that by itself."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
