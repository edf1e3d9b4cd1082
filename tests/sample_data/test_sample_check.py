"""The main job on the sample footage, against the ground truth: the figures the README may claim."""

import pytest

import surveil
from tools.sample_check import Check, Truth


@pytest.fixture(scope="module")
def check(sample_data, tmp_path_factory):
    with surveil.open(f"sqlite:///{tmp_path_factory.mktemp('sample')}/sample.db", device="cpu") as archive:
        assert {report.state for report in archive.ingest([sample_data / "footage"])} == {"done"}
        archive.cluster()
        yield Check(archive, Truth.load(sample_data))


def test_everybody_is_sighted_at_every_camera_that_showed_them_well(check):
    shown = {
        (camera.split("_")[0], person)
        for camera, frames in check.truth.frames.items()
        for people in frames.values()
        for person, box, visibility in people
        if visibility > 0.9 and box[3] - box[1] > 90 and box[0] > 10 and box[2] < 630 and box[3] < 355
    }
    sighted = {(seen.match.camera, seen.person) for seen in check.sightings}
    assert len(shown) >= 20
    assert len(shown - sighted) <= 1, sorted(shown - sighted)


def test_a_picture_finds_the_same_person_in_the_other_cameras_first(check):
    first = [query.person == found for query, found in check.first_matches()]
    assert len(first) >= 20
    assert sum(first) / len(first) >= 0.8


def test_colours_are_found(check):
    """Clothes are what a person at a distance can tell too: their filters must be useful."""
    found = {(name, label): (right, number, wanted) for name, label, number, right, wanted in check.filters()}
    for label in ("red", "white", "black"):
        right, number, wanted = found["upper_colour", label]
        assert right / max(1, number) >= 0.6, label
        assert right / wanted >= 0.4, label


def test_sightings_put_together_show_one_person(check):
    ours, plain = check.identities(), check.plainly()
    assert ours.pairwise_precision >= 0.6
    assert ours.pairwise_recall >= 0.3
    assert ours.pairwise_f >= plain.pairwise_f - 0.02
    assert ours.pairwise_precision >= plain.pairwise_precision, "cameras and times keep apart who only looks alike"
    assert ours.b_cubed_f >= plain.b_cubed_f - 0.02
