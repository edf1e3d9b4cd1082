from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from surveil.attributes import BY_NAME, OUTPUT_NAMES
from surveil.calibration import Calibration
from surveil.errors import QueryError
from surveil.identities.cluster import cluster
from surveil.search.filters import Filters, candidates, count_passing, joint_probability
from surveil.search.rank import Example, Query, search
from surveil.search.time_window import TimeWindow
from surveil.store.models import ModelRef
from surveil.store.tables import Description, Identity, SightingRow

# Summer time ended in Berlin, and began in Auckland, within these weeks.
FIRST, DAYS = datetime(2026, 9, 20, tzinfo=UTC), 42
ZONES = {"gate": "Europe/Berlin", "yard": "UTC", "hall": "Pacific/Auckland"}
EXAMPLE_MODEL = "f" * 64
PERSON, OTHER = np.eye(2, 544, dtype=np.float32)


def random_sightings(made_up, random, count):
    for _ in range(count):
        # Times of whole minutes meet the edges of the filters; none lies within hours of a change of the clocks.
        minutes = 1440 * random.integers(DAYS) + random.integers(18 * 60)
        outputs = dict(zip(OUTPUT_NAMES, (random.integers(0, 5, 32) / 4).tolist(), strict=True))
        last = 60.0 * (minutes + random.choice([0, 1, 30, 300]))
        yield made_up(first=60.0 * minutes, last=last, outputs=outputs)


def people_seen(made_up, fill, count=40):
    """What was stored, as plain Python values by id."""
    random = np.random.default_rng(5)
    seen = {}
    for camera, zone in ZONES.items():
        sightings = [s for s in random_sightings(made_up, random, count) if not near_clock_change(s, zone)]
        for sighting in sightings:
            sighting.embedding = random.normal(size=544).astype(np.float32)
        ids = fill(sightings, camera=camera, zone=zone, start=FIRST)
        seen |= {number: (camera, sighting) for number, sighting in zip(ids, sightings, strict=True)}
    return seen


def near_clock_change(sighting, zone):
    day = timedelta(hours=30)
    first, last = span(sighting)
    return (first - day).astimezone(ZoneInfo(zone)).utcoffset() != (last + day).astimezone(ZoneInfo(zone)).utcoffset()


def span(sighting):
    return FIRST + timedelta(seconds=sighting.first), FIRST + timedelta(seconds=sighting.last)


@cache
def windows(when, zone):
    """Every part of a day that `when` allows, as UTC times, one day after the other."""
    found = []
    day = when.first_day or date(2026, 9, 1)
    while day <= (when.last_day or date(2026, 12, 1)):
        if when.weekdays is not None and day.weekday() not in when.weekdays:
            day += timedelta(days=1)
            continue
        start, end = when.start or time(), when.end or time()
        closing = day + timedelta(days=1) if end <= start else day
        found.append(tuple(datetime.combine(*edge, zone).astimezone(UTC) for edge in ((day, start), (closing, end))))
        day += timedelta(days=1)
    return found


def passes(filters, camera, sighting):
    """The filters in plain Python."""
    first, last = span(sighting)
    if filters.cameras and camera not in filters.cameras:
        return False
    if (filters.after and last < filters.after) or (filters.before and first >= filters.before):
        return False
    if filters.when:
        zone = ZoneInfo(ZONES[camera])
        if not any(last >= start and first < end for start, end in windows(filters.when, zone)):
            return False
    if any(chance(sighting, *asked) < 0.8 for asked in filters.only.items()):
        return False
    if any(chance(sighting, *asked) > 0.2 for asked in filters.without.items()):
        return False
    return all(chance(sighting, *asked) >= least(filters, asked[1]) for asked in filters.attributes.items())


def least(filters, labels):
    if filters.min_confidence is not None:
        return filters.min_confidence
    return 0.8 if set(labels) == {"no"} else 0.5


def chance(sighting, name, labels):
    attribute = BY_NAME[name]
    if set(labels) == set(attribute.labels):
        return 1.0
    if attribute.exclusive:
        return sum(sighting.outputs[f"{name}_{label}"] for label in attribute.labels if label in labels)
    yes = sighting.outputs[OUTPUT_NAMES[attribute.first]]
    return sum(yes if attribute.labels.index(label) else 1 - yes for label in labels)


