"""Examples in the API's description."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict


def example(*values: dict[str, Any]) -> ConfigDict:
    """The `model_config` of a model that shows these values as its examples."""
    return ConfigDict(json_schema_extra={"examples": list(values)})
