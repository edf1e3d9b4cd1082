from datetime import UTC, date, datetime, time, timedelta

import pytest

from surveil.errors import QueryError
from surveil.search.text import parse_query
from surveil.search.time_window import TimeWindow

NOW = datetime(2026, 9, 17, 15, 30, tzinfo=UTC)  # a Thursday
TODAY, YESTERDAY, TUESDAY = date(2026, 9, 17), date(2026, 9, 16), date(2026, 9, 15)
NEITHER_RED_NOR_BLUE = ("black", "white", "purple", "yellow", "gray", "green", "multicolour")
CAMERAS = ("Gate", "north-gate", "cam-3", "red", "Bahnhof Süd")


def read(text):
    return parse_query(text, CAMERAS, NOW)


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("a woman", {"gender": ("female",)}),
        ("men", {"gender": ("male",)}),
        ("man or woman", {"gender": ("male", "female")}),
        ("red top", {"upper_colour": ("red",)}),
        ("Red T-Shirt", {"upper_colour": ("red",)}),
        ("red and blue top", {"upper_colour": ("red", "blue")}),
        ("red or blue top", {"upper_colour": ("red", "blue")}),
        ("navy jumper", {"upper_colour": ("blue",)}),
        ("grey multi-coloured hoodie", {"upper_colour": ("gray", "multicolour")}),
        ("black trousers", {"lower_type": ("pants",), "lower_colour": ("black",)}),
        ("a short pink dress", {"lower_type": ("dress",), "lower_length": ("short",), "lower_colour": ("pink",)}),
        ("red top and blue shorts", {"upper_colour": ("red",), "lower_length": ("short",), "lower_colour": ("blue",)}),
        ("long hair", {"hair": ("long",)}),
        ("short-haired girl", {"hair": ("short",), "gender": ("female",)}),
        ("red short-sleeved top", {"sleeve": ("short",), "upper_colour": ("red",)}),
        ("white shirt with long sleeves", {"upper_colour": ("white",), "sleeve": ("long",)}),
        ("backpacks", {"backpack": ("yes",)}),
        ("a hand bag", {"handbag": ("yes",)}),
        ("no hat", {"hat": ("no",)}),
        ("without a hat or backpack, bag", {"hat": ("no",), "backpack": ("no",), "bag": ("yes",)}),
        ("not old", {"age": ("young", "teenager", "adult")}),
        ("without long hair", {"hair": ("short",)}),
        ("not red top, not blue top", {"upper_colour": NEITHER_RED_NOR_BLUE}),
        ("no red or blue top", {"upper_colour": NEITHER_RED_NOR_BLUE}),
        ("not young, not old", {"age": ("teenager", "adult")}),
        ("red or green top, not a green jacket", {"upper_colour": ("red",)}),
        ("navy blue coat", {"upper_colour": ("blue",)}),
        ("isn't wearing a hat", {"hat": ("no",)}),
        ("DOESN’T have a backpack", {"backpack": ("no",)}),  # noqa: RUF001
        ("a man who doesnt carry a bag", {"gender": ("male",), "bag": ("no",)}),
        ("neither hat nor bag but a backpack", {"hat": ("no",), "bag": ("no",), "backpack": ("yes",)}),
        ("everyone except women", {"gender": ("male",)}),
        ("nobody with a hat", {"hat": ("no",)}),
        ("an elderly LADY'S purse", {"age": ("old",), "gender": ("female",), "handbag": ("yes",)}),
    ],
)
def test_people(text, attributes):
    reading = read(text)
    assert reading.filters.attributes == attributes
    assert reading.unknown == ()


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("today", TimeWindow(TODAY, TODAY)),
        ("yesterday", TimeWindow(YESTERDAY, YESTERDAY)),
        ("Tuesday", TimeWindow(TUESDAY, TUESDAY)),
        ("on Thursday", TimeWindow(TODAY, TODAY)),
        ("last Thursday", TimeWindow(date(2026, 9, 10), date(2026, 9, 10))),
        ("Fri", TimeWindow(date(2026, 9, 11), date(2026, 9, 11))),
        ("2026-02-28", TimeWindow(date(2026, 2, 28), date(2026, 2, 28))),
        ("Monday to Wednesday", TimeWindow(date(2026, 9, 14), date(2026, 9, 16))),
        ("from Friday to Monday", TimeWindow(date(2026, 9, 11), date(2026, 9, 14))),
        ("since Tuesday", TimeWindow(first_day=TUESDAY)),
        ("until Tuesday", TimeWindow(last_day=TUESDAY)),
        ("before Tuesday", TimeWindow(last_day=TUESDAY - timedelta(days=1))),
        ("after Tuesday", TimeWindow(first_day=TUESDAY + timedelta(days=1))),
        ("between 8 and 9", TimeWindow(start=time(8), end=time(9))),
        ("between 8 and 9:30 pm", TimeWindow(start=time(20), end=time(21, 30))),
        ("between 11 and 1 pm", TimeWindow(start=time(11), end=time(13))),
        ("from 8am to 5 pm", TimeWindow(start=time(8), end=time(17))),
        ("14:00-15:30", TimeWindow(start=time(14), end=time(15, 30))),
        ("8 - 9", TimeWindow(start=time(8), end=time(9))),
        ("between 22 and 2", TimeWindow(start=time(22), end=time(2))),
        ("12 am to 12 pm", TimeWindow(start=time(0), end=time(12))),
        ("after 17:00", TimeWindow(start=time(17))),
        ("before noon", TimeWindow(end=time(12))),
        ("at 8", TimeWindow(start=time(7, 45), end=time(8, 15))),
        ("around midnight", TimeWindow(start=time(23, 45), end=time(0, 15))),
        ("in the morning", TimeWindow(start=time(6), end=time(12))),
        ("this morning", TimeWindow(TODAY, TODAY, time(6), time(12))),
        ("tonight", TimeWindow(TODAY, TODAY, time(22), time(6))),
        ("last night", TimeWindow(YESTERDAY, YESTERDAY, time(22), time(6))),
        ("Tuesday between 8 and 9", TimeWindow(TUESDAY, TUESDAY, time(8), time(9))),
        ("yesterday evening", TimeWindow(YESTERDAY, YESTERDAY, time(18), time(22))),
        ("after 8, before 10", TimeWindow(start=time(8), end=time(10))),
        ("since Tuesday after 8:30", None),
        ("on Mondays", TimeWindow(weekdays=(0,))),
        ("weekends after 22:00", TimeWindow(start=time(22), weekdays=(5, 6))),
        ("weekdays between 8 and 9", TimeWindow(start=time(8), end=time(9), weekdays=(0, 1, 2, 3, 4))),
    ],
)
def test_times(text, when):
    reading = read(text)
    assert reading.unknown == ()
    assert reading.filters.when == (when or TimeWindow(first_day=TUESDAY, start=time(8, 30)))


