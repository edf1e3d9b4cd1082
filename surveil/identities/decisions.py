"""Decisions: an operator corrects identities. Each is written to a log that only grows, and holds from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from surveil.errors import ConflictError, QueryError
from surveil.identities.history import active, agreement, decision_in_words
from surveil.identities.numbers import assign, new_identities
from surveil.identities.references import refer_to, resolve
from surveil.store.locks import lock_identities
from surveil.store.tables import Decision, Identity, SightingRow
from surveil.store.vectors import IDS_PER_QUERY

MAX_NAME = 200
REMEMBERED = 20
"""Sightings by which an identity is known again that was only named, noted, hidden or given a picture."""

Sightings = Sequence[int]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A decision before it is written.

    Attributes:
        kind: What kind of decision.
        identities: Those that it concerns.
        value: The name, the note, whether hidden, or the sighting of the picture.
        moved: Sightings that get another identity: the one they had and the one they get.
        members: Sightings that an identity has from now on, by which it is known again.
        same: Sets of sightings that are one person.
        different: Pairs of sets that are two people; on the left those that were taken out.
        names: Identities that get another name: the one they had and the one they get.
        undoes: The decision that is taken back.
    """

    kind: str
    identities: Sequence[int]
    value: str | int | bool | None = None
    moved: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    members: Mapping[int, Sightings] = field(default_factory=dict)
    same: Sequence[Sightings] = ()
    different: Sequence[tuple[Sightings, Sightings]] = ()
    names: Mapping[int, tuple[str | None, str | None]] = field(default_factory=dict)
    undoes: int | None = None

    def content(self, session: Session) -> dict[str, Any]:
        """As it is stored: every sighting is described once, and named by its place in that list."""
        sets = [self.moved, *self.members.values(), *self.same, *(side for pair in self.different for side in pair)]
        sightings = list(dict.fromkeys(sighting for one in sets for sighting in one))
        place = {sighting: i for i, sighting in enumerate(sightings)}

        def places(one: Sightings) -> list[int]:
            return [place[sighting] for sighting in one]

        return {
            "identities": list(self.identities),
            "value": self.value,
            "sightings": refer_to(session, sightings),
            "moved": [[place[sighting], before, after] for sighting, (before, after) in self.moved.items()],
            "members": {str(identity): places(one) for identity, one in self.members.items()},
            "same": [places(one) for one in self.same],
            "different": [[places(left), places(right)] for left, right in self.different],
            "names": {str(identity): list(names) for identity, names in self.names.items()},
        }


