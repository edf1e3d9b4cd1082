"""The footage and the pictures of an archive, to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from surveil.app.archive.base import ArchiveBase
from surveil.errors import QueryError

if TYPE_CHECKING:
    from surveil.app.film import Scene, Still
    from surveil.footage.clip import Clip

Box = tuple[float, float, float, float]


class FilmMethods(ArchiveBase):
    """Frames, clips and crops of sightings, and pictures that are handed in as examples."""

    def crop(self, sighting: int, place: int = 0) -> Path:
        """Where a crop of a sighting lies, a JPEG file; 0 is the best. Its name tells its content.

        Raises:
            QueryError: There is no such sighting, or it has fewer crops.
        """
        from surveil.app.footage import crop_keys

        with self.database.session() as session:
            keys = crop_keys(session, sighting)
        if not 0 <= place < len(keys):
            raise QueryError(f"it has {len(keys)} crops", f"sighting {sighting}")
        return self.media.path(keys[place])

    def face_of(self, identity: int) -> Path:
        """Where the picture of an identity lies: the one that the operator chose, else the best.

        Raises:
            QueryError: There is no such identity, or no picture of it.
        """
        from surveil.app.identities import picture_key

        with self.database.session() as session:
            return self.media.path(picture_key(session, identity))

    def frame(self, sighting: int, seconds: float | None = None) -> Still:
        """The frame of a sighting's footage at a moment; None: where the person is seen largest.

        Raises:
            QueryError: There is no such sighting.
            FootageError: The footage is gone, cannot be read, or has no frames.
        """
        from surveil.app.film import best_moment, still

        scene = self._scene(sighting)
        return still(scene, best_moment(scene) if seconds is None else seconds, self.settings)

    def clip(self, sighting: int) -> Clip:
        """A film of a sighting with some seconds before and after, the person's box drawn on it.

        Raises:
            QueryError: There is no such sighting.
            FootageError: The footage is gone, cannot be read, or has no frames.
        """
        from surveil.app.film import clip

        return clip(self._scene(sighting), self.settings)

    def hand_in(self, content: bytes) -> str:
        """Keep a picture for a while, as an example for searches; gives what to write in `SearchRequest.like`.

        Raises:
            PictureError: It is no picture, damaged, or too large.
            NoRoomError: As many are kept as the setting `pictures_kept_mb` allows.
        """
        return f"picture:{self._keep(content)}"

    def hand_in_box(self, sighting: int, seconds: float, box: Box) -> str:
        """Keep what a box shows on a frame of a sighting's footage, as an example that is taken for a person as it is.

        Args:
            sighting: The sighting.
            seconds: When the frame is shown, in seconds of its footage.
            box: x1, y1, x2, y2 as parts of the frame's width and height, 0 to 1.

        Raises:
            QueryError: There is no such sighting, or the box shows next to nothing.
            FootageError: The footage is gone, cannot be read, or has no frames.
            NoRoomError: As many are kept as the setting `pictures_kept_mb` allows.
        """
        from surveil.app.film import cut_by_hand

        content = cut_by_hand(self._scene(sighting), seconds, box, self.settings)
        return f"person:{self._keep(content)}"

    def handed_in(self, example: str) -> Path:
        """Where a picture lies that was handed in, a JPEG file.

        Raises:
            QueryError: It is none, or not kept any more.
        """
        from surveil.app.handed_in import HandedIn

        return HandedIn(self.media).path(example.partition(":")[2])

    def _keep(self, content: bytes) -> str:
        from surveil.app.handed_in import HandedIn

        settings = self.settings
        return HandedIn(self.media, settings.pictures_kept_mb * 1e6).keep(content, max_pixels=settings.max_pixels)

    def _scene(self, sighting: int) -> Scene:
        from surveil.app.film import scene_of

        with self.database.session() as session:
            return scene_of(session, sighting)
