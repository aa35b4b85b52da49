"""Shards read, cropped, coloured and put into batches."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from abdiffuser_training.data.batches import Mixture, Source
from abdiffuser_training.data.colourings import color_regions
from abdiffuser_training.data.corpus import Item, cut_pixels, cut_regions, draw_cut, read_items
from abdiffuser_training.data.sample import Sample
from abdiffuser_training.data.views import (
    Jitter,
    _partitioned,
    _sorted,
    draw_jitter,
    network_views,
    to_lab,
)
from napari_abdiffuser.imaging.colorspace import lab_to_srgb, srgb_to_lab


def encoded(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def write_tar(path, files):
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def disc(height=60, width=72):
    y, x = np.mgrid[:height, :width]
    return (y - height / 2) ** 2 + (x - width / 2) ** 2 < (height / 3) ** 2


@pytest.fixture
def colored(tmp_path):
    """Five colour pictures, put in out of order, and a file that is none."""
    rng = np.random.default_rng(0)
    files = {"notes.txt": b"no picture"}
    for name in "dbeac":
        pixels = rng.integers(0, 256, (60, 72, 3), dtype=np.uint8)
        files[f"{name}.png"] = encoded(Image.fromarray(pixels))
    return write_tar(tmp_path / "coloured.tar", files)


@pytest.fixture
def masked(tmp_path):
    """Gray pictures of a bright disc, with masks of both depths."""
    inside = disc()
    gray = np.where(inside, 180, 60).astype(np.uint8)
    return write_tar(
        tmp_path / "masked.tar",
        {
            "a.png": encoded(Image.fromarray(gray)),
            "a.mask.png": encoded(Image.fromarray(inside.astype(np.uint16) * 300)),
            "a.class.png": encoded(Image.fromarray(inside.astype(np.uint8) * 2)),
            "b.jpg": encoded(Image.fromarray(gray), "JPEG"),
            "b.mask.png": encoded(Image.fromarray(inside.astype(np.uint8))),
        },
    )


def source(path, **settings):
    return Source.read({"shards": [str(path)], "weight": 1.0, "native": True} | settings)


def equal(a, b):
    return all(torch.equal(getattr(a, n), getattr(b, n)) for n in ("seen", "lightness", "chroma"))


def test_items_come_in_the_order_of_their_keys(colored, masked):
    assert [item.key for item in read_items(colored)] == list("abcde")
    first, second = read_items(masked)
    assert first.pixels.shape == (1, 60, 72)
    assert first.instances.max() == 300
    assert first.classes.max() == 2
    assert second.classes is None


def test_large_pictures_are_shrunk_with_their_masks(tmp_path):
    large = Image.new("RGB", (1280, 100))
    files = {"a.png": encoded(large), "a.mask.png": encoded(Image.new("I;16", (1280, 100), 7))}
    (item,) = read_items(write_tar(tmp_path / "large.tar", files))
    assert item.pixels.shape[1:] == item.instances.shape == (50, 640)
    assert np.unique(item.instances).tolist() == [7]


def test_held_out_items_are_left_out(colored):
    assert [i.key for i in source(colored, drop_last=2).items] == ["a", "b", "c"]
    assert [i.key for i in source(colored).items] == list("abcde")


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(12, 90))
def test_crops_and_their_masks_stay_together(seed, size):
    # In fewer pixels the disc is all border, whose pixels are averaged and whose regions are not.
    inside = disc().astype(np.uint8)
    gray = np.repeat(255 * inside[..., None], 3, 2)
    item = Item.of(Sample("a", gray, inside.astype(np.int32)))
    cut = draw_cut(item, size, np.random.default_rng(seed))
    pixels, instances = cut_pixels(item, cut, size), cut_regions(item.instances, cut, size)
    assert pixels.shape == (1, size, size)
    assert instances.shape == (size, size)
    assert ((pixels[0].numpy() > 127) == (instances == 1)).mean() > 0.85


def test_cuts_are_squares_of_every_orientation_within_the_zoom():
    pixels = np.random.default_rng(0).integers(0, 256, (60, 72, 3), np.uint8)
    item = Item.of(Sample("a", pixels))
    cuts = [draw_cut(item, 12, np.random.default_rng(i), 4.0) for i in range(3000)]
    sides = np.array([c.side for c in cuts])
    assert (sides.min(), sides.max()) == (15, 59)
    # Log-uniform: half of them are beyond the geometric mean.
    assert (sides >= 30).mean() == pytest.approx(0.5, abs=0.04)
    assert np.bincount([c.flips for c in cuts], minlength=8).min() > 3000 / 8 * 0.8
    assert all(c.top + c.side <= 60 and c.left + c.side <= 72 for c in cuts)
    same = {cut_pixels(item, replace(cuts[0], flips=f), 12).numpy().tobytes() for f in range(8)}
    assert len(same) == 8


def test_lab_of_crops_is_that_of_the_plugin():
    pixels = torch.randint(0, 256, (3, 3, 8, 8), dtype=torch.uint8)
    pixels[1] = pixels[1, :1]
    lightness, chroma = to_lab([pixels[0], pixels[1, :1], pixels[2]])
    expected = srgb_to_lab(pixels.permute(0, 2, 3, 1).numpy() / 255)
    np.testing.assert_allclose(lightness, expected[..., 0], atol=1e-3)
    np.testing.assert_allclose(chroma.permute(0, 2, 3, 1), expected[..., 1:], atol=1e-3)


def test_a_batch_is_that_of_its_step(colored, masked):
    def mixture(seed=3):
        return Mixture([source(colored), source(masked, native=False)], seed)

    used = mixture()
    used.batch(0, 2, 16)
    batch = used.batch(5, 6, 24)
    assert equal(batch, mixture().batch(5, 6, 24))
    assert not equal(batch, mixture().batch(6, 6, 24))
    assert not equal(batch, mixture(seed=4).batch(5, 6, 24))


@pytest.mark.parametrize("world", [2, 3])
def test_the_parts_of_all_ranks_are_the_batch_of_one_process(colored, masked, world):
    mixture = Mixture([source(colored), source(masked, native=False)], 3)
    whole = mixture.batch(2, 7, 16)
    parts = [mixture.batch(2, 7, 16, rank=rank, world=world) for rank in range(world)]
    assert sorted(i for part in parts for i in part.indices) == list(range(7))
    for part in parts:
        for name in ("seen", "lightness", "chroma", "native", "highlight"):
            assert torch.equal(getattr(part, name), getattr(whole, name)[list(part.indices)])
        for boxes, index in zip(part.boxes, part.indices, strict=True):
            assert np.array_equal(boxes, whole.boxes[index])


def test_changed_colors_are_not_native_and_erased_ones_come_with_gray_hints(colored, masked):
    def drawn(path, **colors):
        return Mixture([source(path, colours=colors, zoom=1.0)], 1).batch(0, 8, 24)

    plain = drawn(colored)
    assert plain.native.all()
    for name in ("turned", "clusters"):
        changed = drawn(colored, **{name: 1})
        assert not changed.native.any()
        assert torch.equal(changed.seen, plain.seen)
        assert not torch.allclose(changed.chroma, plain.chroma, atol=0.05)
    erased = drawn(masked, erased=1, highlighted=0)
    assert not erased.highlight.any()
    hit = [i for i, boxes in enumerate(erased.grays) if boxes is not None]
    assert hit
    for i in hit:
        assert not erased.native[i]
        for top, left, bottom, right in erased.grays[i]:
            assert not erased.chroma[i, :, top:bottom, left:right].any()
    highlighted = drawn(masked, highlighted=1)
    assert highlighted.highlight.all()
    assert all(len(boxes) for boxes in highlighted.boxes)
    for i, regions in enumerate(highlighted.regions):
        assert not highlighted.chroma[i, :, torch.from_numpy(regions == 0)].any()


def test_a_batch_has_the_units_promised(colored, masked):
    mixture = Mixture([source(colored), source(masked, native=False)], 1)
    batch = mixture.batch(0, 12, 20)
    assert batch.seen.shape == batch.lightness.shape == (12, 1, 20, 20)
    assert batch.chroma.shape == (12, 2, 20, 20)
    for tensor in (batch.seen, batch.lightness):
        assert tensor.dtype == torch.float32
        assert tensor.abs().max() <= 1.0001
    assert batch.chroma.dtype == torch.float32
    assert batch.chroma.abs().max() < 1.2
    assert batch.native.dtype == torch.bool
    assert batch.native.any()
    assert not batch.native.all()


def test_sources_without_weight_or_pictures_are_never_drawn(colored, masked):
    empty = source(colored, drop_last=5)
    mixture = Mixture([empty, source(masked, weight=0.0), source(colored)], 0)
    assert len(mixture.sources) == 1


def test_gray_pictures_without_masks_stay_gray(tmp_path):
    ramp = (np.arange(3600).reshape(60, 60) // 15).astype(np.uint8)
    path = write_tar(tmp_path / "ramp.tar", {"a.png": encoded(Image.fromarray(ramp))})
    batch = Mixture([source(path)], 0).batch(0, 2, 16)
    assert batch.chroma.abs().max() < 1e-3


def test_masks_become_colorings_whose_ground_is_gray_unless_tinted():
    instances = np.zeros((40, 60), np.int32)
    instances[12:28, 6:22], instances[12:28, 36:52] = 1, 700
    lightness = np.full((40, 60), 50, np.float32)
    tinted = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        ab = color_regions(instances, None, lightness, rng)
        assert ab.dtype == np.float32
        rgb = lab_to_srgb(np.concatenate([lightness[..., None], ab], 2)[15:25, 9:19])
        assert rgb.min() > -0.02  # within an object displayable, but for rounding to grays
        assert rgb.max() < 1.02
        ground = ab[:6]  # away from the softened borders
        assert np.ptp(ground, axis=(0, 1)).max() < 1e-4
        tinted.append(bool(np.abs(ground).max() > 1e-3))
        assert np.ptp(ab[17:23, 11:17], axis=(0, 1)).max() < 1e-3  # one colour an object
    assert np.mean(tinted) == pytest.approx(0.8 * 0.45, abs=0.12)


def test_color_fades_towards_black_and_white():
    lightness = np.tile(np.linspace(0, 100, 41, dtype=np.float32), (8, 1))
    instances = np.ones((8, 41), np.int32)
    for seed in range(20):
        ab = color_regions(instances, None, lightness, np.random.default_rng(seed))
        norm = np.hypot(ab[4, :, 0], ab[4, :, 1])
        assert norm[20] >= norm[0] - 1e-4
        assert norm[20] >= norm[40] - 1e-4


@settings(deadline=None, max_examples=30)
@given(
    seed=st.none() | st.integers(0, 2**32 - 1),
    low=st.floats(0, 100, width=32),
    span=st.floats(0, 100, width=32),
)
def test_the_networks_view_is_bounded(seed, low, span):
    noise = np.random.default_rng(0).random((12, 14), np.float32)
    lightness = np.minimum(low + span * noise, np.float32(100))
    jitter = Jitter() if seed is None else draw_jitter(np.random.default_rng(seed))
    view = network_views(torch.from_numpy(lightness)[None], [jitter])[0]
    assert view.dtype == torch.float32
    assert view.shape == lightness.shape
    assert view.isfinite().all()
    assert view.abs().max() <= 1


def test_the_networks_view_fills_its_range():
    lightness = torch.from_numpy(np.random.default_rng(0).uniform(40, 45, (2, 64, 64)))
    views = network_views(lightness.float(), [Jitter(), Jitter(tail=10.0, noise=0.03)])
    for view in views:
        assert view.min() == -1
        assert view.max() == 1
    assert abs(views[0].mean()) < 0.1
    black = [(v == -1).float().mean().item() for v in views]
    assert black[0] == pytest.approx(0.0035, abs=0.003)
    assert black[1] == pytest.approx(0.1, abs=0.06)  # half of the noise lifts it


def test_percentiles_are_the_same_on_every_device():
    values, low = torch.rand(5, 333), [0, 3, 17, 100, 166]
    for one, other in zip(_sorted(values, low), _partitioned(values, low), strict=True):
        assert torch.equal(one, other)
