import json
import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from surveil.app.ingest import scan
from surveil.cli import surveil
from surveil.errors import SurveilError
from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.network import build_network
from surveil.people.detect import PersonDetector
from tests.ingest.made_up import ColourDetector, draw_clip


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """A model that was never trained."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "untrained.safetensors"
    card = Card("untrained", "resnet34-attention", (128, 64))
    save_checkpoint(path, build_network("resnet34-attention"), card)
    return path


@pytest.fixture
def crops(tmp_path) -> Path:
    folder = tmp_path / "crops"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in ("0002_c1s1_000451_03.jpg", "0002_c1s1_000551_01.jpg", "0007_c2s1_000025_01.jpg"):
        cv2.imwrite(str(folder / name), random.integers(0, 255, (128, 64, 3), np.uint8))
    return folder


@pytest.fixture
def run(database_url, tmp_path, checkpoint, monkeypatch):
    """Run a command on a database of the test's own; an error that surveil reports is raised."""
    monkeypatch.setenv("SURVEIL_MODEL", str(checkpoint))
    monkeypatch.setenv("SURVEIL_MEDIA", str(tmp_path / "media"))

    def run(*arguments):
        return CliRunner().invoke(surveil, ["--database", database_url, *map(str, arguments)])

    return run


@pytest.fixture
def colours(monkeypatch):
    """The made-up detector in place of the real one; keeps what it is loaded with."""
    loaded = []

    def load(weights=None, **options):
        loaded.append({"weights": weights} | options)
        return ColourDetector()

    monkeypatch.setattr(PersonDetector, "load", load)
    return loaded


def test_crops_are_ingested_and_the_table_says_so(run, crops):
    result = run("ingest", crops, "--start", "2026-09-14T08:00", "--zone", "Europe/Rome")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split()[:3] == ["footage", "camera", "state"]
    assert [line.split()[:3] for line in lines[1:3]] == [["crops", "c1", "done"], ["crops", "c2", "done"]]
    assert lines[3].split()[:3] == ["total", "2", "done"]
    assert "done:" in result.stderr
    [first, _] = json.loads(run("status", "--json").stdout)["footage"]
    assert first["started_at"].startswith("2026-09-14T06:00:00"), "eight o'clock in Rome"
    assert json.loads(run("camera", "list", "--json").stdout)["cameras"][0]["zone"] == "Europe/Rome"


def test_json_has_a_report_per_footage_and_nothing_else_is_on_standard_output(run, crops, monkeypatch):
    monkeypatch.setattr("surveil.app.ingest.scan", lambda *args, **kwargs: print("noise") or scan(*args, **kwargs))
    result = run("ingest", crops, "--json")
    assert "noise" in result.stderr, "as Ray makes it"
    reports = json.loads(result.stdout)["footage"]
    assert [(report["camera"], report["state"], report["sightings"]) for report in reports] == [
        ("c1", "done", 2),
        ("c2", "done", 1),
    ]
    assert reports[0]["frames"] == {"decoded": 2, "processed": 2, "gated": 0, "sampled_out": 0, "unreadable": 0}


def test_the_advice_on_another_model_than_the_databases_works(run, crops, monkeypatch):
    monkeypatch.setenv("SURVEIL_MODEL", "resnet34-attention")
    assert run("ingest", crops).exit_code == 0
    monkeypatch.setenv("SURVEIL_MODEL", "osnet-attention")
    picture = next(crops.iterdir())
    for refused in (("ingest", crops), ("search", "--like", picture)):
        error = run(*refused).exception
        [advised] = re.findall(r"Set SURVEIL_MODEL \(or the setting model\) to ([^ ,;.]+)", str(error))
        with monkeypatch.context() as followed:
            followed.setenv("SURVEIL_MODEL", advised)
            assert run(*refused).exit_code == 0


def test_without_a_setting_the_model_in_use_is_taken(run, crops, monkeypatch):
    monkeypatch.setenv("SURVEIL_MODEL", "resnet34-attention")
    assert run("ingest", crops).exit_code == 0
    monkeypatch.delenv("SURVEIL_MODEL")
    assert run("search", "--like", next(crops.iterdir())).exit_code == 0