TIMES = st.none() | st.integers(0, DAYS * 1440).map(lambda minutes: FIRST + timedelta(minutes=minutes))
DATES = st.none() | st.integers(0, DAYS).map(lambda days: (FIRST + timedelta(days=days)).date())
WEEKDAYS = st.none() | st.lists(st.integers(0, 6), min_size=1, unique=True).map(lambda days: tuple(sorted(days)))
CLOCKS = st.none() | st.integers(0, 95).map(lambda quarters: time(quarters // 4, quarters % 4 * 15))
LABELS = {
    name: st.lists(st.sampled_from(attribute.labels), min_size=1, unique=True).map(tuple)
    for name, attribute in BY_NAME.items()
}
ONE_ATTRIBUTE = st.just({}) | st.sampled_from(list(BY_NAME)).flatmap(
    lambda name: st.fixed_dictionaries({name: LABELS[name]})
)
FILTERS = st.builds(
    Filters,
    cameras=st.lists(st.sampled_from(list(ZONES)), unique=True).map(tuple),
    after=TIMES,
    before=TIMES,
    when=st.none() | st.builds(TimeWindow, DATES, DATES, CLOCKS, CLOCKS, WEEKDAYS),
    only=ONE_ATTRIBUTE,
    without=ONE_ATTRIBUTE,
    attributes=st.lists(st.sampled_from(list(BY_NAME)), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: LABELS[name] for name in names})
    ),
    min_confidence=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
)


def test_a_filtered_search_equals_brute_force_over_all_sightings_that_pass(database, fill, made_up):
    seen = people_seen(made_up, fill)

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.generate],
    )
    @given(FILTERS, st.integers(0, 1000), st.integers(1, 30))
    def check(filters, seed, limit):
        passing = {number for number, (camera, sighting) in seen.items() if passes(filters, camera, sighting)}
        with database.session() as session:
            assert set(session.scalars(candidates(session, filters))) == passing

        query = np.random.default_rng(seed).normal(size=544).astype(np.float32)
        query /= np.linalg.norm(query)
        found = search(database, Query(filters, Example(query, EXAMPLE_MODEL), limit))
        similarity = {number: float(query @ unit(seen[number][1].embedding)) for number in passing}
        best = sorted(passing, key=lambda number: -similarity[number])[:limit]
        assert len({match.sighting for match in found} & passing) == len(found) == len(best)
        for match, number in zip(found, best, strict=True):
            assert match.similarity == pytest.approx(similarity[number], abs=2e-4)

        found = search(database, Query(filters, None, limit))
        if filters.attributes:
            ranked = sorted(passing, key=lambda n: (-joint(seen[n][1], filters), seen[n][1].first, n))
        else:
            ranked = sorted(passing, key=lambda n: (seen[n][1].first, n), reverse=True)
        assert [match.sighting for match in found] == ranked[:limit]

    check()


def unit(vector):
    return vector / np.linalg.norm(vector)


def joint(sighting, filters):
    return float(np.prod([chance(sighting, *asked) for asked in filters.attributes.items()]))


def test_some_of_the_random_filters_let_some_people_pass(fill, made_up):
    """Guards the test above: it would prove nothing if its filters let all pass or none."""
    seen = people_seen(made_up, fill)
    part = TimeWindow(first_day=date(2026, 9, 25), last_day=date(2026, 10, 30), start=time(22), end=time(6))
    assert 0 < sum(passes(Filters(when=part), *each) for each in seen.values()) < len(seen)


def test_each_filter_is_counted_alone(database, fill, made_up):
    fill([made_up(outputs={"upper_colour_red": 0.9}), made_up(outputs={"hat": 0.9})], camera="gate")
    fill([made_up()], camera="yard")
    filters = Filters(cameras=("gate",), attributes={"upper_colour": ("red",), "hat": ("yes",)})
    with database.session() as session:
        assert count_passing(session, filters) == {"camera gate": 2, "upper_colour red": 1, "hat yes": 1}
        assert session.scalars(candidates(session, filters)).all() == []


