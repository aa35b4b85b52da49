from __future__ import annotations

import numpy as np
import pytest

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.studio.gallery import Gallery, side_by_side, swiped, thumbnail

PICTURES = np.arange(3, dtype=np.uint8)[:, None, None, None] + np.zeros((3, 30, 40, 3), np.uint8)


@pytest.fixture
def gallery():
    return Gallery().add(PICTURES, seed=5, provenance={"seed": 5})


def without_undecided(gallery):
    for variation in gallery.undecided:
        gallery = gallery.discard(variation.number)
    return gallery


def test_runs_add_up_and_know_their_parents(gallery):
    more = gallery.add(PICTURES[:2], seed=6, parent=2).add(PICTURES[:1], 7, parent=4)
    assert [v.number for v in more.visible] == [1, 2, 3, 4, 5, 6]
    assert [v.parent for v in more.visible] == [None, None, None, 2, 2, 4]
    assert more[2].provenance == {"seed": 5, "output": 1, "parent": None}
    assert more[2].rgb is not None
    assert more[2].rgb.base is PICTURES  # pictures are not copied
    best = gallery.add((), 8, best=PICTURES[0])
    assert best[4].output == "best"
    with pytest.raises(InvalidRequest, match="no variation 9"):
        gallery.add(PICTURES, 1, parent=9)


def test_starred_ones_become_layers_and_the_rest_can_go(gallery):
    starred = gallery.star(2).show(3).compare(1, 3)
    with pytest.raises(InvalidRequest, match="star"):
        starred.discard(2)
    rest = without_undecided(starred)
    assert [v.number for v in rest.visible] == [v.number for v in rest.kept] == [2]
    assert rest[1].rgb is None
    assert rest[1].seed == 5
    assert (rest.shown, rest.comparison) == (None, None)
    with pytest.raises(InvalidRequest, match="discarded"):
        rest.star(1)
    with pytest.raises(InvalidRequest, match="discarded"):
        rest.show(1)
    # A number is never given twice.
    assert without_undecided(rest.star(2, False)).add(PICTURES[:1], 1).visible[0].number == 4
    assert gallery.kept == ()


def test_looking_at_one_or_two(gallery):
    two = gallery.compare(0, 2).swipe(1.7)
    assert (two.comparison.left, two.comparison.right, two.comparison.position) == (0, 2, 1.0)
    assert two.compare(1, 2, "side by side").comparison.position == 1.0
    assert two.end_comparison().comparison is None
    with pytest.raises(InvalidRequest, match="different"):
        gallery.compare(2, 2)


def test_thumbnails_average_areas():
    picture = np.zeros((4, 8, 3), np.uint8)
    picture[::2] = 200
    small = thumbnail(picture, 4)
    assert small.shape == (2, 4, 3)
    assert np.all(small == 100)
    assert thumbnail(picture, 100).shape == picture.shape
    assert thumbnail(np.zeros((1, 5000, 3), np.uint8), 50).shape == (1, 50, 3)


def test_two_pictures_as_one():
    left, right = PICTURES[0], PICTURES[2]
    both = swiped(left, right, 0.25)
    assert np.all(both[:, :10] == 0)
    assert np.all(both[:, 10:] == 2)
    assert np.array_equal(swiped(left, right, 2.0), left)
    assert side_by_side(left, right, gap=4).shape == (30, 84, 3)


def test_one_numbering_in_which_the_best_are_not_counted():
    gallery = Gallery().add(PICTURES[:2], 0, best=PICTURES[2]).add(PICTURES[:1], 1, parent=2)
    gallery = gallery.add(PICTURES[:1], 2, best=PICTURES[2]).add((), 3, best=PICTURES[0], parent=3)
    labels = [gallery.label(v.number) for v in gallery.variations]
    assert labels == ["best", "1", "2", "3", "best 2", "4", "5"]
    gone = gallery.discard(2)
    assert [gone.label(v.number) for v in gone.visible] == ["best", "2", "3", "best 2", "4", "5"]
    with pytest.raises(InvalidRequest, match="Variation 1 was discarded"):
        gone.show(2)


def test_every_slice_has_its_own_colorings():
    gallery = Gallery(index=(2,)).add(PICTURES, 0).show(3)
    gallery = gallery.add(PICTURES[:2], 1, index=(5,)).show(4)
    assert ([v.number for v in gallery.visible], gallery.elsewhere) == ([1, 2, 3], 2)
    assert gallery.shown == 3
    there = gallery.at((5,))
    assert ([v.number for v in there.visible], there.shown) == ([4, 5], 4)
    assert [v.number for v in without_undecided(there).at((2,)).visible] == [1, 2, 3]
    assert there.at((2,)).shown == 3
    assert there.discard(4).at((2,)).at((5,)).shown is None
    assert there.at((0,)).shown is None
    with pytest.raises(InvalidRequest, match="same slice"):
        there.compare(1, 4)
    assert without_undecided(there.star(4).at((2,))).kept[0].number == 4