@pytest.mark.parametrize(
    ("text", "cameras"),
    [
        ("gate camera", ("Gate",)),
        ("camera gate", ("Gate",)),
        ("at the gate", ("Gate",)),
        ("north gate", ("north-gate",)),
        ("camera 3", ("cam-3",)),
        ("cam-3", ("cam-3",)),
        ("the red camera", ("red",)),
        ("gate and north-gate", ("Gate", "north-gate")),
        ("Bahnhof Süd", ("Bahnhof Süd",)),
    ],
)
def test_cameras(text, cameras):
    reading = read(text)
    assert reading.filters.cameras == cameras
    assert not reading.filters.attributes
    assert reading.unknown == ()


def test_a_colour_is_no_camera_unless_the_word_camera_is_beside_it():
    reading = read("red top")
    assert reading.filters.cameras == ()
    assert reading.filters.attributes == {"upper_colour": ("red",)}


def test_the_example_of_the_readme():
    reading = read("a woman, red top, backpack, gate camera, Tuesday")
    assert reading.filters.attributes == {"gender": ("female",), "upper_colour": ("red",), "backpack": ("yes",)}
    assert reading.filters.cameras == ("Gate",)
    assert reading.filters.when == TimeWindow(TUESDAY, TUESDAY)
    assert [phrase.words for phrase in reading.phrases] == ["woman", "red top", "backpack", "gate camera", "Tuesday"]


