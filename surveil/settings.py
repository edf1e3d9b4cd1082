"""Settings: configs/surveil.toml (or the file of SURVEIL_CONFIG) < environment (SURVEIL_*) < flag."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from surveil.errors import SurveilError


def data_folder() -> Path:
    """The user's data folder for surveil (XDG base directory specification)."""
    root = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(root) / "surveil"


class Settings(BaseSettings):
    """Everything that can be set once instead of with every command; configs/surveil.toml explains each."""

    model_config = SettingsConfigDict(
        env_prefix="SURVEIL_", env_ignore_empty=True, extra="forbid", frozen=True, allow_inf_nan=False
    )

    database: str = Field(default_factory=lambda: f"sqlite:///{data_folder() / 'surveil.db'}")
    media: Path | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"

    fps: float = Field(default=5.0, gt=0)
    stated_fps: float = Field(default=25.0, ge=0.001)
    gate_threshold: float = Field(default=0.001, ge=0, le=1)
    gate_forced_seconds: float = Field(default=4.0, gt=0)

    detector: str | None = None
    trust_detector: bool = False
    detector_image_size: int = Field(default=640, ge=64, multiple_of=32)
    detector_min_score: float = Field(default=0.25, gt=0, lt=1)

    track_min_detections: int = Field(default=3, ge=1)
    crops_per_track: int = Field(default=5, ge=1)

    model: str | None = None
    camera_patterns: tuple[str, ...] = ()

    cluster_threshold: float | None = Field(default=None, gt=0, lt=1)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """Flags first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _settings_file())


def _settings_file() -> Path:
    """The file of SURVEIL_CONFIG, which must exist, or configs/surveil.toml, which may."""
    if not (named := os.environ.get("SURVEIL_CONFIG")):
        return Path("configs/surveil.toml")
    file = Path(named).expanduser()
    if not file.is_file():
        raise SurveilError("there is no such file", file, "Correct or unset SURVEIL_CONFIG, which names it.")
    return file


def load_settings(**flags: Any) -> Settings:
    """The settings in force; a flag that is None was not given.

    Raises:
        SurveilError: A value is not allowed, a name is unknown, or the file cannot be read.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        [first, *_] = error.errors()
        name = ".".join(str(part) for part in first["loc"])
        raise SurveilError(
            f"{first['msg']} (given: {first.get('input')!r})", f"setting {name}", "See configs/surveil.toml."
        ) from error
    except SettingsError as error:  # names the setting
        raise SurveilError(str(error), "environment", """Write a list as '["first", "second"]'.""") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SurveilError(f"cannot be read: {error}", _settings_file(), "It must be a TOML file.") from error
