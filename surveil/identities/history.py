"""What operators decided: the log as it is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveil.identities.agreement import Agreement, Statement
from surveil.identities.references import resolve
from surveil.store.tables import Decision


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision, for whoever reads the log.

    Attributes:
        decision: Its number.
        made_at: When (UTC).
        actor: By whom.
        kind: What kind of decision.
        identities: The identities that it concerns.
        summary: What it says, in words.
        undone_by: The number of the decision that took it back.
    """

    decision: int
    made_at: datetime
    actor: str
    kind: str
    identities: tuple[int, ...]
    summary: str
    undone_by: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What operators said of an identity besides its name; `picture` is a sighting."""

    note: str | None = None
    hidden: bool = False
    picture: int | None = None


def history(session: Session, identity: int | None = None) -> list[Entry]:
    """All decisions, or those that concern an identity, the newest first."""
    decisions = session.scalars(select(Decision).order_by(Decision.id)).all()
    undone = {decision.undoes: decision.id for decision in decisions if decision.undoes}
    entries = [
        Entry(
            decision.id,
            decision.made_at,
            decision.actor,
            decision.kind,
            tuple(decision.content["identities"]),
            decision_in_words(decision),
            undone.get(decision.id),
        )
        for decision in reversed(decisions)
    ]
    return [entry for entry in entries if identity is None or identity in entry.identities]


def decision_in_words(decision: Decision) -> str:
    """A decision in words."""
    content = decision.content
    identity, *others = content["identities"]
    match decision.kind:
        case "name":
            return f"named {identity} {content['value']}" if content["value"] else f"took the name from {identity}"
        case "note":
            return f"noted on {identity}: {content['value']}" if content["value"] else f"took the note from {identity}"
        case "hide":
            return f"hid {identity}" if content["value"] else f"showed {identity} again"
        case "picture":
            return f"took sighting {content['value']} for the picture of {identity}"
        case "merge":
            return f"merged {', '.join(map(str, others))} into {identity}"
        case "apart":
            return f"{identity} and {others[0]} are two people"
        case "split":
            return f"split {_count(content)} off {identity} as {others[0]}"
        case "move":
            return f"moved {_count(content)} from {identity} to {others[0]}"
        case _:
            return f"undid decision {decision.undoes}"


def active(session: Session, kinds: Sequence[str] | None = None) -> Sequence[Decision]:
    """Decisions that nobody took back, oldest first."""
    undone = select(Decision.undoes).where(Decision.undoes.is_not(None))
    query = select(Decision).where(Decision.id.not_in(undone), Decision.kind != "undo").order_by(Decision.id)
    return session.scalars(query if kinds is None else query.where(Decision.kind.in_(kinds))).all()


def last_decision(session: Session) -> int:
    """The number of the newest decision; 0 while there is none."""
    return session.scalar(select(func.max(Decision.id))) or 0


def agreement(session: Session) -> Agreement:
    """What all decisions together say of the sightings that are there now."""
    decisions = active(session, ("merge", "apart", "split", "move"))
    now = _sightings_now(session, decisions)
    return Agreement.of(_statement(decision.content, now) for decision in decisions)


def known_identities(session: Session) -> dict[int, int]:
    """The identity that decisions know a sighting by, the newest first: numbers outlive an ingest of the footage."""
    decisions = active(session)
    now = _sightings_now(session, decisions)
    return {
        now[old]: int(identity)
        for decision in decisions
        for identity, positions in decision.content["members"].items()
        for old in _numbers(decision.content, positions)
        if old in now
    }


def facts(session: Session) -> dict[int, Facts]:
    """What operators said of the identities of which they said anything."""
    said: dict[int, dict[str, Any]] = {}
    decisions = active(session, ("note", "hide", "picture"))
    now = _sightings_now(session, [decision for decision in decisions if decision.kind == "picture"])
    for decision in decisions:
        content = decision.content
        value = now.get(content["value"]) if decision.kind == "picture" else content["value"]
        field = {"note": "note", "hide": "hidden", "picture": "picture"}[decision.kind]
        said.setdefault(content["identities"][0], {})[field] = value
    return {identity: Facts(**values) for identity, values in said.items()}


def _sightings_now(session: Session, decisions: Iterable[Decision]) -> dict[int, int]:
    """Which sighting is meant now by each number in some decisions."""
    return resolve(session, (reference for decision in decisions for reference in decision.content["sightings"]))


def _statement(content: dict[str, Any], now: dict[int, int]) -> Statement:
    def sightings(positions: Sequence[int]) -> list[int]:
        return [now[old] for old in _numbers(content, positions) if old in now]

    same = [sightings(positions) for positions in content["same"]]
    return Statement(same, [(sightings(left), sightings(right)) for left, right in content["different"]])


def _numbers(content: dict[str, Any], positions: Iterable[int]) -> list[int]:
    """The numbers that sightings had when a decision was made, by their positions in its list."""
    return [content["sightings"][position]["sighting"] for position in positions]


def _count(content: dict[str, Any]) -> str:
    count = len(content["moved"])
    return f"sighting {_numbers(content, [content['moved'][0][0]])[0]}" if count == 1 else f"{count} sightings"
