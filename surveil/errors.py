"""Every error a user can cause or cure: it says what is wrong, where, and what to do next."""

from __future__ import annotations

from pathlib import Path

from surveil.formatting import printable


class SurveilError(Exception):
    """What is wrong, where, and what to do next.

    Args:
        what: The problem, in a few words.
        where: The file, option or database it concerns.
        next_step: What the user can do about it.
    """

    def __init__(self, what: str, where: Path | str | None = None, next_step: str | None = None) -> None:
        self.what, self.where, self.next_step = what, where, next_step
        message = f"{printable(where)}: {what}" if where is not None else what
        stop = "" if message.endswith((".", "!", "?")) else "."  # what a database says may end in its own
        super().__init__(f"{message}{stop} {next_step}" if next_step else message)


class FootageError(SurveilError):
    """A piece of footage cannot be read, or not as a whole."""


class FootageReadError(FootageError):
    """A file could not be read to its end, which says nothing of what is in it: it is to be tried again."""


class PictureError(SurveilError):
    """A picture cannot be decoded, or is too large."""


class CheckpointError(SurveilError):
    """Weights or their card cannot be loaded."""


class DatasetError(SurveilError):
    """A dataset folder does not have the layout that its name promises."""


class StoreError(SurveilError):
    """The database or the media folder cannot be used."""


class LeaseLostError(StoreError):
    """Another worker has taken over the footage that this one worked on, and its result counts."""


class ModelSwitchedError(StoreError):
    """The database is searched with another model: what this one says would not be found."""


class StoreUnavailableError(StoreError):
    """The database or the media folder cannot be used just now: it is out of reach, locked for long, or full."""


class NoRoomError(StoreError):
    """As much is kept as a setting allows."""


class StoreDeadlockError(StoreUnavailableError):
    """The database broke off a transaction, because it and another one waited for each other; nothing was changed."""


class QueryError(SurveilError):
    """A search asks for something that cannot be answered."""


class ConflictError(SurveilError):
    """Somebody else decided in the meantime; nothing was changed."""


class StoppedError(SurveilError):
    """Work was called off before its end; nothing of it was kept."""


class AccessError(SurveilError):
    """Somebody asks for what they may not have."""


class SignInError(AccessError):
    """Name or password are wrong, or what was shown in their place does not hold (any more)."""


class PermissionDeniedError(AccessError):
    """Somebody who is known may not do what they ask."""


class TooManyTriesError(SignInError):
    """Too many tries to sign in; `seconds` says after how many to try again."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__("too many tries to sign in", "sign-in", f"Try again in {seconds:.0f} s.")


class WebhookError(SurveilError):
    """A program that was to be told of something may not be, or did not take it."""
