"""Which models described the sightings, and which one is in use: filters and thresholds go by its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from surveil.calibration import Calibration
from surveil.errors import ModelSwitchedError, StoreError
from surveil.store.tables import Embedding, Model
from surveil.store.upsert import insert_if_new
from surveil.weights_file import shipped_name


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model as the store knows it: the name and card of a checkpoint, and the SHA-256 of its weights (hex)."""

    name: str
    sha256: str
    card: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredCard:
    """What the store knows of a model that described its sightings.

    Attributes:
        id: The model's number in this database.
        name: How it is called.
        sha256: SHA-256 of its weights (hex).
        cluster_threshold: Least mean similarity of two groups of sightings that are taken for one person. The default
            is for cards older than this entry; it suits the model of that time.
        calibration: From similarities to probabilities, and where the model says yes; that of a card without one
            leaves everything as it is.
    """

    id: int
    name: str
    sha256: str
    cluster_threshold: float = 0.74
    calibration: Calibration = field(default_factory=Calibration)

    @staticmethod
    def of(model: Model) -> StoredCard:
        """Read the card that the model was registered with."""
        known: Mapping[str, Any] = model.card
        values: dict[str, Any] = {name: known[name] for name in ("cluster_threshold",) if name in known}
        if "calibration" in known:
            values["calibration"] = Calibration.from_dict(known["calibration"])
        return StoredCard(model.id, model.name, model.sha256, **values)

    @property
    def thresholds(self) -> dict[str, float]:
        """The probability from which on a binary attribute's second label is the answer, by the attribute's name."""
        return self.calibration.threshold_of()


def register_model(session: Session, model: ModelRef) -> int:
    """The id of a model, known by its SHA-256; the first model that a database sees becomes the one in use.

    Of a model that is known what was measured since is taken over; the rest of its card decided what is stored.
    """
    values = {"name": model.name, "sha256": model.sha256, "card": model.card, "in_use": False}
    insert_if_new(session, Model, values, unique=Model.sha256)
    known = session.scalars(select(Model).where(Model.sha256 == model.sha256)).one()
    if (metrics := model.card.get("metrics")) and metrics != known.card.get("metrics"):
        known.card = known.card | {"metrics": metrics}
    other = aliased(Model)
    try:
        with session.begin_nested():
            session.execute(
                update(Model).where(Model.id == known.id, ~exists().where(other.in_use)).values(in_use=True),
                execution_options={"synchronize_session": False},
            )
    except IntegrityError:
        pass  # another process registered another model at the same moment; the index allows one to be in use
    return known.id


def model_in_use(session: Session) -> StoredCard:
    """The model whose descriptions and embeddings searches go by.

    Raises:
        StoreError: Nothing was ingested yet.
    """
    model = session.scalars(select(Model).where(Model.in_use)).one_or_none()
    if model is None:
        raise StoreError("no footage was ingested yet", "database", "Run: surveil ingest PATH")
    return StoredCard.of(model)


def to_use_it(model: StoredCard) -> str:
    """What to do so that a database gets the model that it is searched with, for messages.

    The name of a model is not what the setting takes: only models that ship are known by a name.
    """
    own = f"the weights of {model.name} whose SHA-256 begins with {model.sha256[:12]}"
    weights = shipped_name(model.sha256) or own
    return (
        f"Set SURVEIL_MODEL (or the setting model) to {weights}; or switch the database to your model: surveil model "
        "use; or take another database (--database)."
    )


def sha256_in_use(session: Session) -> str | None:
    """SHA-256 (hex) of the weights of the model in use; None if nothing was ingested yet."""
    return session.scalars(select(Model.sha256).where(Model.in_use)).one_or_none()


def list_models(session: Session) -> list[tuple[Model, int]]:
    """Every model that described sightings, in the order in which they came, with how many it has described."""
    described = select(func.count()).where(Embedding.model_id == Model.id).scalar_subquery()
    return [(row[0], row[1]) for row in session.execute(select(Model, described).order_by(Model.id))]


def check_in_use(session: Session, model_id: int, where: str) -> None:
    """See that searches go by a model, and hold that until the commit.

    Args:
        session: A session that has written already, so that on SQLite too nobody else writes until the commit.
        model_id: The model that made what is about to be stored.
        where: The database, for the message.

    Raises:
        ModelSwitchedError: They go by another one.
    """
    held = select(Model.in_use).where(Model.id == model_id).with_for_update(read=True)
    if not session.scalars(held).one_or_none():
        raise ModelSwitchedError(
            "searches were switched to another model meanwhile", where, "Ingest again: what is left is done with it."
        )


def switch_model(session: Session, model_id: int) -> None:
    """Switch searches to another model, in the session's transaction.

    Raises:
        StoreError: There is no such model.
    """
    session.execute(update(Model).where(Model.in_use).values(in_use=False))
    switched = update(Model).where(Model.id == model_id).values(in_use=True).returning(Model.id)
    if session.execute(switched).first() is None:
        raise StoreError(f"no model has the number {model_id}", "database")
