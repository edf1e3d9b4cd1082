"""What requests and results share: they are frozen, and go to JSON and back without loss."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from datetime import datetime, time
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError

from surveil.errors import QueryError
from surveil.timezones import parse_time

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

Some = TypeVar("Some", bound=BaseModel)


class Frozen(BaseModel):
    """A request or a result. `model_dump(mode="json")` is its JSON, `model_validate` reads it back."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema, with what stands below each field as its description.

        Pydantic's own `use_attribute_docstrings` reads all sources when the classes are made: at every start.
        """
        made = handler(schema)
        properties = handler.resolve_ref_schema(made).get("properties", {})
        for name, description in _attribute_docstrings(cls):
            properties[name]["description"] = description
        return made


def _attribute_docstrings(kind: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """The fields of a class that have a text below them, and that text; those that are inherited come first."""
    for owner in reversed(kind.__mro__[: kind.__mro__.index(Frozen)]):
        [definition] = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        for field, below in pairwise(definition.body if isinstance(definition, ast.ClassDef) else []):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    yield name, inspect.cleandoc(text)


def _parsed(value: Any) -> Any:
    return parse_time(value) if isinstance(value, str) else value


Time = Annotated[
    datetime, BeforeValidator(_parsed), PlainSerializer(datetime.isoformat, return_type=str, when_used="json")
]
"""A time, in JSON as ISO 8601 with the offset that it has."""


def _without_offset(value: time) -> time:
    if value.tzinfo:
        raise ValueError("a time of day is on the camera's clock, and has no offset from UTC")
    return value


TimeOfDay = Annotated[time, AfterValidator(_without_offset)]
"""A time of day on the camera's clock."""


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
