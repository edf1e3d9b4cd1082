"""The protocol as a whole, on a made-up dataset whose people look alike on every camera, with random weights."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from surveil.attributes import ATTRIBUTES
from surveil.calibration import Calibration
from surveil.errors import DatasetError
from surveil.evaluation.output.tables import REID, attributes_table, official_sections, reid_table
from surveil.evaluation.protocols import official
from surveil.evaluation.protocols.market1501 import ROOT, load_split
from surveil.evaluation.protocols.official import JOINED, MIRRORED, RERANKED, evaluate_official
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel
from surveil.model.network import build_network
from surveil.reranking import reranked_similarities


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    network = build_network("resnet34-attention")
    return AppearanceModel(lambda: network, Card("random", "resnet34-attention", (64, 32), sha256="5ha"), device="cpu")


def swap(folder, one, other):
    """Exchange two files."""
    content = [path.read_bytes() for path in (folder / one, folder / other)]
    (folder / one).write_bytes(content[1])
    (folder / other).write_bytes(content[0])


def test_people_who_look_alike_on_every_camera_are_found(market1501, model):
    result = evaluate_official(market1501, model)
    for reid in result.reid.values():
        summary = reid.summary()
        assert (summary["mAP"], summary["rank1"], summary["mINP"]) == (1, 1, 1)
        assert (summary["queries"], summary["gallery"]) == (4, 14)
    assert result.attributes.recognition.images == 12, "junk and distractors have no attributes"


def test_a_disguise_is_noticed(market1501, model):
    swap(market1501 / ROOT / "bounding_box_test", "0001_c2s2_000102_01.jpg", "0002_c2s2_000102_01.jpg")
    reid = evaluate_official(market1501, model).reid[JOINED]
    assert (reid.average_precision[2:] == 1).all()
    assert (reid.average_precision[:2] < 1).all()


def test_attributes_that_the_model_sees_are_right(market1501, model, annotate_market1501):
    """Annotate what the model answers, then one thing that it does not."""
    _, answers = model.parts(list(load_split(market1501, "query").images))
    people = {person: codes(answer) for person, answer in enumerate(answers, start=1)}
    annotate_market1501(market1501, test=people)
    assert evaluate_official(market1501, model).attributes.recognition.means()["accuracy"] == 1
    people[3]["hat"] = 3 - people[3]["hat"]
    annotate_market1501(market1501, test=people)
    recognition = evaluate_official(market1501, model).attributes.recognition
    each = {r.attribute.name: r.model.accuracy for r in recognition.attributes}
    assert each.pop("hat") == 0.75
    assert set(each.values()) == {1}


def codes(answer):
    """What the annotation file would hold for a person of whom the model's answer is true."""
    fields = {"lower_type": "clothes", "lower_length": "down", "sleeve": "up"}
    values = {}
    for attribute in ATTRIBUTES:
        label = int(attribute.probabilities(answer).argmax())
        if attribute.name == "age":
            values["age"] = label + 1
        elif not attribute.exclusive:
            values[fields.get(attribute.name, attribute.name)] = label + 1
        elif attribute.labels[label] != "multicolour":
            values[("up" if attribute.name == "upper_colour" else "down") + attribute.labels[label]] = 2
    return values


def test_summary_and_tables(market1501, model):
    result = evaluate_official(market1501, model)
    summary = result.summary()
    assert (summary["protocol"], summary["model"], summary["model_sha256"]) == ("official", "random", "5ha")
    assert set(summary["reid"]["parts"]) == {"features 512", "attributes 32", "joined 544, unweighted", "joined 544"}
    assert summary["reid"]["mAP"] == summary["reid"]["parts"]["joined 544"]["mAP"]
    table = reid_table(result.reid)
    assert table.rows[0] == ("joined 544", "100.0", "100.0", "100.0", "100.0", "100.0")
    table = attributes_table(result.attributes.recognition)
    assert len(table.rows) == 13
    hat = result.attributes.recognition.attributes[8]
    assert table.rows[8][:2] == ("hat", f"{100 * hat.model.accuracy:.1f} (100.0)")
    assert table.rows[5][0] == "lower length: short"
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_without_annotations_there_are_no_attributes(market1501, model):
    (market1501 / "market_attribute.mat").unlink()
    result = evaluate_official(market1501, model)
    assert result.attributes is None
    assert result.summary()["attributes"] is None


def test_annotations_of_other_people_are_an_error(market1501, model, annotate_market1501):
    annotate_market1501(market1501, test={1: {}, 2: {}, 3: {}})
    with pytest.raises(DatasetError, match="1 have none: 4"):
        evaluate_official(market1501, model)


def test_progress_counts_every_crop_but_junk(market1501, model):
    calls = []
    evaluate_official(market1501, model, lambda *call: calls.append(call))
    assert calls == [("query", 4, 4), ("gallery", 14, 14)]


def test_mirror_images_and_reranking_are_measured_when_asked_for(market1501, model, monkeypatch):
    swap(market1501 / ROOT / "bounding_box_test", "0001_c2s2_000102_01.jpg", "0002_c2s2_000102_01.jpg")
    monkeypatch.setattr(official, "reranked_similarities", partial(reranked_similarities, k1=3, k2=2))
    found = evaluate_official(market1501, model, mirrored=True, reranked=True).reid
    assert {MIRRORED, RERANKED} < set(found)
    assert found[MIRRORED].average_precision[2:].tolist() == [1, 1]
    assert found[RERANKED].queries == 4


def test_the_calibration_error_of_matches_is_told_where_there_is_a_calibration(market1501, model):
    assert evaluate_official(market1501, model).summary()["same_person_calibration_error"] is None
    sure = replace(model.card, calibration=Calibration(slope=0.0, intercept=0.0))
    result = evaluate_official(market1501, AppearanceModel(model.build, sure, device="cpu"))
    assert result.summary()["same_person_calibration_error"] == pytest.approx(0, abs=1e-6), "half of the weight matches"
    certain = replace(model.card, calibration=Calibration(slope=0.0, intercept=9.0))
    result = evaluate_official(market1501, AppearanceModel(model.build, certain, device="cpu"))
    assert result.same_person.error == pytest.approx(0.5, abs=1e-3)
    [table] = official_sections(result)[REID]
    assert table.note.endswith("calibration error 50.0%")
