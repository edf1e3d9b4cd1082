"""Kinds of values that options take."""

from __future__ import annotations

from datetime import datetime

import click

from surveil.errors import SurveilError
from surveil.timezones import parse_time


class TimeType(click.ParamType[datetime]):
    """A time in ISO 8601; naive if it names no offset from UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return parse_time(str(value))
        except SurveilError as error:
            self.fail(str(error), param, ctx)


TIME = TimeType()
