"""Every kind of simulated user against the distribution that it states."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.hint_sampling import KINDS, HintSettings, hint_batch, sample_marks
from abdiffuser_training.hint_sampling.batch import draw_kind
from abdiffuser_training.hint_sampling.patches import (
    sample_boxes,
    sample_cells,
    sample_grays,
    sample_thesis,
)
from abdiffuser_training.hint_sampling.shapes import curve, sample_regions, sample_strokes, stroke
from abdiffuser_training.seeding import Purpose, generator
from napari_abdiffuser.colorizer.hints.tokens import hint_tokens
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colorspace import lab_to_srgb
from napari_abdiffuser.imaging.hints import Hints

ALWAYS = HintSettings(none=0.0)
LEAST_P = 1e-3  # of a test with a fixed seed: what is drawn otherwise is far below


def fits(observed, expected):
    """Chi-square test, cells with few expected cases pooled."""
    observed, expected = np.asarray(observed, float), np.asarray(expected, float)
    expected = expected * observed.sum() / expected.sum()
    few = expected < 5
    if few.any():
        observed = np.append(observed[~few], observed[few].sum())
        expected = np.append(expected[~few], expected[few].sum())
    return stats.chisquare(observed, expected).pvalue > LEAST_P


def objects(size=48):
    """Six objects of different sizes on a ground, each of one colour, the ground gray."""
    regions = np.zeros((size, size), np.int32)
    for n, (top, left, side) in enumerate(
        [(2, 2, 8), (2, 16, 12), (2, 32, 6), (22, 3, 20), (24, 28, 9), (36, 38, 9)], start=1
    ):
        regions[top : top + side, left : left + side] = n
    hues = np.arange(7) * np.pi / 3
    palette = 0.3 * np.stack([np.cos(hues), np.sin(hues)], 1).astype(np.float32)
    palette[0] = 0
    return regions, np.moveaxis(palette[regions], 2, 0)


def batch_of(chroma, **more):
    gray = torch.zeros(len(chroma), 1, *chroma.shape[2:])
    none = (None,) * len(chroma)
    ones = torch.ones(len(chroma))
    given = {"boxes": none, "indices": tuple(range(len(chroma)))} | more
    return Batch(gray, gray, chroma, ones > 0, 0 * ones, **given)


def test_the_thesis_user():
    rng = np.random.default_rng(0)
    marks = [sample_thesis(256, rng) for _ in range(6000)]
    shown = [m for m in marks if not m.revealed]
    assert stats.binomtest(6000 - len(shown), 6000, 0.01).pvalue > LEAST_P
    counts = np.bincount([len(m.boxes) for m in shown])
    fitting = stats.geom.pmf(np.arange(len(counts)) + 1, 1 / 8)
    assert fits(counts, len(shown) * fitting)
    boxes = np.concatenate([m.boxes for m in shown])
    sides = boxes[:, 2] - boxes[:, 0]
    assert np.array_equal(sides, boxes[:, 3] - boxes[:, 1])
    assert fits(np.bincount(sides, minlength=10)[1:], np.ones(9))
    # Clipping moves only what lies beyond two standard deviations, and keeps it there.
    for axis in (0, 1):
        centre = (boxes[:, axis] + boxes[:, axis + 2]) / 2
        edges = 128 + 64 * np.array([-9, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 9]) + 0.25
        normal = np.diff(stats.norm.cdf(edges, 128, 64))
        assert fits(np.histogram(centre, edges)[0], len(boxes) * normal)


def test_a_revealed_truth_is_all_on_the_map():
    truth = torch.rand(1, 2, 28, 28) - 0.5
    settings = HintSettings(uniform=0, thesis=1)
    seed = next(s for s in range(1000) if _revealed(truth, settings, s))
    hints = hint_batch(batch_of(truth), settings, seed, 0)
    torch.testing.assert_close(hints.hint_map[:, :2], torch.nn.functional.avg_pool2d(truth, 2))
    assert (hints.hint_map[:, 2] == 1).all()
    assert hints.valid.sum() == 49
    fine = hint_batch(batch_of(truth), settings, seed, 0, cell=1)
    assert torch.equal(fine.hint_map[:, :2], truth)


def _revealed(truth, settings, seed):
    rng = generator(Purpose.HINTS, seed, 0, 0)
    return sample_marks(truth[0], None, 1, settings, rng).revealed


def test_cells_are_of_a_grid_and_all_alike():
    rng = np.random.default_rng(1)
    seen = np.zeros((8, 8))
    pairs = np.zeros(2)
    for _ in range(2500):
        boxes = sample_cells(16, 5, ALWAYS, rng).boxes
        assert np.array_equal(boxes[:, 2:] - boxes[:, :2], np.full((5, 2), 2))
        assert not (boxes % 2).any()
        cells = boxes[:, 0] // 2 * 8 + boxes[:, 1] // 2
        assert len(set(cells.tolist())) == 5
        seen.ravel()[cells] += 1
        pairs += [(cells[0] < cells[1]), (cells[0] > cells[1])]
    assert fits(seen.ravel(), np.ones(64))
    assert fits(pairs, np.ones(2))
    assert len(sample_cells(6, 50, ALWAYS, rng).boxes) == 9  # all there are


def test_uniform_patches_have_uniform_sizes_and_corners():
    settings = HintSettings(none=0.0, sizes=(2, 5))
    boxes = sample_boxes(9, 20000, settings, np.random.default_rng(3))
    sides = boxes[:, 2] - boxes[:, 0]
    assert fits(np.bincount(sides)[2:], np.ones(4))
    for side in range(2, 6):
        corners = boxes[sides == side, :2] @ np.array([10 - side, 1])
        assert fits(np.bincount(corners), np.ones((10 - side) ** 2))


def test_curves_are_as_smooth_as_stated():
    rng = np.random.default_rng(4)
    steps = [np.diff(curve(400, rng), axis=0) for _ in range(150)]
    np.testing.assert_allclose(np.hypot(*np.concatenate(steps).T), 1, rtol=1e-9)
    headings = [np.unwrap(np.arctan2(s[:, 0], s[:, 1])) for s in steps]
    start = np.histogram([h[0] % (2 * np.pi) for h in headings], 6, (0, 2 * np.pi))[0]
    assert fits(start, np.ones(6))
    bends = np.stack([np.diff(h) for h in headings])
    assert bends.std() == pytest.approx(0.06, rel=0.05)
    assert np.corrcoef(bends[:, :-1].ravel(), bends[:, 1:].ravel())[0, 1] == pytest.approx(
        0.9, abs=0.02
    )


def test_strokes_are_as_long_and_wide_as_stated():
    rng = np.random.default_rng(5)
    drawn = [stroke(128, (64, 64), rng) for _ in range(800)]
    assert all(mask[64, 64] for mask in drawn)
    area = np.array([mask.sum() for mask in drawn])
    assert area.min() >= 4
    # Mean of the area, length x width, but for ends (+), curls and the border (-).
    length = (128 - 8) / np.log(128 / 8)
    assert area.mean() == pytest.approx(length * 4, rel=0.2)


def test_strokes_stay_in_one_color():
    regions, chroma = objects()
    rng = np.random.default_rng(6)
    starts = np.zeros(7)
    for own in (regions, None):
        for _ in range(150):
            marks = sample_strokes(chroma, own, 30, ALWAYS, rng)
            assert len(marks.areas) == 3
            assert len(marks) <= 42
            for area, tokens in zip(marks.areas, marks.tokens, strict=True):
                assert len(np.unique(regions[area])) == 1
                assert 1 <= len(tokens) <= 12
                starts[regions[area][0]] += own is not None
    assert fits(starts, np.bincount(regions.ravel()))  # a uniform place in the picture


def test_regions_are_whole_objects_each_as_likely():
    regions, chroma = objects()
    rng = np.random.default_rng(7)
    seen = np.zeros(7)
    for _ in range(300):
        marks = sample_regions(chroma, regions, 12, ALWAYS, rng)
        assert len(marks.areas) == 2
        for area in marks.areas:
            number = regions[area][0]
            assert np.array_equal(area, regions == number)
            seen[number] += 1
    assert not seen[0]
    assert fits(seen[1:], np.ones(6))
    (area,) = sample_regions(chroma, None, 1, ALWAYS, rng).areas
    assert any(np.array_equal(area, regions == n) for n in range(7))


def test_regions_are_told_to_the_guide_as_the_plugin_tells_them():
    regions, chroma = objects()
    settings = HintSettings(none=0.0, uniform=0, regions=1, most=1)
    truth = torch.from_numpy(chroma)[None]
    for seed in range(6):
        hints = hint_batch(batch_of(truth, regions=(regions,)), settings, seed, 0)
        tokens = hints.colors[0, hints.valid[0]]
        assert (tokens == tokens[0]).all()
        color = lab_to_srgb(np.array([60, *(110 * tokens[0].numpy())], np.float32))
        pixel = int(np.argmin(np.abs(chroma - tokens[0].numpy()[:, None, None]).sum(0)))
        labels = (regions == regions.ravel()[pixel]).astype(np.int32)
        lightness = np.full(regions.shape, 60, np.float32)
        told = hint_tokens(
            Hints.from_labels(labels, {1: tuple(color.clip(0, 1))}), lightness, (24, 24)
        )
        torch.testing.assert_close(hints.positions[:, hints.valid[0]], told.positions)
        torch.testing.assert_close(hints.hint_map, told.hint_map, atol=0.01, rtol=0)


def test_gray_hints_lie_where_the_truth_is_gray():
    chroma = objects()[1]
    rng = np.random.default_rng(8)
    counts = np.zeros(9)
    for _ in range(600):
        boxes = sample_grays(chroma, HintSettings(sizes=(2, 3)), rng)
        counts[len(boxes)] += 1
        for top, left, bottom, right in boxes:
            under = np.hypot(*chroma[:, top:bottom, left:right])
            assert under.mean() * 110 < 4
    # Three fifths of the patches would do, so eight times as many are always enough.
    assert fits(counts[1:], np.ones(8))
    assert not len(sample_grays(chroma + 1, ALWAYS, rng))


def test_gray_patches_are_added_on_top_of_others():
    _, chroma = objects()
    settings = HintSettings(none=1.0, gray=0.5)
    rng = np.random.default_rng(9)
    with_gray = [len(sample_marks(torch.from_numpy(chroma), None, 3, settings, rng)) > 0
                 for _ in range(400)]  # fmt: skip
    assert stats.binomtest(sum(with_gray), 400, 0.5).pvalue > LEAST_P
    given = np.array([[0, 0, 2, 2]])
    hints = hint_batch(batch_of(torch.from_numpy(chroma)[None], grays=(given,)), ALWAYS, 0, 0)
    last = int(hints.valid.sum()) - 1
    assert hints.positions[0, last].tolist() == [0, 0]
    assert not hints.colors[0, last].any()


def test_kinds_are_drawn_by_their_weights():
    settings = HintSettings(none=0, uniform=4, thesis=1, cells=2, strokes=1, regions=2)
    rng = np.random.default_rng(10)
    drawn = [KINDS.index(draw_kind(settings, rng)) for _ in range(4000)]
    assert fits(np.bincount(drawn), np.array([4, 1, 2, 1, 2]))


@pytest.mark.parametrize(
    "wrong",
    [{"most": 0}, {"least": 9, "most": 8}, {"sizes": (0, 3)}, {"sizes": (5, 3)}, {"none": 2},
     {"uniform": 0}, {"strokes": -1}],
)  # fmt: skip
def test_users_that_cannot_be_are_refused(wrong):
    with pytest.raises(InvalidRequest):
        HintSettings(**wrong)


def test_ranks_and_kinds_together_make_the_batch_of_one_process():
    regions, chroma = objects()
    settings = HintSettings(uniform=1, thesis=1, cells=1, strokes=1, regions=1, gray=0.5)
    truth = torch.from_numpy(chroma).expand(8, -1, -1, -1).clone()
    whole = hint_batch(batch_of(truth, regions=(regions,) * 8), settings, 1, 1)
    for rank in (0, 1):
        own = tuple(range(rank, 8, 2))
        part = batch_of(truth[rank::2], regions=(regions,) * 4, indices=own)
        part = hint_batch(part, settings, 1, 1)
        assert torch.equal(part.hint_map, whole.hint_map[rank::2])
        for i, index in enumerate(own):
            for name in ("positions", "colors"):
                mine, all_ = (
                    getattr(h, name)[j, h.valid[j]] for h, j in ((part, i), (whole, index))
                )
                assert torch.equal(mine, all_)
