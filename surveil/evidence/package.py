"""Writing a package of evidence: a zip of footage, pictures and a report, with a signed manifest."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from surveil.errors import StoreError
from surveil.evidence.excerpt import write_mp4
from surveil.evidence.exhibit import About, Exhibit, Picture
from surveil.evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE, file_sha256, manifest_of
from surveil.evidence.redact import DetectPeople, redacted
from surveil.evidence.report import report
from surveil.evidence.signing import fingerprint, public_pem
from surveil.files import PARTIAL
from surveil.footage.moments import frames_between, is_steady
from surveil.footage.segment import copy_segment
from surveil.types import Frame

JPEG_QUALITY = 95
PACKED = {".json", ".html", ".pem"}
"""What zip makes smaller; pictures and films are compressed already."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of an exhibit; names of files are relative to the package.

    Attributes:
        exhibit: The exhibit.
        original_sha256: SHA-256 (hex) of the whole original file, computed now; None for a folder of pictures.
        segment: Name of the copied piece of the original; None where it is withheld.
        segment_begin: Seconds of the footage at which it begins.
        segment_end: Seconds up to which it goes.
        packets_sha256: See `surveil.footage.clip.Segment`.
        excerpt: Name of the film that browsers play; None for a folder of pictures.
        crops: Names of the pictures.
    """

    exhibit: Exhibit
    original_sha256: str | None
    segment: str | None
    segment_begin: float
    segment_end: float
    packets_sha256: str | None
    excerpt: str | None
    crops: tuple[str, ...]


def write_package(
    out: Path,
    about: About,
    exhibits: Sequence[Exhibit],
    key: Ed25519PrivateKey,
    *,
    detect: DetectPeople | None,
    stated_fps: float,
    max_pixels: int,
    tell: Callable[[float], object] = lambda _: None,
) -> str:
    """Write a package; gives the SHA-256 (hex) of its manifest. It is there as a whole, or not at all.

    Args:
        out: The zip file, in place of the one that is there.
        about: Who made it, of what.
        exhibits: What goes into it.
        key: Signs it.
        detect: Finds people, who are then made unrecognisable, but for the chosen ones; None: everybody is shown.
        stated_fps: Frames per second of raw streams.
        max_pixels: So many pixels may a frame have.
        tell: Told the part that is done, 0 to 1; what it raises ends the work, and no file is left.

    Raises:
        StoreError: An original is gone, or is not what was ingested; or the file cannot be written.
        FootageError: An original cannot be read.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".surveil-evidence-", dir=out.absolute().parent) as temporary:
            folder = Path(temporary)
            written: list[Written] = []
            for one in exhibits:
                written.append(
                    _write_exhibit(
                        folder,
                        one,
                        detect,
                        stated_fps,
                        max_pixels,
                        tell=lambda part: tell((len(written) + part) / len(exhibits)),
                    )
                )
            (folder / "case.json").write_text(_facts(about, written), encoding="utf-8")
            (folder / "report.html").write_text(report(about, written, folder), encoding="utf-8")
            public = key.public_key()
            facts = {"case": about.case, "made_at": about.made_at.isoformat(), "made_by": about.made_by}
            manifest = manifest_of(folder, fingerprint(public), facts)
            (folder / MANIFEST).write_bytes(manifest)
            (folder / SIGNATURE).write_bytes(key.sign(manifest))
            (folder / PUBLIC_KEY).write_bytes(public_pem(public))
            _zip(folder, out, about)
            return file_sha256(folder / MANIFEST)
    except OSError as error:
        raise StoreError(error.strerror or str(error), out, "Check that the place is writable and has room.") from error


def _write_exhibit(
    folder: Path,
    exhibit: Exhibit,
    detect: DetectPeople | None,
    stated_fps: float,
    max_pixels: int,
    tell: Callable[[float], object],
) -> Written:
    tell(0.0)
    place = folder / f"exhibit_{exhibit.number:02d}"
    place.mkdir()
    if exhibit.kind == "crops":
        if detect is not None:
            raise StoreError(
                "of a folder of pictures there are only crops, in which others cannot be told apart",
                exhibit.footage,
                "Take it out of the case, or export without blurring.",
            )
        return Written(exhibit, None, None, 0.0, 0.0, None, None, _stored_crops(place, exhibit))
    sha256 = _check_original(exhibit)
    steady = is_steady(warning.kind for warning in exhibit.warnings)
    frames = _telling(
        frames_between(
            exhibit.footage, exhibit.begin, exhibit.end, steady=steady, stated_fps=stated_fps, max_pixels=max_pixels
        ),
        exhibit,
        tell,
    )
    excerpt = place / "excerpt.mp4"
    if detect is None:
        write_mp4(frames, excerpt)
        segment = copy_segment(
            exhibit.footage,
            exhibit.begin,
            exhibit.end,
            place / "original",
            steady=steady,
            duration=exhibit.duration,
        )
        crops = _stored_crops(place, exhibit)
        name: str | None = segment.path.relative_to(folder).as_posix()
        kept = (name, segment.begin, segment.end, segment.packets_sha256)
    else:
        cutter = _Cutter(place, exhibit)
        write_mp4(cutter.watching(redacted(frames, detect, exhibit.seen.boxes if exhibit.seen else None)), excerpt)
        crops, kept = cutter.names(), (None, 0.0, 0.0, None)
    return Written(exhibit, sha256, *kept, excerpt.relative_to(folder).as_posix(), crops)


