"""Settings: configs/surveil.toml (or the file of SURVEIL_CONFIG) < environment (SURVEIL_*) < flag."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from surveil.errors import SurveilError


def data_folder() -> Path:
    """The user's data folder for surveil (XDG base directory specification)."""
    root = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(root) / "surveil"


class Settings(BaseSettings):
    """Everything that can be set once instead of with every command; configs/surveil.toml explains each."""

    model_config = SettingsConfigDict(env_prefix="SURVEIL_", extra="forbid", frozen=True)

    database: str = Field(default_factory=lambda: f"sqlite:///{data_folder() / 'surveil.db'}")
    media: Path | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"

    fps: float = Field(default=5.0, gt=0)
    stated_fps: float = Field(default=25.0, gt=0)
    gate_threshold: float = Field(default=0.004, ge=0, le=1)
    gate_forced_seconds: float = Field(default=4.0, gt=0)

    detector: str | None = None
    trust_detector: bool = False
    detector_image_size: int = Field(default=640, ge=64, multiple_of=32)
    detector_min_score: float = Field(default=0.25, gt=0, lt=1)

    track_min_detections: int = Field(default=3, ge=1)
    crops_per_track: int = Field(default=5, ge=1)

    model: Path | None = None
    camera_patterns: tuple[str, ...] = ()

    cluster_threshold: float = Field(default=0.5, gt=0, lt=1)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """Flags first, then the environment, then the file."""
        file = TomlConfigSettingsSource(settings_cls, os.environ.get("SURVEIL_CONFIG") or "configs/surveil.toml")
        return init_settings, env_settings, file


def load_settings(**flags: Any) -> Settings:
    """The settings in force; a flag that is None was not given.

    Raises:
        SurveilError: A value is not allowed, or a name is unknown.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        [first, *_] = error.errors()
        name = ".".join(str(part) for part in first["loc"])
        raise SurveilError(
            f"{first['msg']} (given: {first.get('input')!r})", f"setting {name}", "See configs/surveil.toml."
        ) from error
