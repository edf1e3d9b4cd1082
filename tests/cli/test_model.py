import json
import threading
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.cli.model import STOPPED
from surveil.errors import CheckpointError


@pytest.fixture
def run(database_url, tmp_path, monkeypatch):
    """Run a command on a database of the test's own."""
    monkeypatch.delenv("SURVEIL_MODEL", raising=False)
    monkeypatch.setenv("SURVEIL_MEDIA", str(tmp_path / "media"))

    def run(*arguments):
        result = CliRunner().invoke(surveil, ["--database", database_url, *map(str, arguments)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def crops(folder, *names):
    folder.mkdir()
    random = np.random.default_rng(len(names))
    for name in names:
        cv2.imwrite(str(folder / name), random.integers(0, 255, (128, 64, 3), np.uint8))
    return folder


def in_use(run):
    result = json.loads(run("model", "list", "--json").stdout)
    return result["sightings"], {model["name"]: (model["in_use"], model["described"]) for model in result["models"]}


def test_switching_to_another_model_that_ships(run, tmp_path, monkeypatch):
    first = crops(tmp_path / "first", "0002_c1s1_000451_03.jpg", "0007_c2s1_000025_01.jpg")
    assert run("ingest", first).exit_code == 0
    assert in_use(run) == (2, {"osnet-attention": (True, 2), "resnet34-attention": (False, 0)})
    result = run("model", "use", "resnet34-attention")
    assert result.exit_code == 0, result.output
    assert "2 sightings were described with resnet34-attention" in result.stdout
    assert "surveil cluster" in result.stdout
    assert in_use(run) == (2, {"osnet-attention": (False, 2), "resnet34-attention": (True, 2)})

    second = crops(tmp_path / "second", "0009_c3s1_000100_01.jpg")
    assert run("ingest", second).exit_code == 0
    assert in_use(run)[1]["resnet34-attention"] == (True, 3)

    monkeypatch.setenv("SURVEIL_MODEL", "osnet-attention")
    for command in (("ingest", second), ("search", "--like", first / "0002_c1s1_000451_03.jpg")):
        with pytest.raises(Exception, match="surveil model use"):
            run(*command)


def test_what_is_no_model_is_told(run, tmp_path):
    run("ingest", crops(tmp_path / "first", "0002_c1s1_000451_03.jpg"))
    with pytest.raises(CheckpointError, match=r"none\.json"):
        run("model", "use", "none.safetensors")


def test_who_stops_a_switch_keeps_the_old_model_and_is_told_so(run, tmp_path, monkeypatch):
    @contextmanager
    def stopped_at_once():
        stop = threading.Event()
        stop.set()
        yield stop

    run("ingest", crops(tmp_path / "first", "0002_c1s1_000451_03.jpg"))
    before = in_use(run)
    with monkeypatch.context() as patched:
        patched.setattr("surveil.cli.model.stop_on_signals", stopped_at_once)
        result = run("model", "use", "resnet34-attention")
    assert result.exit_code == STOPPED
    assert "0 sightings were described" in result.stdout
    assert "searches go by the old model" in result.stdout
    assert "now" not in result.stdout
    found, models = in_use(run)
    assert (found, models["osnet-attention"]) == (before[0], (True, 1))
    assert models["resnet34-attention"] == (False, 0)