def _telling(frames: Iterator[Frame], exhibit: Exhibit, tell: Callable[[float], object]) -> Iterator[Frame]:
    """The frames of an exhibit, and at each the part of it that is done."""
    length = max(exhibit.end - exhibit.begin, 1e-3)
    for frame in frames:
        tell(min(max((frame.seconds - exhibit.begin) / length, 0.0), 1.0))
        yield frame


def _check_original(exhibit: Exhibit) -> str:
    """The SHA-256 of the original, which must still be what was ingested."""
    try:
        sha256 = file_sha256(exhibit.footage)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(
            f"the original cannot be read: {reason}", exhibit.footage, "Bring it back to its place."
        ) from error
    if sha256 != exhibit.content_hash:
        raise StoreError(
            "it is not what was ingested: its SHA-256 is another",
            exhibit.footage,
            "Bring the original back to its place.",
        )
    return sha256


def _stored_crops(place: Path, exhibit: Exhibit) -> tuple[str, ...]:
    names = []
    for number, crop in enumerate(exhibit.seen.crops if exhibit.seen else (), 1):
        path = place / f"crop_{number}.jpg"
        path.write_bytes(crop.jpeg)
        names.append(f"{place.name}/{path.name}")
    return tuple(names)


class _Cutter:
    """Cuts the crops anew out of redacted frames, for the stored ones may show others too."""

    def __init__(self, place: Path, exhibit: Exhibit) -> None:
        self._place = place
        self._crops: tuple[Picture, ...] = exhibit.seen.crops if exhibit.seen else ()
        self._best: dict[int, float] = {}

    def watching(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            for number, crop in enumerate(self._crops, 1):
                away = abs(frame.seconds - crop.seconds)
                if away < self._best.get(number, 0.5):
                    self._best[number] = away
                    self._cut(number, crop, frame)
            yield frame

    def names(self) -> tuple[str, ...]:
        return tuple(f"{self._place.name}/crop_{number}.jpg" for number in sorted(self._best))

    def _cut(self, number: int, crop: Picture, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        x1, y1, x2, y2 = np.clip(np.round(crop.box), 0, (width, height, width, height)).astype(int)
        ok, encoded = cv2.imencode(".jpg", frame.image[y1:y2, x1:x2], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if ok:
            (self._place / f"crop_{number}.jpg").write_bytes(encoded.tobytes())


def _facts(about: About, written: Sequence[Written]) -> str:
    """All that the report says, for programs."""
    content = {"about": dataclasses.asdict(about), "exhibits": [_plain(one) for one in written]}
    return json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"


def _plain(written: Written) -> dict[str, Any]:
    exhibit, seen = written.exhibit, written.exhibit.seen
    files = {
        field.name: getattr(written, field.name) for field in dataclasses.fields(written) if field.name != "exhibit"
    }
    facts = {
        field.name: getattr(exhibit, field.name)
        for field in dataclasses.fields(exhibit)
        if field.name not in {"seen", "warnings"}
    }
    return facts | {
        "warnings": [dataclasses.asdict(warning) for warning in exhibit.warnings],
        "from": exhibit.time(exhibit.begin).isoformat(),
        "to": exhibit.time(exhibit.end).isoformat(),
        "files": files,
        "sighting": None
        if seen is None
        else {
            "sighting": seen.sighting,
            "first_seen": seen.first_seen.isoformat(),
            "last_seen": seen.last_seen.isoformat(),
            "boxes": np.round(seen.boxes.astype(float), 3).tolist(),
            "attributes": {name: {"value": value, "probability": p} for name, (value, p) in seen.attributes.items()},
            "scores": [dataclasses.asdict(score) for score in seen.scores],
        },
    }


def _zip(folder: Path, out: Path, about: About) -> None:
    with _replacing(out) as partial, zipfile.ZipFile(partial, "x") as package:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), about.made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED if path.suffix in PACKED else zipfile.ZIP_STORED
            entry.external_attr = 0o644 << 16
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, package.open(entry, "w") as target:
                while block := source.read(1 << 20):
                    target.write(block)


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """A new file that takes the place of another when it is whole and on the disk."""
    partial = out.with_name(f"{out.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
