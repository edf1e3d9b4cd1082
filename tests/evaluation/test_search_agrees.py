"""One truth: what the evaluator says of a ranking is what `surveil search` finds."""

import json
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.evaluation.metrics.reid import evaluate_similarities
from surveil.evaluation.protocols.market1501 import load_split
from surveil.evaluation.protocols.official import JOINED, evaluate_official
from surveil.market1501_names import JUNK, CropName
from surveil.model.embed import AppearanceModel

PEOPLE, DISTRACTORS = 8, 40

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def market(shared_data, tmp_path_factory):
    """The first people of the sample of Market-1501, and every so many of its distractors."""
    folder = tmp_path_factory.mktemp("market1501")
    with zipfile.ZipFile(shared_data / "market1501" / "test_sample.zip") as sample:
        names = sorted(name for name in sample.namelist() if name.endswith(".jpg") and "gt_" not in name)
        ids = {name: CropName.parse(PurePosixPath(name).stem.split(".")[0]).identity for name in names}
        people = sorted({identity for identity in ids.values() if identity > 0})[:PEOPLE]
        chosen = [name for name in names if ids[name] in people]
        sample.extractall(folder, [*chosen, *[name for name in names if ids[name] == 0][::DISTRACTORS]])
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    database = tmp_path_factory.mktemp("archive") / "surveil.db"

    def call(*arguments):
        result = CliRunner().invoke(surveil, ["--database", f"sqlite:///{database}", *map(str, arguments)])
        assert result.exit_code == 0, result.output
        return result

    return call


def sightings(run, split, folder, name):
    """The sighting of each crop of a split: those of one camera are stored in order of time, then of name."""
    matches = json.loads(run("search", "--footage", folder / name, "--limit", len(split) + 1, "--json").stdout)[
        "matches"
    ]
    stored = {}
    for match in sorted(matches, key=lambda match: match["sighting"]):
        stored.setdefault(match["camera"], []).append(match["sighting"])
    found = np.zeros(len(split), int)
    for camera, numbers in stored.items():
        of_camera = np.flatnonzero([f"c{number}" == camera for number in split.cameras])
        order = sorted(of_camera, key=lambda i: (split.sequences[i], split.frames[i], Path(split.names[i]).name))
        found[order] = numbers
    assert len(set(found.tolist())) == len(split)
    return found


def test_search_finds_what_the_evaluator_measures(market, run):
    root = market / "Market-1501-v15.09.15"
    query, gallery = load_split(market, "query"), load_split(market, "gallery")
    assert JUNK not in gallery.ids
    run("ingest", root / "query", root / "bounding_box_test", "--start", "2026-01-01")
    asked, stored = (
        sightings(run, split, root, name) for split, name in ((query, "query"), (gallery, "bounding_box_test"))
    )
    place = {number: i for i, number in enumerate(stored.tolist())}
    similarities = np.full((len(query), len(gallery)), np.nan, np.float32)
    for i, number in enumerate(asked.tolist()):
        everybody = len(query) + len(gallery)
        found = run("search", "--like", f"sighting:{number}", "--limit", everybody, "--json")
        for match in json.loads(found.stdout)["matches"]:
            if match["sighting"] in place:
                similarities[i, place[match["sighting"]]] = match["similarity"]
    assert not np.isnan(similarities).any(), "everybody is ranked"
    searched = evaluate_similarities(similarities, query.ids, query.cameras, gallery.ids, gallery.cameras)
    measured = evaluate_official(market, AppearanceModel.load()).reid[JOINED]
    assert searched.rank(1) == measured.rank(1)
    # Stored embeddings are rounded to 16 bits, so that two that are equally near may change places.
    assert searched.mean_average_precision == pytest.approx(measured.mean_average_precision, abs=5e-4)