def test_a_failure_shows_in_the_exit_code_and_the_rest_is_ingested(run, crops, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"")
    result = run("ingest", bad, tmp_path / "missing.mp4", crops)
    assert result.exit_code == 1
    assert "the file is empty" in result.stdout
    assert "does not exist" in result.stdout
    assert "2 done, 2 failed" in result.stdout


def test_a_second_time_is_no_failure(run, crops):
    run("ingest", crops)
    result = run("ingest", crops)
    assert result.exit_code == 0
    assert "ingested before" in result.stdout


def test_flags_reach_the_detector_and_the_sampling(run, tmp_path, colours):
    clip = draw_clip(tmp_path / "yard.mp4", {"red": (0, 3, 60)}, seconds=4)
    flags = ["--camera", "gate", "--fps", "2", "--image-size", "320", "--device", "cpu", "--no-gate"]
    result = run("ingest", clip, *flags, "--detector", "other.pt", "--trust-detector", "--json")
    assert result.exit_code == 0, result.output
    [report] = json.loads(result.stdout)["footage"]
    assert (report["camera"], report["frames"]["processed"], report["sightings"]) == ("gate", 8, 1)
    [loaded] = colours
    assert (loaded["weights"], loaded["image_size"], loaded["trust"]) == ("other.pt", 320, True)
    assert str(loaded["device"]) == "cpu"


def test_the_zone_a_camera_is_known_to_stand_in_counts(run, tmp_path, colours):
    run("camera", "set", "yard", "--zone", "Asia/Tokyo", "--new")
    draw_clip(tmp_path / "yard_2026-09-14_09-00-00.mp4", {}, seconds=1)
    assert run("ingest", tmp_path / "yard_2026-09-14_09-00-00.mp4").exit_code == 0
    [footage] = json.loads(run("status", "--json").stdout)["footage"]
    assert (footage["camera"], footage["started_at"]) == ("yard", "2026-09-14T00:00:00+00:00")


def test_a_start_that_clocks_showed_twice_is_told_until_the_operator_says_which(run, tmp_path, colours):
    clip = draw_clip(tmp_path / "yard_2026-10-25_02-45-00.mp4", {}, seconds=1)
    doubt = "2026-10-25 02:45:00, which clocks in Europe/Rome showed twice"
    assert doubt in run("ingest", clip, "--zone", "Europe/Rome").output
    assert doubt in run("status").output
    assert doubt not in run("ingest", clip, "--again", "--start", "2026-10-25T02:45+01:00").output
    [footage] = json.loads(run("status", "--json").stdout)["footage"]
    assert (footage["started_at"], footage["warnings"]) == ("2026-10-25T01:45:00+00:00", [])


@pytest.mark.parametrize(
    "wrong", [["--start", "yesterday"], ["--device", "abacus"], ["--fps", "many"], ["--image-size"], []]
)
def test_a_wrong_call_is_told_apart(run, crops, wrong):
    arguments = ["ingest", crops, *wrong] if wrong else ["ingest"]
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("flags", "message"),
    [(["--fps", "0"], "fps"), (["--zone", "Mars/Base"], "Mars/Base"), (["--model", "none.safetensors"], "none.json")],
)
def test_what_cannot_work_is_explained(run, crops, flags, message):
    result = run("ingest", crops, *flags)
    assert isinstance(result.exception, SurveilError)
    assert message in str(result.exception)


def test_the_shipped_detector_finds_nobody_in_an_empty_yard(run, tmp_path):
    clip = draw_clip(tmp_path / "yard.mp4", {}, seconds=1)
    [report] = json.loads(run("ingest", clip, "--json", "--image-size", "320").stdout)["footage"]
    assert (report["state"], report["sightings"]) == ("done", 0)
    assert report["frames"]["processed"] >= 1


def test_people_are_found_in_the_sample_footage(run, sample_data):
    clips = sorted((sample_data / "footage").rglob("*.mp4")) if (sample_data / "footage").is_dir() else []
    if not clips:
        pytest.skip("the sample footage was not made yet: make sample-data")
    result = run("ingest", min(clips, key=os.path.getsize), "--fps", "2", "--image-size", "416", "--json")
    assert result.exit_code == 0, result.output
    [report] = json.loads(result.stdout)["footage"]
    frames = report["frames"]
    assert frames["decoded"] == frames["processed"] + frames["gated"] + frames["sampled_out"]
    assert report["sightings"] >= 1
