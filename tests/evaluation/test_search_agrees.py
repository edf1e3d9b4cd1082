"""One truth: what the evaluator says of a ranking and of filters is what searches find."""

import json
import zipfile
from pathlib import PurePosixPath

import pytest
from click.testing import CliRunner

import surveil
from surveil.cli import surveil as command
from surveil.evaluation.protocols.market1501 import load_attributes, target_matrix
from surveil.evaluation.protocols.official import JOINED, evaluate_official, load_test
from surveil.market1501_names import CropName
from tools.search_check import filtered, ranked, store

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
    (folder / "market_attribute.mat").symlink_to(shared_data / "market1501" / "market_attribute.mat")
    return folder


def test_searches_find_what_the_evaluator_measures(market, tmp_path):
    query, gallery = load_test(market)
    url = f"sqlite:///{tmp_path}/surveil.db"
    with surveil.open(url, search_history=0) as archive:
        queries, images = store(archive, {"query": query, "gallery": gallery}, tmp_path)
        assert len(queries.places) == len(query)
        measured = evaluate_official(market, archive.models.appearance)
        own, searched = measured.reid[JOINED], ranked(queries, images)
        assert searched.rank(1) == own.rank(1)
        # Stored embeddings are rounded to 16 bits, so that two that are equally near may change places.
        assert searched.mean_average_precision == pytest.approx(own.mean_average_precision, abs=5e-4)
        found = filtered(images, target_matrix(gallery.ids[gallery.ids > 0], load_attributes(market, "test")))
        for name, figures in measured.attributes.filters.items():
            assert found[name].precision == pytest.approx(figures.precision, abs=0.02), name
            assert found[name].recall == pytest.approx(figures.recall, abs=0.02), name
        asked = f"sighting:{queries.sightings[0]}"
        told = [match.sighting for match in archive.search(like=[asked], limit=50).matches]
    arguments = ["--database", url, "search", "--like", asked, "--limit", "50", "--json"]
    printed = json.loads(CliRunner().invoke(command, arguments, catch_exceptions=False).stdout)["matches"]
    assert [match["sighting"] for match in printed] == told, "the command finds what the library finds"
