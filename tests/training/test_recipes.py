from pathlib import Path

import pytest

from surveil.errors import SurveilError
from training.recipes import load_recipe

RECIPES = sorted((Path(__file__).parents[2] / "configs" / "training").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_that_ships_can_be_read(path):
    recipe = load_recipe(path)
    assert recipe.schedule.identities > recipe.data.cuhk03_identities + recipe.data.rendered_identities
    assert len(recipe.input_size) == 2


@pytest.mark.parametrize(
    "text", ["", "name = ", 'name = "x"\narchitecture = "y"\nlearning_rate = 1', 'name = "x"\n[loss]\nhuber = 1']
)
def test_a_wrong_recipe_is_refused(tmp_path, text):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(SurveilError, match="not a recipe"):
        load_recipe(path)


def test_a_missing_recipe_is_refused(tmp_path):
    with pytest.raises(SurveilError, match="configs/training"):
        load_recipe(tmp_path / "none.toml")
