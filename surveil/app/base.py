"""What requests and results share: they are frozen, and go to JSON and back without loss."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError

from surveil.errors import QueryError
from surveil.timezones import parse_time

Some = TypeVar("Some", bound=BaseModel)


class Frozen(BaseModel):
    """A request or a result. `model_dump(mode="json")` is its JSON, `model_validate` reads it back."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, use_attribute_docstrings=True)


def _parsed(value: Any) -> Any:
    return parse_time(value) if isinstance(value, str) else value


Time = Annotated[
    datetime, BeforeValidator(_parsed), PlainSerializer(datetime.isoformat, return_type=str, when_used="json")
]
"""A time, in JSON as ISO 8601 with the offset that it has."""


def checked(kind: type[Some], values: dict[str, Any]) -> Some:
    """A request from the values a caller gives.

    Raises:
        QueryError: A name is unknown or a value is not allowed.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        [first, *_] = error.errors()
        name = ".".join(str(part) for part in first["loc"])
        raise QueryError(f"{first['msg']} (given: {first.get('input')!r})", name, f"See {kind.__name__}.") from error
