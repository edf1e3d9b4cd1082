"""Kinds of values that options take."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time

import click

from surveil.attributes import BY_NAME
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


class ClockType(click.ParamType[time]):
    """A time of day, such as 22:00."""

    name = "time of day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> time:
        if isinstance(value, time):
            return value
        try:
            clock = time.fromisoformat(str(value).zfill(5))
        except ValueError:
            clock = None
        if clock is None or clock.tzinfo:
            self.fail(f"{value!r} is no time of day on the camera's clock; write 08:30", param, ctx)
        return clock


class IntervalType(click.ParamType[float]):
    """A length of time, such as 30m, 1h or 1d; in seconds."""

    name = "interval"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        written = re.fullmatch(r"(\d+)([smhd])", str(value))
        if not written or not int(written[1]):
            self.fail(f"{value!r} is no interval; write 30m, 1h or 1d", param, ctx)
        return float(int(written[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[written[2]])


class LabelType(click.ParamType[tuple[str, str]]):
    """An attribute and one of its labels, as ATTRIBUTE=VALUE."""

    name = "attribute=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value[0], value[1]
        name, _, label = str(value).lower().partition("=")
        attribute = BY_NAME.get(name.replace("-", "_"))
        if attribute is None:
            self.fail(f"no attribute is called {name!r}; there is: {', '.join(BY_NAME)}", param, ctx)
        if label not in attribute.labels:
            self.fail(f"{attribute.name} has the values {', '.join(attribute.labels)}, not {label!r}", param, ctx)
        return attribute.name, label


def values_by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The labels of each attribute."""
    labels: dict[str, list[str]] = {}
    for name, label in pairs:
        labels.setdefault(name, []).append(label)
    return labels


TIME, CLOCK, INTERVAL, LABEL = TimeType(), ClockType(), IntervalType(), LabelType()
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
