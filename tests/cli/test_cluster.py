import json

import numpy as np
import pytest
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.errors import QueryError, StoreError, SurveilError

ANNA, BEN = np.eye(2, 544, dtype=np.float32)


def call(database, *arguments):
    result = CliRunner().invoke(surveil, ["--database", database.url, "cluster", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_json_tells_what_the_run_came_to(database, fill, made_up):
    fill([made_up(i, embedding=person) for i, person in enumerate((ANNA, BEN, ANNA))])
    answer = json.loads(call(database, "--json").stdout)
    assert answer.pop("seconds") >= 0
    assert answer == {
        "clustering": 1,
        "sightings": 3,
        "identities": 2,
        "largest": 2,
        "single": 1,
        "kept_apart": 0,
        "threshold": 0.74,
    }


def test_the_threshold_of_the_call_and_of_the_settings(database, fill, made_up, monkeypatch):
    fill([made_up(0, embedding=ANNA), made_up(9, embedding=0.6 * ANNA + 0.8 * BEN)])
    assert "1 identities of 2 sightings" in call(database, "--threshold", "0.5").stdout
    assert "2 identities of 2 sightings" in call(database, "--threshold", "0.7").stdout
    monkeypatch.setenv("SURVEIL_CLUSTER_THRESHOLD", "0.7")
    assert "2 identities of 2 sightings" in call(database).stdout


def test_a_threshold_that_is_none_is_refused(database):
    assert call(database, "--threshold", "high").exit_code == 2
    with pytest.raises(SurveilError, match="cluster_threshold"):
        call(database, "--threshold", "1.0")


def test_before_anything_was_ingested(database):
    with pytest.raises(StoreError, match="surveil ingest"):
        call(database)


def test_the_methods_of_the_report(database, fill, made_up):
    fill([made_up(i, embedding=person) for i, person in enumerate((ANNA, BEN, ANNA))])
    assert "2 identities of 3 sightings" in call(database, "--method", "k-means", "--people", "2").stdout
    with pytest.raises(QueryError, match="needs a number of people"):
        call(database, "--method", "agglomerative")


def test_at_an_interval_only_when_something_is_new(database, fill, made_up, monkeypatch):
    waited = []

    def wait(seconds):
        waited.append(seconds)
        if len(waited) == 2:
            fill([made_up(0, embedding=BEN)])
        if len(waited) == 4:
            raise KeyboardInterrupt

    fill([made_up(0, embedding=ANNA)])
    monkeypatch.setattr("surveil.cli.cluster.time.sleep", wait)
    assert call(database, "--every", "30m").stdout.count("identities of") == 2
    assert waited == [1800] * 4
    assert call(database, "--every", "soon").exit_code == 2
    assert call(database, "--every", "1h", "--method", "k-means", "--people", "2").exit_code == 2