@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        ("a limping man", "limping", "no such word"),
        ("dark blue jeans", "dark", "no such word"),
        ("man in red", "red", "no garment follows"),
        ("red backpack", "red", "no garment follows"),
        ("red, hat", "red", "no garment follows"),
        ("man, pink top", "pink top", "the model tells only these: black, white"),
        ("woman, long red coat", "long", "nothing follows it"),
        ("hat, coat", "coat", "tells nothing without a colour"),
        ("hat, no short skirt", "no short skirt", "denies two things"),
        ("Monday hat Tuesday", "Tuesday", "contradicts Monday"),
        ("2 men", "2", "no such word"),
        ("man at 25", "25", "no such word"),
        ("hat, no hat", "no hat", "contradicts hat yes"),
        ("no hat, hat", "hat", "contradicts hat no"),
        ("man, not at the gate", "not at the gate", "only what people look like"),
        ("man, never on Monday", "never on Monday", "only what people look like"),
        ("hat, no red trousers", "no red trousers", "the model tells only these"),
        ("long black hair", "black", "no garment follows"),
    ],
)
def test_what_is_not_understood_is_reported_and_the_rest_is_used(text, words, reason):
    reading = read(text)
    assert [phrase.words for phrase in reading.unknown] == [words]
    assert reason in reading.unknown[0].meaning
    assert reading.filters


def test_what_denies_a_word_of_no_table_does_not_deny_what_is_joined_to_it():
    reading = read("a man with no umbrella and a red top")
    assert reading.filters.attributes == {"gender": ("male",), "upper_colour": ("red",)}
    assert [phrase.words for phrase in reading.unknown] == ["umbrella"]
    assert read("no woollen hat and no bag").filters.attributes == {"hat": ("no",), "bag": ("no",)}


def test_every_word_is_understood_reported_or_a_stop_word():
    text = "show me a tall, bearded woman wearing red shoes and a blue scarf, red top, near the north gate on Tuesday"
    reading = read(text)
    assert {phrase.words for phrase in reading.unknown} == {"tall", "bearded", "red", "shoes", "blue", "scarf"}
    assert reading.filters.attributes == {"gender": ("female",), "upper_colour": ("red",)}


@pytest.mark.parametrize("text", ["", "the", "xyzzy plugh", "red", "pink top", "show me all people"])
def test_a_text_that_says_nothing_is_refused(text):
    with pytest.raises(QueryError, match=r"nothing in this text was understood|the text is empty"):
        read(text)


@pytest.mark.parametrize("text", ["woman, camera 9", "man, roof camera", "camera roof"])
def test_a_camera_that_does_not_exist_is_refused_with_those_that_do(text):
    with pytest.raises(QueryError, match=r"no camera is called '(9|roof)'.*cam-3, north-gate, red"):
        read(text)


def test_a_limit_of_day_and_time_points_to_the_options():
    with pytest.raises(QueryError, match="--after"):
        read("since Tuesday 8am")


def test_a_shade_is_taken_as_the_colours_nearest_to_it_which_is_told():
    reading = read("woman, turquoise top, beige trousers, not a red jacket")
    assert reading.filters.attributes["upper_colour"] == ("blue", "green")
    assert reading.filters.attributes["lower_colour"] == ("brown",)
    assert reading.taken_as == {"turquoise": ("blue", "green"), "beige": ("brown",)}
    assert not reading.unknown
    assert read("blue top").taken_as == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("man, not a navy jacket", "not all blue is navy"),
        ("man, maroon trousers", "the model tells only these: black, white, pink"),
        ("man, navy", "no garment follows it"),
        ("man, khaki trousers", "no such word"),
    ],
)
def test_a_shade_that_cannot_be_asked_for_is_reported(text, reason):
    reading = read(text)
    assert set(reading.filters.attributes) <= {"gender", "lower_type"}
    assert reading.taken_as == {}
    [unknown] = reading.unknown
    assert reason in unknown.meaning
