"""Region fixes: what is inside stays, through every colouring, until it is removed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_abdiffuser.errors import InvalidFile
from napari_abdiffuser.studio.document.state import PictureIdentity, StudioState
from napari_abdiffuser.studio.region_fix import (
    RegionFix,
    new_group,
    with_fixes,
    with_fixes_on_small,
)

RNG = np.random.default_rng(0)
SHAPE = (40, 60)


def noise():
    return RNG.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


def disc(y, x, r):
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 <= r * r


def fix(mask, rgb, group=None, kind="erased"):
    return RegionFix.of(mask, rgb, kind, source="digest", group=group or new_group())


def test_inside_are_the_pixels_of_the_fix_and_outside_those_of_the_colouring():
    one, other, below = noise(), noise(), noise()
    first, second = disc(10, 15, 8), disc(16, 20, 7)
    made = with_fixes(below[None], [fix(first, one), fix(second, other)])
    wanted = np.where(second[..., None], other, np.where(first[..., None], one, below))
    np.testing.assert_array_equal(made[0], wanted)
    np.testing.assert_array_equal(
        with_fixes(below[None], [fix(first, one), fix(second, other)])[0], wanted
    )
    assert with_fixes(below, []) is below


@pytest.mark.parametrize("factor", [2, 4])
def test_a_small_copy_shows_a_fix_where_the_picture_does(factor):
    mask, rgb = disc(20, 30, 12), np.full((*SHAPE, 3), 7, np.uint8)
    small = np.full((SHAPE[0] // factor, SHAPE[1] // factor, 3), 200, np.uint8)
    made = with_fixes_on_small(small, (factor, factor), [fix(mask, rgb)])
    middle = slice(factor // 2, None, factor)
    np.testing.assert_array_equal(made[..., 0] == 7, mask[middle, middle])


def test_a_fix_survives_its_file_and_a_broken_file_is_refused():
    mask, rgb = disc(3, 3, 6), noise()  # cut by the border
    saved = json.loads(json.dumps(fix(mask, rgb).to_dict()))
    read = RegionFix.from_dict(saved)
    below = noise()
    np.testing.assert_array_equal(with_fixes(below, [read]), with_fixes(below, [fix(mask, rgb)]))
    assert (read.kind, read.source, read.shape) == ("erased", "digest", SHAPE)
    for key, value in (("pixels", "no"), ("box", [0, 0, 3]), ("shape", [2, 2]), ("mask", {})):
        with pytest.raises(InvalidFile):
            RegionFix.from_dict({**saved, key: value})


@pytest.fixture
def state():
    picture = PictureIdentity("key", "a", SHAPE)
    return StudioState().open(picture)


def test_undo_takes_a_fix_back_and_removing_is_a_step_too(state):
    mask, rgb = disc(10, 10, 4), noise()
    erased = fix(mask, rgb)
    fixed = state.deliver(lambda g: g.add([rgb], 0, fixes=(erased,)).show(1), "Erase")
    assert fixed.fixes == (erased,)
    again = fixed.deliver(
        lambda g: (a := g.add([noise()], 1)).show(a.variations[-1].number), "Colorize"
    )
    assert again.fixes == (erased,)
    assert fixed.undo().fixes == ()
    assert fixed.undo().redo().fixes == (erased,)
    removed = again.remove_fixes()
    assert (removed.fixes, removed.undo().fixes) == ((), (erased,))
    assert removed.remove_fixes() is removed


def test_of_variations_of_a_region_the_one_shown_stays(state):
    mask, group = disc(10, 10, 4), new_group()
    one, other = (fix(mask, noise(), group, "recoloured") for _ in range(2))
    made = state.deliver(
        lambda g: g.add([noise(), noise()], 0, fixes=(one, other)).show(1), "Recolour"
    )
    assert made.fixes == (one,)
    chosen = made.with_gallery(lambda g: g.show(2))
    assert chosen.fixes == (other,)
    assert chosen.undo().fixes == ()
    assert chosen.remove_fixes().with_gallery(lambda g: g.show(1)).fixes == ()
