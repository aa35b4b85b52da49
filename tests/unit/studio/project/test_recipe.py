"""What files of the plugin say about how a picture was coloured."""

from __future__ import annotations

import numpy as np

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.document.state import PictureIdentity, StudioState
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.project.recipe import (
    RECIPE_KEY,
    recipe_metadata,
    recipe_of,
    with_classes,
)

LEGEND = Legend.of({"cell": "#123456", "ground": "teal"}).lock("ground")
MADE = {
    "seed": 5, "steps": 20, "background": "gray",
    "model": {"name": "default", "sha256": "ab"}, "hints": {"points": []},
}  # fmt: skip


def told(*args):
    return recipe_of({RECIPE_KEY: recipe_metadata(*args)})


def opened():
    return StudioState().open(PictureIdentity("a", "a", (20, 30)))


def test_everything_comes_back():
    recipe = told(MADE, LEGEND)
    assert (recipe.seed, recipe.steps, recipe.background) == (5, 20, "gray")
    assert (recipe.model, recipe.model_sha256) == ("default", "ab")
    assert recipe.legend == LEGEND
    assert "hints" not in recipe_metadata(MADE, LEGEND)["provenance"]
    assert recipe.key != told(MADE, LEGEND).key  # opened twice, taken twice


def test_a_projects_own_seed_and_highlighting_count():
    settings = {"seed": 7, "corrections": {"highlight": True}}
    recipe = told({"seed": 5}, LEGEND, settings)
    assert (recipe.seed, recipe.background) == (7, "gray")
    assert told({"seed": 5}, LEGEND, {"seed": None}).seed == 5


def test_what_cannot_be_is_not_taken():
    assert recipe_of({}) is None
    assert recipe_of({RECIPE_KEY: "x"}) is None
    made = {"seed": -1, "steps": True, "background": "red", "model": "x"}
    recipe = recipe_of({RECIPE_KEY: {"provenance": made, "classes": 3, "settings": []}})
    assert (recipe.seed, recipe.steps, recipe.background, recipe.model) == (None,) * 4
    assert recipe.legend == Legend()


def test_classes_were_there_all_along_in_a_picture_that_was_just_opened():
    state = with_classes(opened(), LEGEND)
    assert state.legend == LEGEND
    assert not state.history.can_undo


def test_hints_of_a_class_take_the_files_color_and_keep_classes_it_lacks():
    hints = Hints.from_points([(1, 1), (2, 2)], ["red", "blue"], 5, ["cell", "mine"])
    state = with_classes(opened().set_hints(hints), LEGEND)
    assert state.legend.names == ("gray", "cell", "ground", "mine")
    np.testing.assert_allclose(state.hints.points[0].color, LEGEND["cell"].color)
    assert state.undo().hints.points[0].color == hints.points[0].color


def test_a_file_without_classes_takes_none_away():
    state = opened().add_class("cell", "red")
    assert with_classes(state, Legend()) is state
