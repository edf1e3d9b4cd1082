import csv
import io
import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from surveil.cli import surveil
from surveil.cli.search import attribute_options
from surveil.errors import QueryError, StoreError, SurveilError
from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.embed import AppearanceModel
from surveil.model.network import build_network
from surveil.store.models import ModelRef

UNDERSTOOD = {
    "text",
    "phrases",
    "unknown",
    "taken_as",
    "cameras",
    "after",
    "before",
    "when",
    "attributes",
    "min_confidence",
    "like",
    "unlike",
    "footage",
    "identities",
    "min_height",
    "only",
    "without",
    "newer_than",
}
RESULT = {
    "understood",
    "matches",
    "passing",
    "next_offset",
    "not_remembered",
    "gallery",
    "facets",
    "filters",
    "filters_unmeasured",
}
MATCH = {
    "sighting",
    "footage",
    "camera",
    "zone",
    "first_seen",
    "last_seen",
    "box",
    "similarity",
    "probability",
    "attributes",
    "identity",
    "name",
    "crop",
    "gallery_probability",
    "expected_false",
    "others",
}


@pytest.fixture
def run(database, media, monkeypatch):
    """Call `surveil` on the test's database."""
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))

    def call(*arguments):
        result = CliRunner().invoke(surveil, ["--database", database.url, *map(str, arguments)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def people(fill, made_up):
    """A red woman with a backpack and a blue man at the gate; a red man in the yard, an hour later."""
    gate = fill(
        [
            made_up(0, 4, {"gender_female": 0.9, "upper_colour_red": 0.8, "backpack": 0.9}, colour=(20, 20, 220)),
            made_up(9, 11, {"gender_female": 0.1, "upper_colour_blue": 0.9}, colour=(220, 20, 20)),
        ],
        camera="gate",
        zone="Europe/Berlin",
    )
    yard = fill([made_up(3600, 3610, {"gender_female": 0.2, "upper_colour_red": 0.7})], camera="yard")
    return [*gate, *yard]


def found(result):
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert set(answer) == RESULT
    assert set(answer["understood"]) == UNDERSTOOD
    for match in answer["matches"]:
        assert set(match) == MATCH
    return answer


def numbers(result):
    return [match["sighting"] for match in found(result)["matches"]]


def test_options_and_text_find_the_same_people(run, people):
    red_women = [people[0]]
    assert numbers(run("search", "woman, red top", "--json")) == red_women
    assert numbers(run("search", "--gender", "female", "--upper-colour", "red", "--json")) == red_women
    assert numbers(run("search", "woman", "--upper-colour", "RED", "--json")) == red_women
    assert numbers(run("search", "--backpack", "--json")) == red_women
    assert set(numbers(run("search", "--no-backpack", "--json"))) == set(people[1:])
    assert set(numbers(run("search", "red top", "--upper-colour", "blue", "--json"))) == set(people)
    assert numbers(run("search", "--not", "upper-colour=red", "--json")) == [people[1]]
    assert numbers(run("search", "--only", "upper-colour=red", "--json")) == [people[0]]
    assert numbers(run("search", "man, yard camera", "--json")) == [people[2]]
    assert numbers(run("search", "--gender", "male", "--camera", "gate", "--json")) == [people[1]]


def test_times_are_read_in_the_zone_given(run, people):
    assert set(numbers(run("search", "--after", "2026-09-14T12:30", "--json"))) == {people[2]}
    assert set(numbers(run("search", "--before", "2026-09-14T12:30", "--json"))) == set(people[:2])
    after = ("search", "--after", "2026-09-14T14:30", "--json")
    assert numbers(run(*after)) == []
    assert numbers(run(*after, "--zone", "Europe/Berlin")) == [people[2]]
    assert numbers(run("search", "--after", "2026-09-14T14:30+02:00", "--json")) == [people[2]]
    # Twelve o'clock in Greenwich is two on the clock of the gate, and noon on that of the yard.
    assert numbers(run("search", "2026-09-14 between 14 and 15", "--json")) == people[1::-1]


def test_the_json_of_a_match(run, people, media):
    [match] = found(run("search", "--backpack", "--json"))["matches"]
    assert match["camera"] == "gate"
    assert match["first_seen"] == "2026-09-14T12:00:00+00:00"
    assert match["last_seen"] == "2026-09-14T12:00:04+00:00"
    assert match["box"] == [10, 20, 60, 140]
    assert (match["similarity"], match["probability"]) == (None, pytest.approx(0.9))
    assert match["attributes"]["upper_colour"] == {"value": "red", "probability": pytest.approx(0.8)}
    assert len(match["attributes"]) == 12
    assert cv2.imread(match["crop"]).shape == (100, 50, 3)


def test_what_was_understood_and_what_was_not_is_told(run, people):
    result = run("search", "a limping woman, red top, Monday to Wednesday", "--json")
    understood = found(result)["understood"]
    assert understood["phrases"][:2] == [
        {"words": "woman", "meaning": "gender female"},
        {"words": "red top", "meaning": "upper_colour red"},
    ]
    assert [phrase["words"] for phrase in understood["unknown"]] == ["limping"]
    assert understood["attributes"] == {"gender": ["female"], "upper_colour": ["red"]}
    assert understood["when"].startswith("from Monday")
    assert "Not understood: limping" in result.stderr


def test_without_anything_asked_it_browses_page_by_page(run, people):
    first = found(run("search", "--limit", 2, "--json"))
    assert [match["sighting"] for match in first["matches"]] == [people[2], people[1]]
    assert first["next_offset"] == 2
    last = found(run("search", "--limit", 2, "--offset", 2, "--json"))
    assert [match["sighting"] for match in last["matches"]] == [people[0]]
    assert last["next_offset"] is None
    assert numbers(run("search", "--sort", "oldest", "--json")) == people
    result = run("search", "--limit", 2, "--facets")
    assert "Looking for: everybody" in result.stderr
    assert "camera: gate 2, yard 1" in result.stderr
    assert "There are more: --offset 2" in result.stderr


def test_time_of_day_and_weekday_are_of_the_cameras_clock(run, people):
    assert numbers(run("search", "--from", "14:00", "--to", "15:00", "--json")) == people[1::-1]
    assert numbers(run("search", "--from", "12:30", "--to", "13:30", "--json")) == [people[2]]
    assert set(numbers(run("search", "--weekday", "monday", "--json"))) == set(people)
    assert numbers(run("search", "--weekday", "tuesday", "--json")) == []


def test_a_sighting_and_an_identity_are_examples(run, fill, made_up, tmp_path):
    [anna, ben] = np.eye(2, 544, dtype=np.float32)
    ids = fill([made_up(0, embedding=anna), made_up(9, embedding=ben), made_up(19, embedding=anna + 0.1 * ben)])
    answer = found(run("search", "--like", f"sighting:{ids[0]}", "--sheet", tmp_path / "sheet.png", "--json"))
    assert [match["sighting"] for match in answer["matches"]] == [ids[0], ids[2], ids[1]]
    assert answer["gallery"] == {"candidates": 3, "expected": 1.0}
    among = [match["gallery_probability"] for match in answer["matches"]]
    assert sum(1 - chance for chance in among) == pytest.approx(answer["matches"][-1]["expected_false"])
    assert all(low < match["probability"] for low, match in zip(among, answer["matches"], strict=True))
    assert (tmp_path / "sheet.png").exists()
    run("cluster", "--threshold", "0.5")
    identity = answer["matches"][0]["identity"] or 1
    likes = found(run("search", "--like", f"identity:{identity}", "--unlike", f"sighting:{ids[1]}", "--json"))
    assert {match["sighting"] for match in likes["matches"][:2]} == {ids[0], ids[2]}
    assert likes["matches"][0]["gallery_probability"] is None, "with somebody subtracted the calibration does not hold"
    with pytest.raises(QueryError, match="no sighting with an embedding has the number 99"):
        run("search", "--like", "sighting:99")


def test_how_each_example_was_taken_is_told_beside_the_matches(run, fill, made_up):
    [anna, ben] = np.eye(2, 544, dtype=np.float32)
    ids = fill([made_up(0, embedding=anna), made_up(9, embedding=ben), made_up(19, embedding=anna)])
    run("cluster", "--threshold", "0.5")
    examples = ("--like", "identity:1", "--unlike", f"sighting:{ids[1]}")
    for form in ((), ("--csv",)):
        result = run("search", *examples, *form)
        assert (
            f"--like identity:1: the mean of 2 sightings\n--unlike sighting:{ids[1]}: of the archive\n" in result.stderr
        )
        assert "of the archive" not in result.stdout
    assert run("search", *examples, "--json").stderr == ""


def test_groups_of_an_identity_and_of_a_visit(run, fill, made_up):
    [anna, ben] = np.eye(2, 544, dtype=np.float32)
    first, soon, late, other = fill(
        [
            made_up(0, 9, embedding=anna),
            made_up(60, 70, embedding=anna),
            made_up(900, embedding=anna),
            made_up(950, embedding=ben),
        ]
    )
    run("cluster", "--threshold", "0.5")
    newest = ("search", "--sort", "oldest", "--json")
    people = found(run(*newest, "--group", "identity"))["matches"]
    assert [(match["sighting"], match["others"]) for match in people] == [(first, [soon, late]), (other, [])]
    visits = found(run(*newest, "--group", "visit"))["matches"]
    assert [(match["sighting"], match["others"]) for match in visits] == [(first, [soon]), (late, []), (other, [])]
    page = found(run(*newest, "--group", "visit", "--limit", 1, "--offset", 1))
    assert ([match["sighting"] for match in page["matches"]], page["next_offset"]) == ([late], 2)


MEASURED = {
    "Ten people, filters": {
        "hat yes": {"precision": 0.486, "recall": 0.41, "share": 0.03},
        "hat no": {"precision": None, "recall": 0.0, "share": 0.97},
        "only hat yes": {"precision": 0.9, "recall": 0.2, "share": 0.03},
        "not hat yes": {"precision": 0.98, "recall": 0.7, "share": 0.97},
    },
    "Ten people, filters by least probability": {
        "least": [0.5, 0.9],
        "precision": {"hat yes": [0.45, 0.75], "hat no": [0.99, None]},
        "recall": {"hat yes": [0.5, 0.25], "hat no": [0.6, 0.0]},
    },
}


@pytest.mark.parametrize(
    ("asked", "worth", "told"),
    [
        (["man with a hat"], ("hat yes", None, 0.486, 0.41, 0.03), "hat yes right in 49%, finds 41% of them"),
        (["--no-hat"], ("hat no", None, None, 0.0, 0.97), "hat no found nobody"),
        (["--only", "hat=yes"], ("only hat yes", None, 0.9, 0.2, 0.03), "only hat yes right in 90%, finds 20% of them"),
        (["--not", "hat=yes"], ("not hat yes", None, 0.98, 0.7, 0.97), "not hat yes right in 98%, finds 70% of them"),
        (
            ["--hat", "--min-confidence", 0.8],
            ("hat yes", 0.9, 0.75, 0.25, 0.03),
            "hat yes at 90% or more right in 75%, finds 25% of them",
        ),
        (
            ["--hat", "--min-confidence", 0],
            ("hat yes", 0.5, 0.45, 0.5, 0.03),
            "hat yes at 50% or more right in 45%, finds 50% of them",
        ),
        (
            ["hat", "--no-hat"],
            ("hat yes", None, 0.486, 0.41, 0.03),
            "hat yes alone right in 49%, finds 41% of them; hat no alone found nobody",
        ),
        (["--no-hat", "--min-confidence", 1], ("hat no", 0.9, None, 0.0, 0.97), "hat no at 90% or more found nobody"),
    ],
)
def test_beside_a_filter_stands_what_it_is_worth(run, fill, made_up, asked, worth, told):
    fill([made_up(0, outputs={"hat": 0.9})], model=ModelRef("measured", "d" * 64, {"metrics": MEASURED}))
    answer = found(run("search", *asked, "--json"))
    [one] = [one for one in answer["filters"] if one["filter"].endswith(worth[0])]
    figures = dict(zip(("filter", "least", "precision", "recall", "share"), worth, strict=True))
    assert one == figures | {"measured_on": "Ten people"}
    assert "hat" not in str(answer["filters_unmeasured"])
    assert f"Measured on Ten people: {told}." in run("search", *asked).stderr


def test_without_filters_nothing_is_said_of_what_they_are_worth(run, fill, made_up):
    fill([made_up(0)], model=ModelRef("measured", "d" * 64, {"metrics": MEASURED}))
    assert found(run("search", "--json"))["filters"] == []
    assert "easured" not in run("search").stderr


@pytest.mark.parametrize(
    ("asked", "unmeasured"),
    [
        (["--hat", "--min-confidence", 0.9], ["hat yes"]),
        (
            ["--only", "upper-colour=red", "--not", "lower-colour=blue"],
            ["only upper_colour red", "not lower_colour blue"],
        ),
        (["--hat", "--backpack"], ["backpack yes"]),
    ],
)
def test_a_filter_of_which_nothing_was_measured_says_so(run, fill, made_up, asked, unmeasured):
    figures = {"hat yes": {"precision": 0.49, "recall": 0.41, "share": 0.03}}
    fill([made_up(0)], model=ModelRef("measured", "d" * 64, {"metrics": {"Ten people, filters": figures}}))
    assert found(run("search", *asked, "--json"))["filters_unmeasured"] == unmeasured
    told = "; ".join(name.replace("_", " ") for name in unmeasured)
    assert f"Not measured: {told}." in run("search", *asked).stderr


def test_one_match_for_each_look_needs_no_clustering(run, fill, made_up):
    [anna, ben, cleo] = np.eye(3, 544, dtype=np.float32)
    like_anna = (0.9 * anna + np.sqrt(0.19) * cleo).astype(np.float32)
    newest, other, again, older = fill(
        [made_up(90, embedding=anna), made_up(60, embedding=ben), made_up(30, embedding=like_anna), made_up(0)]
    )
    looks = found(run("search", "--group", "look", "--json"))["matches"]
    assert [(match["sighting"], match["others"]) for match in looks[:2]] == [(newest, [again]), (other, [])]
    assert sorted(i for match in looks for i in (match["sighting"], *match["others"])) == [newest, other, again, older]
    page = found(run("search", "--group", "look", "--limit", 1, "--offset", 1, "--json"))
    assert [match["sighting"] for match in page["matches"]] == [other]


def test_refining_finds_more_of_the_same_person(run, fill, made_up):
    """Ten people in twelve noisy views each: a view's neighbours tell more than the view alone."""
    random, people, views = np.random.default_rng(0), 10, 12
    looks = np.zeros((people * views, 544), np.float32)
    centres = random.normal(size=(people, 64))
    centres = np.repeat(centres / np.linalg.norm(centres, axis=1, keepdims=True), views, axis=0)
    looks[:, :64] = centres + 1.5 / 8 * random.normal(size=centres.shape)
    ids = fill([made_up(10 * i, embedding=embedding) for i, embedding in enumerate(looks)])
    right = {(): 0, ("--refine",): 0}
    for query in range(0, len(ids), 30):
        same = set(ids[query // views * views :][:views])
        for flags in right:
            found_ids = numbers(run("search", "--like", f"sighting:{ids[query]}", "--limit", views, *flags, "--json"))
            right[flags] += len(same & set(found_ids))
    assert right[("--refine",)] > right[()] + 4


def test_an_empty_result_says_which_filter_emptied_it(run, people):
    result = run("search", "--upper-colour", "red", "--hat")
    assert result.exit_code == 0
    assert result.stdout == ""
    lines = [line.split(maxsplit=1) for line in result.stderr.splitlines()]
    assert ["2", "upper_colour red"] in lines
    assert ["0", "hat yes"] in lines
    answer = found(run("search", "--upper-colour", "red", "--hat", "--json"))
    assert answer["passing"] == {"upper_colour red": 2, "hat yes": 0}


def test_the_table_shows_both_clocks(run, people):
    result = run("search", "--backpack")
    heading, line = result.stdout.splitlines()
    assert heading.split()[:3] == ["sighting", "camera", "first"]
    assert "2026-09-14 14:00:00 CEST" in line
    assert "12:00:00 " in line
    assert "90%" in line
    assert "female young, red top" in line


def test_csv_has_a_line_per_match_and_a_column_per_value(run, people):
    rows = list(csv.DictReader(io.StringIO(run("search", "--upper-colour", "red", "--csv").stdout)))
    assert [int(row["sighting"]) for row in rows] == [people[0], people[2]]
    assert rows[0]["attributes.upper_colour.value"] == "red"
    assert rows[0]["box"] == "10.0 20.0 60.0 140.0"
    assert rows[0]["first_seen"] == "2026-09-14T12:00:00+00:00"


def test_the_sheet_shows_the_crops(run, people, tmp_path):
    run("search", "--camera", "gate", "--sheet", tmp_path / "sheet.png", "--json")
    pixels = np.asarray(Image.open(tmp_path / "sheet.png"), int)
    for colour in ((220, 20, 20), (20, 20, 220)):
        assert (np.abs(pixels - colour).max(axis=2) < 8).sum() > 20_000


def test_the_limit_and_the_confidence(run, people):
    assert len(numbers(run("search", "--limit", 1, "--camera", "gate", "--json"))) == 1
    assert numbers(run("search", "--upper-colour", "red", "--min-confidence", 0.75, "--json")) == [people[0]]


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "--offset", "-1"),
        ("search", "--only", "upper-colour=pink"),
        ("search", "--not", "shoes=red"),
        ("search", "--from", "25:00"),
        ("search", "--to", "22:00+02:00"),
        ("search", "--refine", "--hat"),
        ("search", "--upper-colour", "pink"),
        ("search", "--after", "Tuesday"),
        ("search", "--limit", "0", "--hat"),
        ("search", "--unlike", "other.jpg"),
    ],
)
def test_a_wrong_call_exits_with_2(run, people, arguments):
    assert run(*arguments).exit_code == 2


def test_what_cannot_be_answered_says_why(run, people):
    with pytest.raises(QueryError, match=r"no camera is called 'gat'. Did you mean gate\?"):
        run("search", "--camera", "gat")
    with pytest.raises(SurveilError, match="unknown time zone"):
        run("search", "--hat", "--zone", "Europe/Nowhere")


def test_a_missing_database_is_not_made(tmp_path):
    path = tmp_path / "none.db"
    result = CliRunner().invoke(surveil, ["--database", f"sqlite:///{path}", "search", "--hat"])
    assert isinstance(result.exception, StoreError)
    assert "Ingest footage first" in str(result.exception)
    assert not path.exists()


def test_every_attribute_has_its_option():
    command = attribute_options(lambda: None)
    options = {option for parameter in command.__click_params__ for option in parameter.opts}
    assert options >= {
        "--gender",
        "--upper-colour",
        "--lower-colour",
        "--age",
        "--lower-length",
        "--lower-type",
        "--hair",
    }
    assert {"--backpack", "--bag", "--handbag", "--hat", "--sleeve"} <= options


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Untrained weights: pictures that are the same get embeddings that are the same."""
    weights = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    save_checkpoint(weights, build_network("resnet34-attention"), Card("untrained", "resnet34-attention", (128, 64)))
    return weights


@pytest.fixture
def patterns():
    """Pictures of nobody, small and tall as crops are."""
    random = np.random.default_rng(3)
    return [cv2.resize(random.integers(0, 255, (8, 4, 3), np.uint8), (64, 128)) for _ in range(4)]


def test_a_picture_finds_the_sighting_that_looks_like_it(
    run, fill, made_up, monkeypatch, checkpoint, patterns, tmp_path
):
    monkeypatch.setenv("SURVEIL_MODEL", str(checkpoint))
    model = AppearanceModel.load(checkpoint, device="cpu", runtime="torch")
    embeddings = [appearance.embedding for appearance in model.describe(patterns)]
    ids = fill(
        [made_up(i, embedding=embedding) for i, embedding in enumerate(embeddings)],
        model=ModelRef("untrained", model.card.sha256, {}),
    )
    for i in (2, 3):
        cv2.imwrite(str(tmp_path / f"{i}.png"), patterns[i])
    answer = found(run("search", "--like", tmp_path / "2.png", "--sheet", tmp_path / "sheet.png", "--json"))
    [taken] = answer["understood"]["like"]
    assert taken == {
        "picture": str(tmp_path / "2.png"),
        "taken": "whole picture: small and tall, taken for a crop",
        "box": None,
        "crop": None,
    }
    assert answer["matches"][0]["sighting"] == ids[2]
    assert answer["matches"][0]["similarity"] == pytest.approx(1, abs=0.01)
    assert answer["matches"][0]["probability"] is None
    assert Image.open(tmp_path / "sheet.png").size[0] > 600

    result = run("search", "--like", tmp_path / "2.png", "--unlike", tmp_path / "3.png", "--limit", 1, "--json")
    assert numbers(result) == [ids[2]]


def test_a_picture_described_by_another_model_is_refused(run, people, monkeypatch, checkpoint, patterns, tmp_path):
    monkeypatch.setenv("SURVEIL_MODEL", str(checkpoint))
    cv2.imwrite(str(tmp_path / "one.png"), patterns[0])
    with pytest.raises(QueryError, match="embeddings of made-up model"):
        run("search", "--like", tmp_path / "one.png")
