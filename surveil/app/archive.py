"""The application object: everything that can be done with one database of sightings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveil.app.base import checked
from surveil.app.models import LoadedModels
from surveil.app.requests import SearchRequest
from surveil.app.results import (
    CameraList,
    CameraSettings,
    CameraStatus,
    CheckResult,
    ClusteringResult,
    DecisionLog,
    IdentityDetail,
    IdentityDiff,
    IdentityList,
    RunList,
    SavedSearch,
    SavedSearchList,
    SearchResult,
    SightingDetail,
    Status,
    UpgradeResult,
    WatchResult,
)
from surveil.errors import CheckpointError, QueryError
from surveil.settings import Settings, load_settings
from surveil.timezones import parse_time

if TYPE_CHECKING:
    import threading

    from surveil.identities.decisions import Decisions as Decisions  # for those above
    from surveil.identities.methods import Method
    from surveil.store.media import MediaFolder
    from surveil.store.session import Database
    from surveil.store.tables import Camera
    from surveil.types import FootageReport, PassedOver, ProgressCallback


def open(url: str | None = None, *, create: bool = True, config: str | Path | None = None, **settings: Any) -> Archive:
    """Open an archive of sightings; use it in a `with` block, or close it.

    The database is opened when it is first needed, and the networks are loaded when they are.

    Args:
        url: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`; None: as the settings say.
        create: Whether the database may be made when there is none.
        config: The settings file; None: that of SURVEIL_CONFIG, else the user's own.
        settings: Any of `surveil.settings.Settings`; they go before the environment and the settings file.

    Raises:
        SurveilError: A setting is unknown or not allowed.

    Example:
        >>> with surveil.open("sqlite:///station.db", device="cpu") as archive:
        ...     found = archive.search("woman, red top")
    """
    return Archive(load_settings(config, database=url, **settings), create=create)


class Archive:
    """One database of sightings, its media folder and its loaded networks; made by `surveil.open`.

    Every method may raise a StoreError when the database cannot be used.

    Attributes:
        settings: What was set.
        models: The person detector and the appearance model.
    """

    def __init__(self, settings: Settings, *, create: bool = True) -> None:
        self.settings = settings
        self.models = LoadedModels(settings)
        self._create = create

    @cached_property
    def database(self) -> Database:
        """The database, opened on first use."""
        from surveil.store.session import Database

        return Database.open(self.settings.database, create=self._create)

    @cached_property
    def media(self) -> MediaFolder:
        """The folder of the crops."""
        from surveil.store.media import media_folder

        return media_folder(self.settings, self.database)

    def close(self) -> None:
        """Close the database."""
        if "database" in self.__dict__:
            self.database.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- footage -----------------------------------------------------------------------------------------------------

    def ingest(
        self,
        paths: Iterable[str | Path],
        *,
        camera: str | None = None,
        start: datetime | str | None = None,
        zone: str | None = None,
        gate: bool = True,
        again: bool = False,
        progress: ProgressCallback | None = None,
        passed_over: Callable[[PassedOver], object] | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[FootageReport]:
        """Find the people in footage and store what they look like; gives a report of each piece when it is finished.

        The work is done while the reports are asked for. A piece that fails is reported and does not stop the rest.
        In the end, who clearly shows an identity that there is joins it; a clustering groups everybody.

        Args:
            paths: Videos, and folders that are searched for videos and folders of crops.
            camera: The camera that recorded all of it; None: told by the paths.
            start: When all of it starts; None: told by the paths.
            zone: Time zone the cameras stand in.
            gate: Whether frames without motion are passed over.
            again: Whether footage that is done, or was given up, is done again.
            progress: Told which footage is worked on, and how much of it is done (0 to 1).
            passed_over: Told of files that are not taken for footage, from another thread.
            stop: Ends the work when it is set; the next run goes on with what is left.

        Raises:
            SurveilError: The zone or the start is none, or a camera pattern of the settings is wrong.
            CheckpointError: A network cannot be loaded.
        """
        from surveil.app.ingest import Recorded, scan, worker

        start = parse_time(start) if isinstance(start, str) else start
        recorded = Recorded(camera, start, zone)
        walk = scan(self.database, self.settings, recorded, again=again, passed_over=passed_over)
        hand = worker(
            self.database, self.media, self.models, self.settings, gate=gate, progress=progress, stop=stop
        )  # fmt: skip
        yield from hand.ingest(walk.run([Path(path) for path in paths]))
        from surveil.identities.joining import join_new

        join_new(self.database, self.settings.cluster_threshold)

    def status(self) -> Status:
        """The footage in the database, its state, and what became of its frames; also while it is ingested."""
        from surveil.app.footage import status

        with self.database.session() as session:
            return status(session)

    def forget_footage(self, which: int | str) -> tuple[str, ...]:
        """Delete footage, given by number or path, with all that was seen in it; gives the paths. The files stay.

        Raises:
            StoreError: There is no such footage, or it is being worked on.
        """
        from surveil.store.footage import forget_footage

        return tuple(forget_footage(self.database, self.media, str(which)))

    def redo_footage(self, which: int | str) -> tuple[str, ...]:
        """Let footage, given by number or path, wait until it is ingested again; gives the paths.

        Raises:
            StoreError: There is no such footage, or it is being worked on.
        """
        from surveil.store.footage import redo_footage

        return tuple(redo_footage(self.database, str(which)))

    def correct_footage(
        self, which: int | str, *, camera: str | None = None, start: datetime | str | None = None
    ) -> tuple[str, ...]:
        """Correct which camera recorded footage, and when it starts; what was seen in it moves along.

        Args:
            which: Its number or path.
            camera: The camera's name; it is added if it is new.
            start: When the footage starts; without an offset from UTC in the camera's zone.

        Raises:
            StoreError: There is no such footage, or it is being worked on.
        """
        from surveil.app.footage import correct

        return tuple(correct(self.database, str(which), camera, start))

    # --- search ------------------------------------------------------------------------------------------------------

    def search(self, request: SearchRequest | str | None = None, /, **asked: Any) -> SearchResult:
        """Find people by what they look like, by where and when they were seen, or by pictures.

        Args:
            request: A whole request, or a description in words.
            asked: Without a whole request: the fields of `SearchRequest`.

        Raises:
            QueryError: The request asks for something that cannot be answered.
            CheckpointError: A network cannot be loaded.

        Example:
            >>> archive.search("woman, red top", like=["person.jpg"], cameras=["gate"], after="2026-09-14T08:00")
        """
        from surveil.app.search import answer

        if not isinstance(request, SearchRequest):
            request = self.request(request, **asked)
        elif asked:
            raise TypeError("give a whole request or the parts of one, not both")
        return answer(self.database, self.media, self.models, request)

    def request(self, text: str | None = None, /, **asked: Any) -> SearchRequest:
        """A request from a description and the fields of `SearchRequest`.

        Raises:
            QueryError: A field is unknown, or a value is not allowed.
        """
        return checked(SearchRequest, asked if text is None else {"text": text, **asked})

    def save_search(self, name: str, request: SearchRequest, *, watch: bool = False) -> SavedSearch:
        """Keep a search under a name; its pictures are looked for where they lie now.

        Args:
            name: What it is called.
            request: The search.
            watch: Whether `watched` runs it on new footage.

        Raises:
            QueryError: The name is none, or taken.
        """
        from surveil.app.saved import absolute_pictures
        from surveil.search.saved import save_search

        with self.database.session() as session:
            plain = absolute_pictures(request).model_dump(mode="json")
            return SavedSearch.model_validate(save_search(session, name, plain, watch=watch))

    def saved_searches(self) -> SavedSearchList:
        """The saved searches by name."""
        from surveil.search.saved import saved_searches

        with self.database.session() as session:
            found = tuple(SavedSearch.model_validate(saved) for saved in saved_searches(session))
        return SavedSearchList(searches=found)

    def run_saved(self, name: str) -> SearchResult:
        """Search as a saved search says.

        Raises:
            QueryError: There is none of that name, or it cannot be answered any more.
        """
        from surveil.search.saved import saved_search

        with self.database.session() as session:
            request = SearchRequest.model_validate(saved_search(session, name).request)
        return self.search(request)

    def forget_search(self, name: str) -> None:
        """Forget a saved search.

        Raises:
            QueryError: There is none of that name.
        """
        from surveil.search.saved import forget_search

        with self.database.session() as session:
            forget_search(session, name)

    def watched(self, footage: str | Path) -> Iterator[WatchResult]:
        """What the watched searches find in a piece of footage; those that find nothing are left out."""
        from surveil.search.saved import saved_searches

        with self.database.session() as session:
            searches = [SavedSearch.model_validate(saved) for saved in saved_searches(session, watched=True)]
        for saved in searches:
            if saved.request.footage and not {str(footage), Path(footage).name} & set(saved.request.footage):
                continue
            try:
                result = self.search(saved.request.model_copy(update={"footage": (str(footage),), "facets": False}))
            except (QueryError, CheckpointError) as error:
                yield WatchResult(name=saved.name, result=None, error=str(error))
                continue
            if result.matches:
                yield WatchResult(name=saved.name, result=result)

    def sighting(self, sighting: int) -> SightingDetail:
        """Everything stored of one sighting.

        Raises:
            QueryError: There is none of that number.
        """
        from surveil.app.footage import sighting_detail

        with self.database.session() as session:
            return sighting_detail(session, self.media, sighting)

    # --- identities --------------------------------------------------------------------------------------------------

    def cluster(self, method: Method = "graph", *, people: int | None = None) -> ClusteringResult:
        """Group all sightings into identities; the setting `cluster_threshold` goes before the model's own.

        Args:
            method: See `surveil.identities.cluster.cluster`.
            people: How many identities to make, for the methods that must be told.

        Raises:
            QueryError: `people` does not fit the method or the sightings.
        """
        from surveil.identities.cluster import cluster

        outcome = cluster(self.database, self.settings.cluster_threshold, method=method, people=people)
        return ClusteringResult.model_validate(outcome)

    def is_clustered(self) -> bool:
        """Whether a clustering would know nothing that the newest did not."""
        from surveil.identities.cluster import is_current

        return is_current(self.database, self.settings.cluster_threshold)

    def identities(self, *, hidden: bool = False) -> IdentityList:
        """The identities that have sightings or a name, those with most sightings first; `hidden`: hidden ones too."""
        from surveil.app.identities import identity_list

        with self.database.session() as session:
            return identity_list(session, hidden)

    @contextmanager
    def decide(self, actor: str | None = None, *, seen: int | None = None) -> Iterator[Decisions]:
        """Correct identities; what is decided inside is stored on leaving, or not at all when an error leaves it.

        Args:
            actor: Who decides; None: the user of this machine.
            seen: The newest decision that the operator knew (`IdentityDetail.decision`): a newer one of somebody else
                about the same identities is a ConflictError. None: they looked just now.

        Example:
            >>> with archive.decide("maria") as decisions:
            ...     decisions.merge(3, [5])
        """
        from getpass import getuser

        from surveil.identities.decisions import Decisions

        with self.database.session() as session:
            yield Decisions(session, actor or getuser(), seen=seen)

    def decisions(self, identity: int | None = None) -> DecisionLog:
        """What operators decided, the newest first; of one identity or of all."""
        from surveil.app.identities import decision_log

        with self.database.session() as session:
            return decision_log(session, identity)

    def clusterings(self) -> RunList:
        """The clusterings that were stored, the newest first."""
        from surveil.app.identities import run_list

        with self.database.session() as session:
            return run_list(session)

    def compare_clusterings(self, before: int | None = None, after: int | None = None) -> IdentityDiff:
        """What became of identities from one clustering to a later one, or to now; None: what changed last.

        Raises:
            QueryError: One is not there, or its members are not kept any more.
        """
        from surveil.app.identities import identity_diff

        with self.database.session() as session:
            return identity_diff(session, before, after)

    def roll_back(self, clustering: int) -> int:
        """Make an earlier clustering the current one, as a run of its own; gives its number.

        Raises:
            QueryError: It is not there, or its members are not kept any more.
        """
        from surveil.identities.versions import roll_back

        return roll_back(self.database, clustering)

    def identity(self, identity: int) -> IdentityDetail:
        """An identity with its sightings, in order of time.

        Raises:
            QueryError: There is none of that number.
        """
        from surveil.app.identities import identity_detail

        with self.database.session() as session:
            return identity_detail(session, self.media, identity)

    def draw_sheet(self, result: SearchResult | IdentityDetail, path: str | Path) -> None:
        """Draw a contact sheet of a result; the ending of the name says in which format.

        Raises:
            QueryError: The place cannot be written, the ending is unknown, or an example picture is gone.
        """
        from surveil.app.sheets import identity_sheet, search_sheet
        from surveil.search.sheet import save_sheet

        sheet = search_sheet(result) if isinstance(result, SearchResult) else identity_sheet(result)
        save_sheet(sheet, Path(path))

    # --- cameras -----------------------------------------------------------------------------------------------------

    def cameras(self) -> CameraList:
        """The cameras by name, and how much they have seen."""
        from surveil.store.cameras import list_cameras

        with self.database.session() as session:
            return CameraList(
                cameras=tuple(
                    CameraStatus(**_settings_of(camera), footage=footage, sightings=sightings)
                    for camera, footage, sightings in list_cameras(session)
                )
            )

    def set_camera(
        self, name: str, *, zone: str | None = None, clock_offset: float | None = None, create: bool = False
    ) -> CameraSettings:
        """Change what is known of a camera; None leaves it as it is.

        A clock offset also moves the times of everything the camera has seen; a zone does not.

        Args:
            name: The camera.
            zone: Time zone it stands in.
            clock_offset: Seconds to add to the times it stamps.
            create: Whether to add the camera when it is unknown.

        Raises:
            SurveilError: The camera is unknown, or a value makes no sense.
        """
        from surveil.store.cameras import configure_camera

        with self.database.session() as session:
            camera = configure_camera(session, name, zone=zone, clock_offset=clock_offset, create=create)
            return CameraSettings(**_settings_of(camera))

    # --- the database ------------------------------------------------------------------------------------------------

    def check(self, *, repair: bool = False) -> CheckResult:
        """Look for damage; a database that cannot be opened is a problem in the result."""
        from surveil.app.check import check

        return check(lambda: (self.database, self.media), repair=repair)

    def upgrade(self) -> UpgradeResult:
        """Bring the database to the schema of this version, all or nothing."""
        from surveil.store.session import upgrade

        before, after = upgrade(self.settings.database)
        return UpgradeResult(before=before, after=after)


def _settings_of(camera: Camera) -> dict[str, Any]:
    return {"camera": camera.name, "zone": camera.zone, "clock_offset": camera.clock_offset}
