"""The live path: recolouring, previews, numbers, and results that outlive their picture."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

from napari_abdiffuser import Hints
from napari_abdiffuser.colorizer import Colorizer
from napari_abdiffuser.colorizer.coarse import encoded, painting
from napari_abdiffuser.colorizer.hints.groups import recolored
from napari_abdiffuser.colorizer.native import result
from napari_abdiffuser.errors import InvalidHints, InvalidRequest, OutOfMemory
from napari_abdiffuser.options import Background

SHAPE = (60, 84)
WAVES = np.add.outer(np.sin(np.arange(60) / 9), np.cos(np.arange(84) / 7))
IMAGE = ((WAVES + 2) * 63).astype(np.uint8)
LABELS = np.zeros(SHAPE, int)
LABELS[40:55, 5:30] = 1
HINTS = Hints.from_points(
    [[8, 8], [20, 60], [30, 20]],
    ["red", "#2060e0", "gray"],
    sizes=5,
    classes=["cell", None, "ground"],
) + Hints.from_labels(LABELS, {1: "gold"}, {1: "fibre"})


@pytest.fixture(scope="module")
def picture(tiny_colorizer):
    return tiny_colorizer.open(IMAGE)


@pytest.mark.parametrize("background", ["auto", "gray"])
def test_recoloring_is_painting_anew_without_a_network(
    tiny_colorizer, picture, monkeypatch, background
):
    colors = {"cell": "lime", "#2060e0": (0.9, 0.1, 0.4)}
    expected = tiny_colorizer.open(IMAGE).paint(recolored(HINTS, colors), 0, background=background)
    spread = picture.spread(HINTS, background)

    def never(*args, **options):
        raise AssertionError("a network was run")

    monkeypatch.setattr(encoded, "attend_one", never)
    again = spread.recolor(colors)
    np.testing.assert_array_equal(again.best, expected.best)
    assert again.provenance == expected.provenance
    assert spread.classes.names == ("cell", "#2060e0", "ground", "fibre")
    with pytest.raises(InvalidRequest):
        spread.recolor({"mineral": "red"})


def test_previews(picture):
    small = picture.preview(HINTS, max_side=42)
    assert small.rgb.shape == (30, 42, 3)
    assert small.scale == (2.0, 2.0)
    full = picture.paint(HINTS, 0).best
    averaged = full.reshape(30, 2, 42, 2, 3).mean((1, 3))
    assert np.abs(averaged - small.rgb).mean() < 4
    same = picture.preview(HINTS)
    np.testing.assert_array_equal(same.rgb, full)
    assert same.scale == (1.0, 1.0)
    with pytest.raises(InvalidRequest):
        picture.preview(HINTS, max_side=3)
    with pytest.raises(InvalidHints):
        picture.preview(Hints.from_points([[99, 0]], ["red"]))


def test_a_result_holds_no_model_and_can_be_pickled(tiny_model):
    colorizer = Colorizer.load(tiny_model, device="cpu")
    opened = colorizer.open(IMAGE)
    made = opened.paint(HINTS, 2, 1)
    gone = [
        weakref.ref(x) for x in (opened, opened.painter, opened.encoded, colorizer.model.networks)
    ]
    del colorizer, opened
    gc.collect()
    assert all(ref() is None for ref in gone)
    data = pickle.dumps(made)
    assert len(data) < made.best.nbytes + made.rgb.nbytes + 12 * IMAGE.size + 100_000
    again = pickle.loads(data)
    np.testing.assert_array_equal(again.rgb, made.rgb)
    np.testing.assert_array_equal(again.chroma, made.chroma)
    assert again.provenance == made.provenance


def test_memory_that_does_not_suffice_for_chroma(picture, monkeypatch):
    made = picture.paint(HINTS, 1, 1)

    def full(*args):
        raise MemoryError

    monkeypatch.setattr(result.ChromaSource, "chroma", full)
    with pytest.raises(OutOfMemory, match="fewer"):
        _ = made.chroma


def test_what_no_hint_claims_is_gray_in_best_and_variations_alike(tiny_colorizer):
    narrow = copy.copy(tiny_colorizer)
    narrow.model = copy.copy(tiny_colorizer.model)
    narrow.model.networks = copy.deepcopy(tiny_colorizer.model.networks)
    narrow.model.networks.guide.highlight.data[:, 3] = 60.0  # nothing is claimed beyond the hints
    points = Hints(points=HINTS.points)
    made = narrow.open(IMAGE).paint(points, 2, 1, background="gray")
    own = points.hint_map(SHAPE)[2] > 0
    near = np.zeros(SHAPE, bool)  # a hint's cells reach a little beyond its pixels
    for y, x in np.argwhere(own):
        near[max(y - 12, 0) : y + 13, max(x - 12, 0) : x + 13] = True
    gray = np.repeat(IMAGE[..., None], 3, -1)
    for rgb in (made.best, *made.rgb):
        assert np.abs(rgb.astype(int) - gray)[~near].max() <= 3
        assert np.ptp(rgb[own].astype(int), axis=-1).max() > 50
    free = narrow.open(IMAGE).paint(points, 1, 1)
    assert np.ptp(free.rgb[0][~near].astype(int), axis=-1).max() > 3


@pytest.mark.parametrize("background", Background)
def test_variations_differ_only_where_no_hint_claims(picture, background):
    tokens, encoded = picture.tokens(HINTS), picture.encoded
    maps = painting.sample_maps(encoded, tokens, [1, 2], 1, background=background).numpy()
    best = painting.most_probable(encoded, tokens, background).numpy()
    share = painting.claimed_share(encoded, tokens).numpy()
    assert 0 <= share.min() <= share.max() <= 1
    # Chroma is about ±1 in these units, so two maps differ by at most 2 where nobody claims.
    assert (np.abs(maps - best) <= 2 * (1 - share) + 1e-5).all()
    if background.gray:
        assert np.abs(maps).max((0, 1))[share[0, 0] < 1e-3].max(initial=0) < 2e-3


def test_excluded_pixels_stay_gray_and_do_not_steer(tiny_colorizer):
    mask = np.zeros(SHAPE, bool)
    mask[50:] = True
    white = IMAGE.copy()
    white[mask] = 255
    bar = tiny_colorizer.open(white, exclude=mask)
    inside = Hints.from_points([[55, 40]], ["red"], sizes=5)
    made = bar.paint(HINTS + inside, 2, 1)
    assert (np.ptp(np.stack([made.best, *made.rgb])[:, 50:].astype(int), axis=-1) == 0).all()
    np.testing.assert_array_equal(made.best, bar.paint(HINTS, 0).best)
    assert made.provenance["input"]["excluded"]["rle"] == [50 * 84, 10 * 84]
    labels = bar.class_map(HINTS)
    assert (labels.labels[50:] == 0).all()
    assert (bar.uncertainty(HINTS)[50:] == 0).all()
    assert bar.suggest_place(HINTS)[0] < 50


def test_preparing_makes_the_first_painting_find_its_weights(tiny_colorizer):
    opened = tiny_colorizer.open(IMAGE)
    opened.prepare(cancel=lambda: True)
    assert opened.painter.kept_bytes == 0
    opened.prepare()
    assert opened.painter.kept_bytes == 8 * IMAGE.size
