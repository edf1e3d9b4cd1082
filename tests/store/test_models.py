from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest
from sqlalchemy import func, select

from surveil.calibration import Calibration
from surveil.errors import StoreError
from surveil.store.models import ModelRef, StoredCard, model_in_use, register_model, switch_model
from surveil.store.tables import Model


def test_the_first_model_is_in_use_and_later_ones_wait(database):
    with database.session() as session:
        with pytest.raises(StoreError, match="surveil ingest"):
            model_in_use(session)
        first = register_model(session, ModelRef("first", "1" * 64, {"metrics": {"mAP": 0.5}}))
        second = register_model(session, ModelRef("second", "2" * 64))
        assert register_model(session, ModelRef("first again", "1" * 64)) == first != second
        assert (model_in_use(session).id, model_in_use(session).name) == (first, "first")


def test_what_was_measured_of_a_known_model_since_is_taken_over_and_nothing_else(database):
    with database.session() as session:
        model = register_model(session, ModelRef("a", "1" * 64, {"cluster_threshold": 0.6, "metrics": {"mAP": 0.5}}))
        for card in ({"cluster_threshold": 0.7, "metrics": {"mAP": 0.5, "filters": {}}}, {}):
            assert register_model(session, ModelRef("a", "1" * 64, card)) == model
    with database.session() as session:
        card = session.get_one(Model, model).card
        assert card == {"cluster_threshold": 0.6, "metrics": {"mAP": 0.5, "filters": {}}}


def test_the_card_in_use_is_read_and_an_older_one_has_defaults(database):
    with database.session() as session:
        calibration = Calibration(slope=10.0, intercept=-5.0, thresholds=(0.2,) * 9)
        card = {"cluster_threshold": 0.6, "calibration": asdict(calibration)}
        register_model(session, ModelRef("old", "1" * 64))
        new = register_model(session, ModelRef("new", "2" * 64, card))
        old = model_in_use(session)
        assert (old.sha256, old.cluster_threshold, set(old.thresholds.values())) == ("1" * 64, 0.74, {0.5})
        assert old.calibration.same_person(0.9) is None
        switch_model(session, new)
        assert model_in_use(session) == StoredCard(new, "new", "2" * 64, 0.6, calibration)
        assert model_in_use(session).thresholds["hat"] == 0.2


def test_switching_leaves_exactly_one_in_use(database):
    with database.session() as session:
        register_model(session, ModelRef("first", "1" * 64))
        second = register_model(session, ModelRef("second", "2" * 64))
        switch_model(session, second)
    with database.session() as session:
        assert model_in_use(session).name == "second"
    with pytest.raises(StoreError, match="99"), database.session() as session:
        switch_model(session, 99)
    with database.session() as session:
        assert model_in_use(session).name == "second"


def test_models_registered_at_once_leave_exactly_one_in_use(database):
    def register(number):
        with database.session() as session:
            return register_model(session, ModelRef(f"model {number}", f"{number % 4:064x}"))

    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(register, range(16)))
    assert len(set(ids)) == 4
    with database.session() as session:
        assert session.scalar(select(func.count()).where(Model.in_use)) == 1
