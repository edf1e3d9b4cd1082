"""Example pictures that were handed in: kept for a while, so that a search by one is a link that can be sent."""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Collection
from pathlib import Path

import cv2

from surveil.errors import NoRoomError, QueryError
from surveil.files import replace_file
from surveil.images import decode_picture
from surveil.store.media import MediaFolder

KEPT_SECONDS = 30 * 86400.0
"""How long a picture is kept after it was last handed in."""
LONGEST_SIDE = 1920
"""Pixels; a larger picture is made smaller before it is kept."""
QUALITY = 92
NAME = re.compile(r"[0-9a-f]{64}")


class HandedIn:
    """The pictures that were handed in, in a folder of the media folder, each named by its content.

    They are decoded and written anew as JPEG, so that nothing but the picture is kept: no place, no name, no script.
    """

    def __init__(self, media: MediaFolder, max_bytes: float = math.inf) -> None:
        self.folder = media.folder / "handed-in"
        self._max_bytes = max_bytes

    def keep(self, content: bytes, *, max_pixels: int) -> str:
        """Keep a picture; gives its name.

        Raises:
            PictureError: It is no picture, damaged, or too large.
            NoRoomError: All that are kept would be more than `max_bytes`.
            OSError: The folder cannot be written.
        """
        picture = decode_picture(content, "the picture", max_pixels=max_pixels)
        scale = LONGEST_SIDE / max(picture.shape[:2])
        if scale < 1:
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype("uint8")
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        name = hashlib.sha256(jpeg).hexdigest()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.forget_old()
        self._check_room(name, len(jpeg))
        replace_file(self.folder / f"{name}.jpg", jpeg)
        return name

    def _check_room(self, name: str, size: int) -> None:
        others = sum(path.stat().st_size for path in self.folder.glob("*.jpg") if path.stem != name)
        if others + size > self._max_bytes:
            raise NoRoomError(
                f"{self._max_bytes / 1e6:.0f} MB of pictures that were handed in are kept already", "pictures",
                "Wait: each goes 30 days after it was last handed in. Or raise the setting pictures_kept_mb.",
            )  # fmt: skip

    def path(self, name: str) -> Path:
        """Where a picture lies.

        Raises:
            QueryError: There is none of that name.
        """
        path = self.folder / f"{name}.jpg"
        if not NAME.fullmatch(name) or not path.is_file():
            raise QueryError("this picture is not kept any more", f"picture {name[:12]}", "Hand it in again.")
        return path

    def forget_old(self) -> None:
        """Delete what was handed in too long ago."""
        for path in self.folder.glob("*.jpg"):
            if path.stat().st_mtime < time.time() - KEPT_SECONDS:
                path.unlink(missing_ok=True)

    def forget_all(self, *, but: Collection[str]) -> int:
        """Delete all pictures but those of these names; gives how many were deleted."""
        gone = [path for path in self.folder.glob("*.jpg") if path.stem not in but]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)
