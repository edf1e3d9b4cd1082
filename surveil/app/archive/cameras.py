"""The cameras of an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from surveil.app.archive.base import ArchiveBase

if TYPE_CHECKING:
    from surveil.app.results import CameraList, CameraSettings
    from surveil.store.tables import Camera


class CameraMethods(ArchiveBase):
    """Which cameras there are, and what is known of them."""

    def cameras(self) -> CameraList:
        """The cameras by name, and how much they have seen."""
        from surveil.app.results import CameraList, CameraStatus
        from surveil.store.cameras import list_cameras

        with self.database.session() as session:
            return CameraList(
                cameras=tuple(
                    CameraStatus(**_settings_of(camera), footage=footage, sightings=sightings)
                    for camera, footage, sightings in list_cameras(session)
                )
            )

    def camera_names(self) -> list[str]:
        """What the cameras are called, in order; quicker than `cameras`, which counts."""
        from surveil.store.cameras import camera_names

        with self.database.session() as session:
            return camera_names(session)

    def common_zone(self) -> str | None:
        """The time zone in which all cameras stand; None where there are several, or no cameras."""
        from surveil.store.cameras import camera_zones

        with self.database.session() as session:
            zones = camera_zones(session)
        return zones.pop() if len(zones) == 1 else None

    def set_camera(
        self,
        name: str,
        *,
        zone: str | None = None,
        clock_offset: float | None = None,
        keep_days: float | None = None,
        create: bool = False,
    ) -> CameraSettings:
        """Change what is known of a camera; None leaves it as it is.

        A clock offset also moves the times of everything the camera has seen; a zone does not.

        Args:
            name: The camera.
            zone: Time zone it stands in.
            clock_offset: Seconds to add to the times it stamps.
            keep_days: Days after which `retention.run` deletes who was seen; infinite: never.
            create: Whether to add the camera when it is unknown.

        Raises:
            SurveilError: The camera is unknown, or a value makes no sense.
        """
        from surveil.app.results import CameraSettings
        from surveil.store.cameras import configure_camera
        from surveil.store.retry import once_more

        @once_more
        def configure() -> CameraSettings:
            with self.database.session() as session:
                camera = configure_camera(
                    session, name, zone=zone, clock_offset=clock_offset, keep_days=keep_days, create=create
                )
                return CameraSettings(**_settings_of(camera))

        return configure()


def _settings_of(camera: Camera) -> dict[str, Any]:
    return {
        "camera": camera.name,
        "zone": camera.zone,
        "clock_offset": camera.clock_offset,
        "keep_days": camera.keep_days,
    }
