"""The guide: linear in the colours, true to the hints, indifferent to their order."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.model.guide import network as guide_module
from napari_abdiffuser.model.guide.network import SIZES, Guide, GuideConfig

HEIGHT, WIDTH = 40, 56
CLOSE = {"rtol": 1e-4, "atol": 2e-5}  # float32


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.no_grad():
        yield


def build(name="tiny"):
    """A guide none of whose layers is zero, as some are before training."""
    torch.manual_seed(2)
    guide = Guide(SIZES[name]).eval()
    with torch.no_grad():
        for parameter in guide.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return guide


def picture(height=HEIGHT, width=WIDTH, batch=1, seed=1):
    g = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(batch, 1, height, width, generator=g) - 1


@pytest.fixture(scope="module")
def guide():
    return build()


@pytest.fixture(scope="module")
def code(guide):
    with torch.no_grad():
        return guide.encode(picture())


# Rows and columns of cells; the last lies on a corner.
CELLS = torch.tensor([[3.0, 4.0], [10.0, 20.0], [15.0, 2.0], [19.0, 27.0]])
COLORS = torch.tensor([[0.5, 0.1], [-0.3, 0.4], [0.2, -0.6], [-0.4, -0.2]])


def hint_map(code, cells, colors, share=0.75):
    """Hints that cover a part of one cell each."""
    out = torch.zeros(1, colors.shape[-1] + 1, *code.shape)
    for (y, x), color in zip(cells.long().tolist(), colors, strict=True):
        out[0, :-1, y, x] = share * color
        out[0, -1, y, x] = share
    return out


def paint(guide, code, colors=COLORS, cells=CELLS, auto=None, valid=None, padding=None):
    """Attend and paint; padding is (positions, colours) of hints that are none."""
    here, what = cells[None], colors[None]
    valid = torch.ones(1, len(cells), dtype=torch.bool)
    if padding is not None:
        here = torch.cat([here, padding[0][None]], 1)
        what = torch.cat([what, padding[1][None]], 1)
        valid = torch.cat([valid, torch.zeros(1, len(padding[0]), dtype=torch.bool)], 1)
    attention = guide.attend(code, here, valid)
    return guide.paint(code, attention, what, hint_map(code, cells, colors), auto)


def no_auto(code, channels=2):
    return torch.zeros(1, channels, *code.shape)


numbers = st.floats(-2, 2, width=32)
color_lists = st.lists(st.tuples(numbers, numbers), min_size=4, max_size=4).map(torch.tensor)


@settings(deadline=None, max_examples=15)
@given(first=color_lists, second=color_lists, a=numbers, b=numbers)
def test_recoloring_is_linear(guide, code, first, second, a, b):
    zero = no_auto(code)
    mixed = paint(guide, code, a * first + b * second, auto=zero)
    one, two = (paint(guide, code, c, auto=zero) for c in (first, second))
    for together, x, y in zip(mixed, one, two, strict=True):
        torch.testing.assert_close(together, a * x + b * y, rtol=1e-4, atol=1e-4)


def test_gray_hints_without_an_automatic_color_give_gray(guide, code):
    assert not paint(guide, code, 0 * COLORS, auto=no_auto(code))[0].any()


@settings(deadline=None, max_examples=10)
@given(entries=st.tuples(numbers, numbers, numbers, numbers))
def test_maps_of_the_color_plane_commute(guide, code, entries):
    matrix = torch.tensor(entries).reshape(2, 2)
    turned = torch.einsum("ij,bjhw->bihw", matrix, code.auto)
    spread, mixed = paint(guide, code, COLORS @ matrix.T, auto=turned)
    for got, plain in zip((spread, mixed), paint(guide, code), strict=True):
        expected = torch.einsum("ij,bjhw->bihw", matrix, plain)
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_stacked_colorings_are_single_ones(guide, code):
    colourings = [COLORS, COLORS.roll(1, 0), -0.5 * COLORS]
    stacked = paint(guide, code, torch.cat(colourings, 1))
    single = [paint(guide, code, c) for c in colourings]
    for index in range(2):
        torch.testing.assert_close(
            stacked[index], torch.cat([s[index] for s in single], 1), **CLOSE
        )


def test_the_order_of_hints_does_not_matter(guide, code):
    order = torch.tensor([2, 0, 3, 1])
    for got, plain in zip(
        paint(guide, code, COLORS[order], CELLS[order]), paint(guide, code), strict=True
    ):
        torch.testing.assert_close(got, plain, **CLOSE)


def test_padding_does_not_matter(guide, code):
    padding = torch.tensor([[0.0, 0.0], [7.0, 9.0]]), torch.tensor([[0.9, 0.9], [-0.9, 0.7]])
    for got, plain in zip(paint(guide, code, padding=padding), paint(guide, code), strict=True):
        torch.testing.assert_close(got, plain, **CLOSE)


def test_a_batch_is_its_pictures(guide):
    batch = picture(batch=2, seed=5)
    valid = torch.tensor([[True] * 4, [True, True, False, False]])
    together = guide.encode(batch)
    attention = guide.attend(together, CELLS.expand(2, -1, -1), valid)
    for i, count in enumerate((4, 2)):
        alone = guide.encode(batch[i : i + 1])
        one = guide.attend(alone, CELLS[None, :count], valid[:1, :count])
        torch.testing.assert_close(attention.weights[i : i + 1, :, :count], one.weights, **CLOSE)
        assert not attention.weights[i, :, count:].any()


def test_a_gray_hint_says_something(guide, code):
    gray = torch.tensor([[0.0, 0.0]])
    without = guide.attend(code, CELLS[:1][None], torch.zeros(1, 1, dtype=torch.bool))
    plain, _ = guide.paint(code, without, gray[None], torch.zeros(1, 3, *code.shape))
    hinted, _ = paint(guide, code, gray, CELLS[:1])
    assert (plain - hinted).abs().max() > 1e-3  # against the automatic colour
    colored, _ = paint(guide, code, COLORS[:1], CELLS[:1], auto=no_auto(code))
    with_gray, _ = paint(guide, code, torch.cat([COLORS[:1], gray]), CELLS[:2], auto=no_auto(code))
    assert (colored - with_gray).abs().max() > 1e-3  # against another hint
    y, x = CELLS[1].long().tolist()
    assert with_gray[0, :, y, x].norm() < colored[0, :, y, x].norm()


def test_without_hints_the_automatic_color_is_mixed(guide, code):
    none = torch.zeros(1, 0, 2)
    attention = guide.attend(code, none, torch.zeros(1, 0, dtype=torch.bool))
    assert attention.weights.shape == (1, code.shape[0] * code.shape[1], 0)
    spread, mixed = guide.paint(code, attention, none, torch.zeros(1, 3, *code.shape), code.auto)
    torch.testing.assert_close(mixed, code.auto, **CLOSE)
    assert spread.isfinite().all()


@settings(deadline=None, max_examples=15)
@given(
    places=st.lists(
        st.tuples(st.floats(-0.5, 19.5), st.floats(-0.5, 27.5)), min_size=1, max_size=12
    ),
    data=st.data(),
)
def test_shares_sum_to_one(guide, code, places, data):
    valid = data.draw(st.lists(st.booleans(), min_size=len(places), max_size=len(places)))
    attention = guide.attend(code, torch.tensor([places]), torch.tensor([valid]))
    assert (attention.weights >= 0).all()
    assert (attention.unclaimed >= 0).all()
    total = attention.weights.sum(2) + attention.unclaimed[..., 0]
    torch.testing.assert_close(total, torch.ones_like(total))
    assert (attention.gains > 0).all()


def test_with_equal_gains_no_color_leaves_the_hull_of_those_given(code):
    guide = build()
    guide.relaxation.fill_(1.0)  # over-relaxation may overshoot
    flat = replace(code, gain=torch.ones_like(code.gain))
    colors = 1.5 * COLORS
    given_colors = torch.cat([colors, flat.auto[0].flatten(1).T])
    angle = torch.linspace(0, 2 * torch.pi, 65)[:-1]
    directions = torch.stack([angle.cos(), angle.sin()])
    bound = (given_colors @ directions).amax(0)
    for result in paint(guide, flat, colors):
        reached = (result[0].flatten(1).T @ directions).amax(0)
        assert (reached <= bound + 1e-5).all()


def test_strong_hints_keep_their_color(code, monkeypatch):
    guide = build()
    guide.relaxation.fill_(1.0)
    monkeypatch.setattr(guide_module, "HINT_STRENGTH", 1e6)
    spread, _ = paint(guide, code)
    y, x = CELLS.long().unbind(1)
    torch.testing.assert_close(spread[0][:, y, x].T, COLORS, rtol=0, atol=1e-3)


def test_a_hint_gives_its_color_where_it_lies_and_the_gain_elsewhere(code):
    guide = build()
    guide.temper[..., 3] = -1e4  # nothing stays unclaimed
    _, mixed = paint(guide, code, COLORS[:1], CELLS[:1])
    y, x = CELLS[0].long().tolist()
    torch.testing.assert_close(mixed[0, :, y, x], COLORS[0], **CLOSE)
    expected = COLORS[0][:, None, None] * code.gain[0] / code.gain[0, :, y, x]
    torch.testing.assert_close(mixed[0], expected, **CLOSE)


@settings(deadline=None, max_examples=12)
@given(height=st.integers(1, 41), width=st.integers(1, 41))
def test_any_size_is_halved_upwards(guide, height, width):
    code = guide.encode(picture(height, width))
    half = (height + 1) // 2, (width + 1) // 2
    assert code.shape == half
    assert code.features.shape == (1, 2, 8, *half)
    assert code.affinity.weights.shape == (1, 24, *half)
    torch.testing.assert_close(code.gate.sum(1), torch.ones(1, *half))
    assert (code.gain > 0).all()
    assert (code.affinity.weights >= 0).all()
    assert (code.affinity.screening > 0).all()
    spread, _ = paint(guide, code, COLORS[:1], torch.zeros(1, 2))
    assert spread.shape == (1, 2, *half)
    assert spread.isfinite().all()


def test_half_precision_comes_out_as_float(guide, code):
    reduced = guide.encode(picture(), torch.bfloat16)
    assert reduced.features.dtype == torch.float32
    assert (reduced.auto - code.auto).abs().max() < 0.1


@pytest.mark.parametrize(("height", "width"), [(40, 56), (7, 3), (1, 1)])
def test_at_a_cell_is_its_own_value(guide, height, width):
    code = guide.encode(picture(height, width))
    h, w = code.shape
    grid = torch.cartesian_prod(torch.arange(h), torch.arange(w)).float()[None]
    torch.testing.assert_close(code.at(code.auto, grid), code.auto.flatten(2), **CLOSE)


def test_between_cells_is_their_mean_and_outside_the_nearest(code):
    positions = torch.tensor([[[4.5, 6.5], [-3.0, -3.0]]])
    values = code.at(code.auto, positions)
    torch.testing.assert_close(values[..., 0], code.auto[..., 4:6, 6:8].mean((2, 3)), **CLOSE)
    torch.testing.assert_close(values[..., 1], code.auto[..., 0, 0], **CLOSE)
    assert code.at(code.auto, torch.zeros(1, 0, 2)).shape == (1, 2, 0)


@pytest.mark.parametrize("name", SIZES)
def test_settings_survive_json(name):
    config = SIZES[name]
    assert GuideConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_every_size_builds_and_small_is_small():
    with torch.device("meta"):
        counts = {n: sum(p.numel() for p in Guide(c).parameters()) for n, c in SIZES.items()}
    assert counts["tiny"] < counts["small"] < 9_000_000
    assert counts["small"] < counts["base"]


def test_highlighting_narrows_claims_by_what_it_learned(guide, code):
    valid = torch.ones(1, len(CELLS), dtype=torch.bool)
    plain = guide.attend(code, CELLS[None], valid)
    zero = guide.attend(code, CELLS[None], valid, torch.zeros(1))
    assert torch.equal(plain.weights, zero.weights)
    narrow = build()
    with torch.no_grad():
        narrow.highlight.zero_()
        narrow.highlight[:, 3] = 2.0  # the null token's bias
    weights = narrow.attend(code, CELLS[None], valid, torch.ones(1))
    assert (weights.unclaimed >= plain.unclaimed).all()
    assert weights.unclaimed.mean() > plain.unclaimed.mean()
    half = narrow.attend(code, CELLS[None], valid, torch.tensor([0.5]))
    assert plain.unclaimed.mean() < half.unclaimed.mean() < weights.unclaimed.mean()


def test_a_guide_that_never_learned_to_highlight_ignores_it(code):
    old = Guide(replace(SIZES["tiny"], highlight=False)).eval()
    valid = torch.ones(1, len(CELLS), dtype=torch.bool)
    ignored = old.attend(code, CELLS[None], valid, torch.ones(1))
    assert torch.equal(ignored.weights, old.attend(code, CELLS[None], valid).weights)
