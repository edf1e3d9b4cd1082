"""Settings: the user's settings file < environment (SURVEIL_*) < flag.

No file of the folder that a command is called in is read: it may have come with the footage.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from surveil.errors import SurveilError
from surveil.files import is_reachable
from surveil.patience import PATIENCE_SECONDS

ALIKE = 0.85
"""Of two names, from which on one is taken for a misspelling of the other (`difflib.SequenceMatcher.ratio`)."""


def data_folder() -> Path:
    """The user's data folder for surveil (XDG base directory specification)."""
    root = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(root) / "surveil"


class Settings(BaseModel):
    """Everything that can be set once instead of with every command; configs/surveil.toml explains each."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    database: str = Field(default_factory=lambda: f"sqlite:///{data_folder() / 'surveil.db'}")
    media: Path | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    runtime: Literal["auto", "torch", "openvino", "openvino-int8"] = "auto"
    footage_at_once: int | None = Field(default=None, ge=1)

    engine: Literal["local", "ray"] = "local"
    ray_address: str | None = None
    ray_worker_cpus: int = Field(default=2, ge=1)
    ray_workers_per_gpu: int = Field(default=1, ge=1)

    fps: float = Field(default=5.0, gt=0)
    stated_fps: float = Field(default=25.0, ge=0.001)
    max_pixels: int = Field(default=50_000_000, ge=1)
    patience_seconds: float = Field(default=PATIENCE_SECONDS, gt=0)
    gate_threshold: float = Field(default=0.001, ge=0, le=1)
    gate_forced_seconds: float = Field(default=4.0, gt=0)

    detector: str | None = None
    trust_detector: bool = False
    detector_image_size: int = Field(default=960, ge=64, multiple_of=32)
    detector_min_score: float = Field(default=0.25, gt=0, lt=1)

    track_min_detections: int = Field(default=3, ge=1)
    crops_per_track: int = Field(default=5, ge=1)
    leave_out_things: bool = True

    watch_scan_seconds: float = Field(default=10.0, gt=0)
    watch_settled_seconds: float = Field(default=20.0, ge=0)
    watch_health_seconds: float = Field(default=60.0, gt=0)

    model: str | None = None
    camera_patterns: tuple[str, ...] = ()

    search_history: int = Field(default=1000, ge=0)
    cluster_threshold: float | None = Field(default=None, gt=0, lt=1)

    session_hours: float = Field(default=12.0, gt=0, le=744)
    ask_reason: bool = False
    pictures_per_day: int = Field(default=500, ge=0)
    pictures_kept_mb: int = Field(default=2000, ge=0)
    webhook_hosts: tuple[str, ...] = ()


def load_settings(config: str | Path | None = None, **flags: Any) -> Settings:
    """The settings in force.

    Args:
        config: The settings file; None: that of SURVEIL_CONFIG, else the user's own, if there is one.
        flags: Settings that go before the environment and the file; one that is None was not given.

    Raises:
        SurveilError: A value is not allowed, a name is unknown, or the file cannot be read.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**(_of_file(config) | _of_environment() | given))
    except ValidationError as error:
        [first, *_] = error.errors()
        name = ".".join(str(part) for part in first["loc"])
        raise SurveilError(
            f"{first['msg']} (given: {first.get('input')!r})", f"setting {name}", "See configs/surveil.toml."
        ) from error


def user_settings_file() -> Path:
    """The user's own settings file (XDG base directory specification)."""
    root = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(root) / "surveil" / "surveil.toml"


def _of_environment() -> dict[str, Any]:
    """What the variables SURVEIL_* say; one that is empty is not set, and a list is written as in JSON."""
    variables = {name: f"SURVEIL_{name.upper()}" for name in Settings.model_fields}
    _check_names(variables.values())
    given: dict[str, Any] = {name: os.environ[key] for name, key in variables.items() if os.environ.get(key)}
    for name, value in given.items():
        if get_origin(Settings.model_fields[name].annotation) is tuple:
            try:
                given[name] = json.loads(value)
            except ValueError as error:
                raise SurveilError(
                    f"{value!r} is no list", variables[name], """Write a list as '["first", "second"]'."""
                ) from error
    return given


def _check_names(known: Collection[str]) -> None:
    """Refuse variables whose names are nearly those of settings; others may be of whatever else is called surveil."""
    for variable in os.environ:
        if not variable.startswith("SURVEIL_") or variable in known:
            continue
        from difflib import get_close_matches  # hardly ever needed, and every command starts here

        if meant := get_close_matches(variable, known, 1, ALIKE):
            raise SurveilError("no setting has this name", variable, f"Did you mean {meant[0]}? Else unset it.")


def _of_file(config: str | Path | None) -> dict[str, Any]:
    """What the settings file says; a file that was named must exist."""
    named = config or os.environ.get("SURVEIL_CONFIG")
    file = Path(named).expanduser() if named else user_settings_file()
    if not (is_reachable(file) and file.is_file()):
        if named:
            raise SurveilError("there is no such file", file, "Correct --config or SURVEIL_CONFIG, which names it.")
        return {}
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SurveilError(f"cannot be read: {error}", file, "It must be a TOML file.") from error
    if "trust_detector" in values:
        raise SurveilError(
            "trust_detector may not be set in a file: weights that can run code are trusted call by call",
            file,
            "Remove it, and give --trust-detector or set SURVEIL_TRUST_DETECTOR=1.",
        )
    return {name: _from(file.absolute().parent, name, value) for name, value in values.items()}


def _from(folder: Path, name: str, value: Any) -> Any:
    """A value of a settings file, whose relative paths count from its folder: the one that a command is called in may
    have come with the footage, and hold a file of that name.
    """
    if not isinstance(value, str):
        return value
    if name == "database" and value.startswith("sqlite:///"):
        return f"sqlite:///{folder / value.removeprefix('sqlite:///')}"
    is_path = name in ("media", "detector") or (name == "model" and Path(value).suffix)  # else a model that ships
    return str(folder / value) if is_path else value
