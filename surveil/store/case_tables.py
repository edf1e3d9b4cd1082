"""The tables of cases: what an investigation gathers, and thereby keeps from being deleted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveil.store.tables import NEVER_REUSED, Base, Footage, Key


class CaseFolder(Base):
    """A case. While it is open, the footage of its items is kept."""

    __tablename__ = "case_folder"
    __table_args__ = NEVER_REUSED
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(200))
    closed_at: Mapped[datetime | None]


class CaseItem(Base):
    """A stretch of footage, in seconds from its first frame, and the sighting that it is about, if any.

    `sighting_id` becomes null when the footage is ingested anew, for then there are other sightings.
    """

    __tablename__ = "case_item"
    __table_args__ = NEVER_REUSED
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_folder.id", ondelete="CASCADE"), index=True)
    footage_id: Mapped[int] = mapped_column(ForeignKey("footage.id", ondelete="CASCADE"), index=True)
    sighting_id: Mapped[int | None] = mapped_column(ForeignKey("sighting.id", ondelete="SET NULL"), index=True)
    begin: Mapped[float]
    end: Mapped[float]
    note: Mapped[str | None] = mapped_column(Text)
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(200))
    footage: Mapped[Footage] = relationship()
