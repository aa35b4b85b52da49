"""A pixel model through the product's interface."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab

from napari_abdiffuser import Colorizer, Hints
from napari_abdiffuser.colorizer.baseline.hint_map import pixel_hint_map
from napari_abdiffuser.colorizer.baseline.picture import PixelModel
from napari_abdiffuser.colorizer.protocols import with_guide
from napari_abdiffuser.errors import Cancelled, InvalidRequest, ModelCorrupt
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig
from napari_abdiffuser.model.pixel.networks import PixelNetworks
from napari_abdiffuser.model.pixel.unet import UNetConfig
from napari_abdiffuser.weights import read, write
from napari_abdiffuser.weights.networks import write_pixel

SMALL = UNetConfig(dim=8, multipliers=(1, 2), heads=1, head_dim=8, groups=4)
GRAY = np.random.default_rng(0).integers(40, 200, (20, 31), np.uint8)
HINTS = Hints.from_points([[5, 6], [14, 20]], ["#b06040", "#808080"], sizes=[3, 4])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "pixel.safetensors"
    networks = PixelNetworks(SMALL, sampling=SamplerConfig("ancestral", 3))
    write_pixel(path, networks, {}, work_size=32)
    return path


@pytest.fixture(scope="module")
def colorizer(path):
    return Colorizer.load(path, device="cpu")


def test_lightness_and_hints_are_kept_and_bytes_repeat(colorizer):
    assert isinstance(colorizer.model, PixelModel)
    assert (colorizer.default_steps, colorizer.work_size) == (3, 32)
    result = colorizer(GRAY, HINTS, n_outputs=2, seed=4)
    assert result.rgb.shape == (2, *GRAY.shape, 3)
    light = rgb2lab(np.repeat(GRAY[..., None], 3, 2))[..., 0]
    for rgb in (result.best, *result.rgb):
        assert np.abs(rgb2lab(rgb)[..., 0] - light).max() < 0.6
        assert np.hypot(*rgb2lab(rgb[14, 20])[1:]) < 4
        asked = rgb2lab(np.array([[0xB0, 0x60, 0x40]], np.uint8) / 255)[0]
        asked[0] = light[5, 6]
        assert deltaE_ciede2000(rgb2lab(rgb[5, 6] / 255.0), asked) < 3
    again = colorizer(GRAY, HINTS, n_outputs=2, seed=4)
    assert np.array_equal(again.rgb, result.rgb)
    assert np.array_equal(again.best, result.best)
    assert not np.array_equal(result.rgb[0], result.rgb[1])
    assert result.chroma.shape == (2, *GRAY.shape, 2)
    assert result.provenance["steps"] == 3
    assert result.provenance["model"]["name"] == "pixel"


def test_at_its_own_size_every_pixel_has_what_the_network_gave(colorizer):
    chroma = colorizer(GRAY, n_outputs=1, seed=1).chroma[0]
    # An untrained network's samples are speckle: a smooth enlargement would have halved this.
    assert np.abs(np.diff(chroma, axis=1)).mean() > 0.5 * np.abs(chroma).mean()


@pytest.mark.parametrize("shape", [(1, 1), (70, 45), (3, 200)])
def test_any_size(colorizer, shape):
    image = np.resize(GRAY, shape)
    hints = Hints.from_points([[0, 0]], ["red"], sizes=1)
    result = colorizer(image, hints, n_outputs=1)
    assert result.rgb.shape == (1, *shape, 3)


def test_progress_and_cancel(colorizer):
    seen = []
    colorizer(GRAY, n_outputs=2, steps=4, progress=lambda *at: seen.append(at))
    assert seen[-1][0] == seen[-1][1]
    assert len(seen) >= 5
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    calls = []

    def cancel():
        calls.append(1)
        return len(calls) > 3

    with pytest.raises(Cancelled):
        colorizer(GRAY, cancel=cancel)


def test_what_needs_a_guide_says_so(colorizer):
    picture = colorizer.open(GRAY)
    picture.prepare()
    with pytest.raises(InvalidRequest, match="gray hints"):
        picture.paint(HINTS, background="gray")
    with pytest.raises(InvalidRequest, match="'default'"):
        with_guide(picture)


def test_a_hint_is_drawn_as_it_was_trained_with():
    light = np.full((20, 30), 50.0, np.float32)
    mask = np.zeros((20, 30), bool)
    mask[10:14, 10:14] = True
    labels = np.where(mask, 1, 0)
    hints = HINTS + Hints.from_labels(labels, {1: "#406080"})
    drawn = pixel_hint_map(hints, light, (20, 30))
    rows, columns = HINTS.points[1].patch((20, 30))
    assert drawn[2].sum() == 9 + 16 + 16 - mask[rows, columns].sum()
    assert np.abs(drawn[:2, rows, columns]).max() < 1e-3  # gray, and told from no hint
    assert (drawn[2, rows, columns] == 1).all()
    assert len(np.unique(drawn[0, 4:7, 5:8])) == 1
    half = pixel_hint_map(Hints.from_points([[19, 29]], ["red"], sizes=1), light, (5, 7))
    assert half[2].sum() == 1
    assert half[2, -1, -1] == 1
    excluded = np.zeros((20, 30), bool)
    excluded[:, 15:] = True
    assert pixel_hint_map(HINTS, light, (20, 30), excluded)[2].sum() == 9


def test_a_damaged_pixel_model(path, tmp_path):
    tensors, metadata = read(path)
    tensors.popitem()
    write(tmp_path / "less.safetensors", tensors, metadata)
    with pytest.raises(ModelCorrupt):
        Colorizer.load(tmp_path / "less.safetensors", device="cpu")