def test_without_a_least_probability_the_model_in_use_draws_the_line(database, fill, made_up):
    names = [attribute.name for attribute in BY_NAME.values() if not attribute.exclusive]
    thresholds = tuple(0.2 if name == "hat" else 0.5 for name in names)
    model = ModelRef("balanced", "b" * 64, {"calibration": asdict(Calibration(thresholds=thresholds))})
    bare, capped = fill([made_up(outputs={"hat": 0.1}), made_up(outputs={"hat": 0.3, "bag": 0.3})], model=model)

    def found(session, least=None, **labels):
        filters = Filters(attributes={name: (label,) for name, label in labels.items()}, min_confidence=least)
        return session.scalars(candidates(session, filters)).all()

    with database.session() as session:
        assert found(session, hat="yes") == [capped]
        assert found(session, hat="no") == [bare]
        assert found(session, bag="no") == [bare], "of the other it is not certain that he has none"
        assert found(session, bag="yes") == []
        assert found(session, 0.5, hat="yes") == []
        assert found(session, 0.5, hat="no") == [bare, capped]


def test_labels_of_one_attribute_add_up(database, fill, made_up):
    [both, _] = fill(
        [
            made_up(outputs={"upper_colour_red": 0.3, "upper_colour_blue": 0.3}),
            made_up(outputs={"upper_colour_red": 0.4}),
        ]
    )
    with database.session() as session:
        filters = Filters(attributes={"upper_colour": ("red", "blue")})
        assert session.scalars(candidates(session, filters).where(Description.upper_colour_red < 0.35)).all() == [both]
        assert session.scalar(candidates(session, filters).add_columns(joint_probability(filters.attributes))) == both


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (Filters(cameras=("gatte",)), "no camera is called 'gatte'. Did you mean gate?"),
        (
            Filters(attributes={"upper_colour": ("grey",)}),
            "no value of upper_colour is called 'grey'. Did you mean gray?",
        ),
        (Filters(attributes={"shoes": ("red",)}), "no attribute is called 'shoes'"),
        (Filters(min_confidence=1.5), "1.5 is no probability"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(database, fill, made_up, filters, message):
    fill([made_up()], camera="gate")
    with database.session() as session, pytest.raises(QueryError, match=message.replace("?", r"\?")):
        candidates(session, filters)


def test_an_empty_database_has_no_match(database):
    with database.session() as session:
        assert session.scalars(candidates(session, Filters(when=TimeWindow(start=time(8))))).all() == []


def test_only_and_without_ask_for_certainty(database, fill, made_up):
    plain = {name: 0.0 for name in OUTPUT_NAMES if name.startswith("upper_colour")}
    red, mixed, blue = fill(
        [
            made_up(outputs=plain | {"upper_colour_red": 0.9, "upper_colour_blue": 0.1}),
            made_up(outputs=plain | {"upper_colour_red": 0.6, "upper_colour_blue": 0.4}),
            made_up(outputs=plain | {"upper_colour_red": 0.1, "upper_colour_blue": 0.9}),
        ]
    )

    def found(**asked):
        with database.session() as session:
            return session.scalars(candidates(session, Filters(**asked)).order_by(SightingRow.id)).all()

    assert found(attributes={"upper_colour": ("red",)}) == [red, mixed]
    assert found(only={"upper_colour": ("red",)}) == [red]
    assert found(without={"upper_colour": ("red",)}) == [blue]
    assert found(only={"upper_colour": ("red", "blue")}) == [red, mixed, blue]


def test_footage_identity_and_height(database, fill, made_up):
    gate = fill([made_up(0, embedding=PERSON), made_up(9, embedding=OTHER)], camera="gate")
    yard = fill([made_up(0, embedding=PERSON)], camera="yard")
    cluster(database, 0.5)

    def found(**asked):
        with database.session() as session:
            return session.scalars(candidates(session, Filters(**asked)).order_by(SightingRow.id)).all()

    assert found(footage=("gate-1.mp4",)) == found(footage=("/footage/gate-1.mp4",)) == gate
    with database.session() as session:
        person = session.get(SightingRow, yard[0]).identity_id
        session.get(Identity, person).name = "Anna"
    assert found(identities=(str(person),)) == found(identities=("Anna",)) == [gate[0], yard[0]]
    assert found(min_height=120) == [*gate, *yard]
    assert found(min_height=121) == []
    for asked, message in (({"footage": ("gat-1.mp4",)}, "Did you mean gate-1"), ({"identities": ("Ana",)}, "Anna")):
        with pytest.raises(QueryError, match=message):
            found(**asked)
