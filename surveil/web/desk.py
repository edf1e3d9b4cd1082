"""What all requests share: the archive with its loaded networks, the templates, and clips that were cut lately."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from surveil.accounts.permissions import Actor
from surveil.app import Archive, IngestResult, NewHitsList, SearchRequest, SearchResult, WatchResult
from surveil.errors import QueryError
from surveil.types import Source
from surveil.web import exports
from surveil.web.jobs import Job, Jobs
from surveil.web.quota import Quota
from surveil.web.rendering import environment

log = logging.getLogger(__name__)
DAY = 86400.0
CLIP_BYTES = 128 * 2**20
"""Memory for clips; they are never written to a disk, so that what is deleted is gone."""


class Desk:
    """The operator's desk over an archive.

    Attributes:
        archive: The archive, opened.
        templates: Of the pages.
        folders: Folders that may be ingested from here.
        clips: Clips that were cut lately.
        jobs: Work that goes on behind requests.
        closing: Set when the server stops.
    """

    def __init__(self, archive: Archive, *, folders: Sequence[Path] = ()) -> None:
        self.archive = archive
        self.templates = environment()
        self.folders = [folder.resolve() for folder in folders]
        self.clips = ClipCache()
        self.jobs = Jobs()
        self.closing = threading.Event()
        self._pictures = Quota(archive.settings.pictures_per_day, DAY, "pictures a day are taken from one account")
        self._networks, self._decoding = threading.Lock(), threading.Lock()

    def warm_up(self) -> None:
        """Load networks and vectors, so that the first search is as quick as the next."""
        with self._networks:
            self.archive.warm_up()

    def close(self) -> None:
        """Stop what goes on behind requests, and close the archive."""
        self.closing.set()
        self.jobs.close()
        self.archive.close()

    def ingest(self, paths: Sequence[str | Path], actor: Actor) -> Job:
        """Have footage ingested, with networks of its own: those of the desk stay free for searches.

        Raises:
            QueryError: A path lies neither in a folder that may be ingested from here nor in the archive already.
        """
        chosen = []
        for path in paths:
            known = self.archive.known_path(path)
            if known is None and not self._is_inside(Path(path)):
                raise QueryError(
                    "this folder may not be ingested from here", "path", "Start the server with --footage FOLDER."
                )
            chosen.append(known or Path(path))
        return self.jobs.start("ingest", actor, lambda job: self._ingest(chosen, job))

    def _is_inside(self, path: Path) -> bool:
        """Whether a path leads, by all links, into a folder that may be ingested."""
        try:
            place = path.resolve()
        except (OSError, ValueError):  # no path at all
            return False
        return any(place.is_relative_to(folder) for folder in self.folders)

    def hand_in(self, content: bytes, actor: Actor) -> str:
        """Keep a picture as an example; one is decoded at a time, whose memory is limited.

        Raises:
            PictureError: It is no picture, damaged, or too large.
            QuotaError: They have handed in enough for a day.
            NoRoomError: No more are kept.
        """
        self._pictures.take(actor.name)
        with self._decoding:
            return self.archive.hand_in(content)

    def hand_in_box(self, sighting: int, seconds: float, box: tuple[float, float, float, float], actor: Actor) -> str:
        """Keep what a box shows on a frame as an example; see `Archive.hand_in_box`.

        Raises:
            QuotaError: They have handed in enough for a day.
        """
        self._pictures.take(actor.name)
        return self.archive.hand_in_box(sighting, seconds, box)

    def _ingest(self, paths: Sequence[Path], job: Job) -> Any:
        def progress(source: Source, done: float) -> None:
            job.message, job.progress = f"{source.path.name} ({source.camera})", min(done, 0.99)

        reports = []
        with Archive(self.archive.settings) as archive:
            _tell_watchers(archive.watched())
            for report in archive.ingest(paths, progress=progress, stop=job.stop):
                reports.append(report)
                if report.state == "done":
                    _tell_watchers(archive.watched(report.path))
        if not job.stop.is_set():
            job.progress = 1.0
        return IngestResult(footage=tuple(reports)).model_dump(mode="json")

    def cluster(self, actor: Actor) -> Job:
        """Have all sightings grouped into identities; called off before the result is stored, nothing is changed."""

        def work(job: Job) -> Any:
            result = self.archive.cluster(progress=lambda part: _tell(job, part), stop=job.stop)
            job.progress = 1.0
            return result.model_dump(mode="json")

        return self.jobs.start("cluster", actor, work)

    def export_case(self, case: str, actor: Actor, *, reason: str | None, blur_others: bool) -> Job:
        """Have a case written as a package of evidence; see `surveil.web.exports`."""

        def work(job: Job) -> Any:
            with self._networks if blur_others else nullcontext():
                return exports.write_case(self.archive, job, case, reason=reason, blur_others=blur_others)

        return self.jobs.start("export", actor, work, message=case)

    def export_matches(self, request: SearchRequest, actor: Actor) -> Job:
        """Have all matches of a search written as a table; see `surveil.web.exports`."""
        return self.jobs.start("export", actor, lambda job: exports.write_matches(self, job, request))

    def new_hits(self, by: str) -> NewHitsList:
        """What each saved search finds that is new to somebody; some have pictures that the networks look at."""
        with self._networks:
            return self.archive.new_hits(by)

    def search(self, archive: Archive, request: SearchRequest) -> SearchResult:
        """Search; the networks take one picture after the other."""
        if any(example.startswith(("picture:", "person:")) for example in (*request.like, *request.unlike)):
            with self._networks:
                return archive.search(request)
        return archive.search(request)


def _tell(job: Job, part: float) -> None:
    job.progress = min(part, 0.99)


def _tell_watchers(news: Iterable[WatchResult]) -> None:
    """Run the watched searches, which tells their hits to the webhooks."""
    for found in news:
        if problem := found.error or found.webhook_error:
            log.warning("watched search %s, %s: %s", found.name, found.footage, problem)


class ClipCache:
    """The films that were made lately, up to `CLIP_BYTES`; the one that was longest not asked for goes first."""

    def __init__(self) -> None:
        self._clips: OrderedDict[int, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()
        self._cutting = threading.Lock()

    def get(self, archive: Archive, sighting: int) -> tuple[float, bytes]:
        """Start (seconds of the footage) and content of a sighting's clip; one is cut at a time.

        Raises:
            QueryError: There is no such sighting, or it may not be seen.
            FootageError: The footage is gone, cannot be read, or has no frames.
        """
        archive.sighting(sighting)  # also of one that is kept here: it may have been deleted, or not be theirs to see
        if found := self._known(sighting):
            return found
        with self._cutting:
            if found := self._known(sighting):
                return found
            clip = archive.clip(sighting)
        with self._lock:
            self._clips[sighting] = clip.start, clip.content
            while sum(len(content) for _, content in self._clips.values()) > CLIP_BYTES and len(self._clips) > 1:
                self._clips.popitem(last=False)
        return clip.start, clip.content

    def _known(self, sighting: int) -> tuple[float, bytes] | None:
        with self._lock:
            found = self._clips.get(sighting)
            if found:
                self._clips.move_to_end(sighting)
            return found
