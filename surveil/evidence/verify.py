"""Verifying a package of evidence, without a database: is it what was signed, all of it, and nothing else?"""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from surveil.errors import SurveilError
from surveil.evidence.manifest import FORMAT, MANIFEST, PUBLIC_KEY, SIGNATURE, UNLISTED
from surveil.evidence.signing import fingerprint, is_signed, read_public_pem

MAX_MANIFEST_BYTES = 64 * 2**20
MAX_SMALL_BYTES = 4096
DAMAGED = (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, zlib.error)
"""What zipfile raises of damaged content."""
END_BYTES, ZIP64_END_BYTES = 22, 76
"""What ends a zip file, and what large ones have before it."""
UTF8 = 0x800
"""The flag of a name in UTF-8."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a package turned out to be.

    Attributes:
        problems: Why it is not what was signed; none where it is.
        fingerprint: Of the key that signed it (hex); None where there is no key. Anybody can make a key: it must be
            compared with the one known.
        manifest: What it says of itself; None where it cannot be read.
    """

    problems: tuple[str, ...]
    fingerprint: str | None
    manifest: dict[str, Any] | None


def verify(path: Path, known_fingerprint: str | None = None) -> Verified:
    """Check signature, manifest and every file of a package; nothing is unpacked.

    Args:
        path: The zip file.
        known_fingerprint: Of the only key that is trusted (hex).

    Raises:
        SurveilError: The file cannot be read, or is no zip file.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as package:
            problems = [*_hidden(package, path), *_name_problems(package)]
            if problems:  # what one program finds under a name is then not what another finds
                return Verified(tuple(problems), None, None)
            return _verify_content(package, known_fingerprint)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SurveilError(
            f"cannot be read as a package: {reason}", path, "It is damaged, or something else."
        ) from error


def _verify_content(package: zipfile.ZipFile, known: str | None) -> Verified:
    names = {entry.filename for entry in package.infolist()}
    missing = sorted(UNLISTED - names)
    if missing:
        return Verified(tuple(f"{name}: missing" for name in missing), None, None)
    key = read_public_pem(_read(package, PUBLIC_KEY, MAX_SMALL_BYTES) or b"")
    if key is None:
        return Verified((f"{PUBLIC_KEY}: not an Ed25519 key",), None, None)
    signer = fingerprint(key)
    content, signature = _read(package, MANIFEST, MAX_MANIFEST_BYTES), _read(package, SIGNATURE, MAX_SMALL_BYTES)
    problems = []
    if known is not None and signer != known.replace(":", "").replace(" ", "").lower():
        problems.append(f"signed with another key: its fingerprint is {signer}")
    if content is None or signature is None or not is_signed(key, signature, content):
        return Verified((*problems, f"{MANIFEST}: the signature does not fit"), signer, None)
    try:
        manifest = json.loads(content)
        files = {str(name): (int(entry["size"]), str(entry["sha256"])) for name, entry in manifest["files"].items()}
        if manifest["format"] != FORMAT:
            return Verified((*problems, f"{MANIFEST}: of another format, {manifest['format']}"), signer, None)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Verified((*problems, f"{MANIFEST}: cannot be understood"), signer, None)
    return Verified((*problems, *_file_problems(package, files)), signer, manifest)


def _name_problems(package: zipfile.ZipFile) -> Iterator[str]:
    """Names that different programs take for different files, or that lead out of a folder."""
    entries = package.infolist()
    for name, count in Counter(entry.filename.casefold() for entry in entries).items():
        if count > 1:
            yield f"{name}: {count} files of this name"
    for entry in entries:
        # The name before zipfile cut it at a null byte and turned backslashes.
        name, parts = entry.orig_filename, PurePosixPath(entry.filename).parts
        if name != entry.filename or "\\" in name or ":" in name or not name.isprintable():
            yield f"{name!r}: not a plain name"
        elif name.startswith("/") or ".." in parts or "." in name.split("/") or "" in name.split("/"):
            yield f"{name!r}: leads out of the package"
        elif entry.is_dir() or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            yield f"{name!r}: not a plain file"
        elif entry.flag_bits & 0x1:
            yield f"{name!r}: encrypted"


def _hidden(package: zipfile.ZipFile, path: Path) -> Iterator[str]:
    """A zip may hide another before, between or after its files; this one holds its files and nothing else."""
    place = 0
    for entry in sorted(package.infolist(), key=lambda entry: entry.header_offset):
        if entry.header_offset != place:
            yield f"{entry.filename}: something stands before it"
            return
        place = _end_of(path, entry)
    directory = sum(
        46
        + len(entry.orig_filename.encode("utf-8" if entry.flag_bits & UTF8 else "cp437"))
        + len(entry.extra)
        + len(entry.comment)
        for entry in package.infolist()
    )
    ends = path.stat().st_size - place - directory
    if package.comment or ends not in (END_BYTES, END_BYTES + ZIP64_END_BYTES):
        yield "something stands after the files"


def _end_of(path: Path, entry: zipfile.ZipInfo) -> int:
    """Where a file's data ends: its local header has lengths of its own for name and extra field."""
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        header = file.read(30)
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    return entry.header_offset + 30 + lengths + entry.compress_size


def _file_problems(package: zipfile.ZipFile, files: dict[str, tuple[int, str]]) -> Iterator[str]:
    present = {entry.filename: entry for entry in package.infolist() if entry.filename not in UNLISTED}
    for name in sorted(files.keys() | present.keys()):
        if name not in present:
            yield f"{name}: missing"
        elif name not in files:
            yield f"{name}: not in the manifest"
        elif present[name].file_size != files[name][0] or _sha256(package, name, files[name][0]) != files[name][1]:
            yield f"{name}: changed"


def _sha256(package: zipfile.ZipFile, name: str, size: int) -> str | None:
    """The SHA-256 (hex) of a file; None where it is damaged or larger than it should be."""
    digest, left = hashlib.sha256(), size
    try:
        with package.open(name) as file:
            while block := file.read(1 << 20):
                left -= len(block)
                if left < 0:
                    return None
                digest.update(block)
    except DAMAGED:
        return None
    return digest.hexdigest()


def _read(package: zipfile.ZipFile, name: str, limit: int) -> bytes | None:
    """A small file; None where it is larger than the limit, or damaged."""
    try:
        with package.open(name) as file:
            content = file.read(limit + 1)
    except DAMAGED:
        return None
    return content if len(content) <= limit else None
