"""Locked classes keep their pixels when a picture is colorized anew."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from napari_abdiffuser import Hints
from napari_abdiffuser.jobs.locks import Screen
from napari_abdiffuser.studio.document.state import PictureIdentity, StudioState
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.widgets.session.on_screen import locked_screen

NOISE = np.random.default_rng(1).integers(0, 256, (33, 46), dtype=np.uint8)
NAMES = ["cell", "ground"]


def hints(ground="teal", places=((10, 12), (28, 40)), names=("cell", "ground")):
    return Hints.from_points(places, ["gold", ground], sizes=5, classes=list(names))


@pytest.fixture(scope="module")
def picture(tiny_colorizer):
    return tiny_colorizer.open(NOISE)


@pytest.fixture
def shown(picture):
    """A variation: no run makes it again."""
    return picture.paint(hints(), 1, seed=9).rgb[0]


def legend(ground="teal", cell="cell"):
    return Legend().add(cell, "gold").add("ground", ground).lock(cell)


def owned(picture, of, name):
    classes = picture.class_map(of)
    return classes.labels == 1 + classes.names.index(name)


@pytest.mark.parametrize("kind", ["run", "more like"])
def test_what_is_locked_stays_to_the_byte(picture, shown, kind):
    now = hints("crimson")
    if kind == "run":
        made = picture.paint(now, 2, seed=1)
    else:
        made = picture.more_like(shown, now, 2, seed=1)
    screen = Screen(shown, hints(), "auto", legend("crimson"))
    kept = screen.keep(picture, made, now, "auto")
    cell = owned(picture, hints(), "cell") & owned(picture, now, "cell")
    assert cell.any()
    for before, after in zip((made.best, *made.rgb), (kept.best, *kept.rgb), strict=True):
        assert (before[cell] != shown[cell]).any()
        np.testing.assert_array_equal(after[cell], shown[cell])
        np.testing.assert_array_equal(after[~cell], before[~cell])
    assert kept.provenance["locked"]["classes"] == ["cell"]
    assert "locked" not in made.provenance


def test_a_class_that_was_renamed_before_it_was_locked_is_known_by_its_color(picture, shown):
    now = hints(names=("spore", "ground"))
    made = picture.paint(now, 0)
    kept = Screen(shown, hints(), "auto", legend(cell="spore")).keep(picture, made, now, "auto")
    cell = owned(picture, now, "spore")
    np.testing.assert_array_equal(kept.best[cell], shown[cell])


def test_a_class_that_had_another_color_gets_its_new_one(picture, shown):
    recolored = Legend().add("cell", "purple").add("ground", "teal").lock("cell")
    now = Hints.from_points([(10, 12), (28, 40)], ["purple", "teal"], sizes=5, classes=NAMES)
    made = picture.paint(now, 0)
    assert Screen(shown, hints(), "auto", recolored).keep(picture, made, now, "auto") is made


def test_without_hints_what_was_owned_stays(picture, shown):
    made = picture.paint(None, 0)
    kept = Screen(shown, hints(), "auto", legend()).keep(picture, made, Hints(), "auto")
    cell = owned(picture, hints(), "cell")
    np.testing.assert_array_equal(kept.best[cell], shown[cell])
    np.testing.assert_array_equal(kept.best[~cell], made.best[~cell])


def test_nothing_is_changed_where_nothing_is_locked_or_classes_are_not_known(picture, shown):
    made = picture.paint(hints(), 0)
    free = Screen(shown, hints(), "auto", legend().lock("cell", False))
    assert free.keep(picture, made, hints(), "auto") is made
    locked = Screen(shown, hints(), "auto", legend())
    assert locked.keep(SimpleNamespace(guided=None), made, hints(), "auto") is made


def test_a_small_preview_is_painted_whole_first(picture):
    small = Screen(None, hints(), "auto", legend())
    whole = picture.paint(hints(), 0).best
    now = hints("crimson")
    kept = small.keep(picture, picture.paint(now, 1), now, "auto")
    cell = owned(picture, hints(), "cell") & owned(picture, now, "cell")
    np.testing.assert_array_equal(kept.rgb[0][cell], whole[cell])
    assert replace(small, rgb=whole).rgb is whole


def window(state, *, preview=None, at=(1,)):
    """What `Screen.of` reads of a window whose bench has slice `at`."""
    return SimpleNamespace(
        store=SimpleNamespace(state=state),
        preview=SimpleNamespace(visible=preview is not None, painted=preview),
        bench=SimpleNamespace(current=SimpleNamespace(source=slice_of(at))),
    )


def slice_of(at):
    return SimpleNamespace(index=(*at, None, None))


def test_what_is_on_screen(shown):
    stack = PictureIdentity("layer 1", "stack", NOISE.shape, leading=(3,))
    state = StudioState().open(stack).at((1,)).set_hints(hints())
    then = state.deliver(lambda g: g.add([shown], 0, hints=hints()).show(1), "Colorize")
    assert locked_screen(window(then), slice_of((1,))) is None  # nothing is locked
    locked = then.lock_class("cell").set_hints(hints("crimson"))
    screen = locked_screen(window(locked), slice_of((1,)))
    assert screen.rgb is shown
    assert screen.hints is then.gallery[1].hints  # those that it was made with
    assert locked_screen(window(locked), slice_of((2,))) is None
    assert locked_screen(window(locked.at((2,))), slice_of((2,))) is None  # nothing is shown there
    painted = SimpleNamespace(plain=shown + 1, hints=locked.hints, background="gray")
    over = locked_screen(window(locked, preview=painted), slice_of((1,)))
    assert over.rgb is painted.plain
    assert over.background == "gray"
    late = locked_screen(window(locked, preview=painted, at=(0,)), slice_of((1,)))
    assert late.rgb is shown  # the preview is still of another slice