class Decisions:
    """Makes decisions in a transaction, one after the other with whoever else does; every method gives the number.

    Every method raises a QueryError for identities and sightings that are not there, and a ConflictError for what
    somebody else decided on in the meantime; then nothing is changed.

    Args:
        session: A session; what is decided is stored when it commits.
        actor: Who decides.
        seen: The number of the newest decision that the operator knew; a newer one about the same identities is a
            conflict. None: they looked just now.
    """

    def __init__(self, session: Session, actor: str, *, seen: int | None = None) -> None:
        self._session, self._actor, self._seen = session, actor, seen
        lock_identities(session)

    def name(self, identity: int, name: str | None) -> int:
        """Name an identity; None takes the name away."""
        if name is not None and not 0 < len(name.strip()) <= MAX_NAME:
            raise QueryError(f"a name has 1 to {MAX_NAME} characters", "name")
        named = name.strip() if name else None
        before = self._names([identity]).get(identity)
        return self._say("name", identity, named, names={identity: (before, named)})

    def note(self, identity: int, text: str | None) -> int:
        """Note something on an identity, in place of what was noted; None takes the note away."""
        return self._say("note", identity, text or None)

    def hide(self, identity: int, hidden: bool = True) -> int:
        """Leave an identity out of lists, or show it again."""
        return self._say("hide", identity, hidden)

    def set_picture(self, identity: int, sighting: int) -> int:
        """Show an identity by one of its sightings."""
        self._rest(identity, [sighting])
        return self._say("picture", identity, sighting, first=[sighting])

    def merge(self, identity: int, others: Sequence[int]) -> int:
        """Identities are one person: all sightings of the others become those of the first.

        Raises:
            QueryError: An identity is given twice, or two have different names.
            ConflictError: It was decided that they are two people.
        """
        touched = [identity, *others]
        if len(touched) < 2 or len(set(touched)) < len(touched):
            raise QueryError("expected two or more different identities", "merge")
        members = self._members(touched)
        everyone = [sighting for one in members.values() for sighting in one]
        if agreement(self._session).contradicts(everyone):
            raise ConflictError(
                f"it was decided that {', '.join(map(str, touched))} are not all one person",
                next_step="See `surveil identities history`, and undo that decision first.",
            )
        names = {one: name for one, name in self._names(touched).items() if name}
        if len(set(names.values())) > 1:
            raise QueryError(f"they are called {' and '.join(names.values())}", "merge", "Give them one name first.")
        renamed: dict[int, tuple[str | None, str | None]] = {one: (name, None) for one, name in names.items()}
        if names:
            renamed[identity] = (names.get(identity), next(iter(names.values())))
        moved = {sighting: (other, identity) for other in others for sighting in members[other]}
        return self._write(
            _Draft("merge", touched, moved=moved, members={identity: everyone}, same=[everyone], names=renamed)
        )

    def keep_apart(self, identity: int, other: int) -> int:
        """Two identities are two people, whatever they look like."""
        if identity == other:
            raise QueryError("expected two different identities", "apart")
        members = self._members([identity, other])
        different = [(members[identity], members[other])]
        return self._write(_Draft("apart", [identity, other], members=members, different=different))

    def split(self, identity: int, sightings: Sightings) -> int:
        """Some sightings of an identity are another person, who becomes an identity of their own.

        Raises:
            QueryError: They are none, or all that there are.
        """
        chosen = sorted(set(sightings))
        rest = self._rest(identity, chosen)
        if not chosen or not rest:
            raise QueryError("expected some of the sightings, not none or all", f"identity {identity}")
        [made] = new_identities(self._session, 1)
        moved = dict.fromkeys(chosen, (identity, made))
        members = {made: chosen, identity: rest}
        return self._write(
            _Draft("split", [identity, made], moved=moved, members=members, same=[chosen], different=[(chosen, rest)])
        )

    def move(self, sighting: int, identity: int) -> int:
        """A sighting shows another identity than the one it is counted to.

        Raises:
            QueryError: It belongs to no identity yet, or to this one already.
        """
        row = self._session.get(SightingRow, sighting, populate_existing=True)
        if row is None:
            raise QueryError("no such sighting", f"sighting {sighting}")
        before = row.identity_id
        if before is None:
            raise QueryError("belongs to no identity yet", f"sighting {sighting}", "Run: surveil cluster")
        if before == identity:
            raise QueryError(f"belongs to identity {identity} already", f"sighting {sighting}")
        there, rest = self._members([identity])[identity], self._rest(before, [sighting])
        members = {identity: [sighting, *there], before: rest}
        moved = {sighting: (before, identity)}
        same, different = [members[identity]], [([sighting], rest)]
        return self._write(
            _Draft("move", [before, identity], moved=moved, members=members, same=same, different=different)
        )

    def undo(self, decision: int) -> int:
        """Take a decision back: it does not hold any more, and sightings that are where it put them go back.

        Raises:
            QueryError: There is no such decision, or it is an undo itself.
            ConflictError: It was taken back already.
        """
        undone = self._session.get(Decision, decision)
        if undone is None or undone.kind == "undo":
            what = "no such decision" if undone is None else "an undo cannot be undone: decide again"
            raise QueryError(what, f"decision {decision}", "See `surveil identities history`.")
        if by := self._session.scalars(select(Decision).where(Decision.undoes == decision)).first():
            raise ConflictError(f"{by.actor} took it back already, {_at(by)}", f"decision {decision}")
        content = undone.content
        now = resolve(self._session, content["sightings"])
        numbers = [reference["sighting"] for reference in content["sightings"]]
        put = {now[numbers[i]]: (before, after) for i, before, after in content["moved"] if numbers[i] in now}
        where = self._where(list(put))
        moved = {sighting: (after, before) for sighting, (before, after) in put.items() if where[sighting] == after}
        self._check_unseen(content["identities"])
        names = {int(i): (after, self._name_without(int(i), undone)) for i, (_, after) in content["names"].items()}
        return self._write(_Draft("undo", content["identities"], moved=moved, names=names, undoes=decision))

    def _say(
        self,
        kind: str,
        identity: int,
        value: str | int | bool | None,
        *,
        first: Sightings = (),
        names: Mapping[int, tuple[str | None, str | None]] | None = None,
    ) -> int:
        """Write a decision that leaves sightings where they are; `first` are remembered before the best."""
        self._members([identity])
        own = select(SightingRow.id).where(SightingRow.identity_id == identity)
        best = self._session.scalars(own.order_by(SightingRow.quality.desc(), SightingRow.id).limit(REMEMBERED))
        members = {identity: list(dict.fromkeys([*first, *best]))}
        return self._write(_Draft(kind, [identity], value, members=members, names=names or {}))

    def _write(self, draft: _Draft) -> int:
        """Append to the log, move the sightings, change the names."""
        decision = Decision(
            made_at=datetime.now(UTC),
            actor=self._actor,
            kind=draft.kind,
            content=draft.content(self._session),
            undoes=draft.undoes,
        )
        self._session.add(decision)
        self._session.flush()
        before, after = ({sighting: ends[i] for sighting, ends in draft.moved.items()} for i in (0, 1))
        assign(self._session, after, before)
        for identity, (_, name) in draft.names.items():
            self._session.execute(update(Identity).where(Identity.id == identity).values(name=name))
        return decision.id

    def _members(self, identities: Sequence[int]) -> dict[int, list[int]]:
        """The sightings of identities, which must exist, have some, and be as the operator knew them."""
        self._check_unseen(identities)
        members: dict[int, list[int]] = {}
        for identity in identities:
            own = select(SightingRow.id).where(SightingRow.identity_id == identity).order_by(SightingRow.id)
            members[identity] = list(self._session.scalars(own))
            if not members[identity]:
                self._refuse_empty(identity)
        return members

    def _rest(self, identity: int, chosen: Sightings) -> list[int]:
        """The sightings of an identity without the chosen ones, which must be among them."""
        members = self._members([identity])[identity]
        for sighting in chosen:
            if sighting not in members:
                raise ConflictError(
                    f"is not (any more) a sighting of identity {identity}",
                    f"sighting {sighting}",
                    f"See `surveil identities show {identity}`.",
                )
        return [sighting for sighting in members if sighting not in set(chosen)]

    def _check_unseen(self, identities: Sequence[int]) -> None:
        if self._seen is None:
            return
        newer = select(Decision).where(Decision.id > self._seen).order_by(Decision.id)
        for decision in self._session.scalars(newer):
            if set(decision.content["identities"]) & set(identities):
                raise ConflictError(
                    f"{decision.actor} {decision_in_words(decision)}, {_at(decision)}",
                    "meanwhile",
                    "Look at it again, and decide then. Nothing was changed.",
                )

    def _refuse_empty(self, identity: int) -> None:
        if self._session.get(Identity, identity) is None:
            raise QueryError(f"no identity has the number {identity}", next_step="See `surveil identities list`.")
        for decision in reversed(active(self._session, ("merge",))):
            if identity in decision.content["identities"][1:]:
                raise ConflictError(
                    f"{decision.actor} {decision_in_words(decision)}, {_at(decision)}",
                    f"identity {identity}",
                    "Use the identity that it became, or undo that decision.",
                )
        raise QueryError("has no sightings now", f"identity {identity}", "See `surveil identities list`.")

    def _names(self, identities: Sequence[int]) -> dict[int, str | None]:
        return dict(self._session.execute(select(Identity.id, Identity.name).where(Identity.id.in_(identities))).all())

    def _name_without(self, identity: int, undone: Decision) -> str | None:
        """What an identity is called when a decision does not count: as the newest other says, else as at first."""
        ever = self._session.scalars(select(Decision).where(Decision.kind.in_(("name", "merge"))).order_by(Decision.id))
        said = [(decision.id, decision.content["names"].get(str(identity))) for decision in ever]
        name: str | None = next(names[0] for _, names in said if names)
        counting = {decision.id for decision in active(self._session, ("name", "merge"))} - {undone.id}
        for decision, names in said:
            if names and decision in counting:
                name = names[1]
        return name

    def _where(self, sightings: Sightings) -> dict[int, int | None]:
        """The identity of each sighting now."""
        found: dict[int, int | None] = {}
        for start in range(0, len(sightings), IDS_PER_QUERY):
            part = sightings[start : start + IDS_PER_QUERY]
            found |= dict(
                self._session.execute(
                    select(SightingRow.id, SightingRow.identity_id).where(SightingRow.id.in_(part))
                ).all()
            )
        return found


def _at(decision: Decision) -> str:
    return f"{decision.made_at:%Y-%m-%d %H:%M} UTC"
