"""What a colorizer does with bad input, too little memory, and models of all kinds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_abdiffuser import Colorizer, Hints
from napari_abdiffuser.colorizer.coarse import painting
from napari_abdiffuser.colorizer.coarse.painting import sample_maps
from napari_abdiffuser.colorizer.picture import paint
from napari_abdiffuser.errors import (
    DeviceUnavailable,
    InvalidHints,
    InvalidImage,
    InvalidRequest,
    ModelCorrupt,
    ModelNotFound,
    OutOfMemory,
)
from napari_abdiffuser.model.diffusion.anchors import COLOR_SCALE
from napari_abdiffuser.model.diffusion.sampler import SAMPLERS, dpm_solver_2m
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig
from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.options import Background
from napari_abdiffuser.weights import write

RNG = np.random.default_rng(4)
NOISE = RNG.integers(0, 256, (37, 52), dtype=np.uint8)
HINTS = Hints.from_points([[5, 5], [20, 40], [30, 10]], ["red", "#2060e0", "gray"], sizes=5)


def failing_above(most, real):
    """`sample_maps` on a device whose memory is full in the middle of too large a batch."""
    sizes = []

    def sample(encoded, hints, seeds, steps, *, progress, **options):
        sizes.append(len(seeds))
        if len(seeds) > most:
            progress(1, steps)
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return real(encoded, hints, seeds, steps, progress=progress, **options)

    return sample, sizes


def test_smaller_batches_where_memory_runs_out(tiny_colorizer, monkeypatch):
    opened_picture = tiny_colorizer.open(NOISE)
    expected = opened_picture.paint(HINTS, 4)
    sample, sizes = failing_above(1, sample_maps)
    monkeypatch.setattr(paint, "sample_maps", sample)
    done = []
    result = opened_picture.paint(HINTS, 4, progress=lambda d, t: done.append((d, t)))
    assert sizes == [4, 2, 1, 1, 1, 1]
    assert result.rgb.shape == expected.rgb.shape
    assert np.abs(result.rgb.astype(int) - expected.rgb).max() <= 1
    assert sorted(done) == done
    assert done[-1][0] == done[-1][1]


def test_memory_that_does_not_suffice_for_one(tiny_colorizer, monkeypatch):
    monkeypatch.setattr(paint, "sample_maps", failing_above(0, sample_maps)[0])
    with pytest.raises(OutOfMemory, match="choose"):
        tiny_colorizer(NOISE, n_outputs=4)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 5)),
        np.full((4, 4), np.nan),
        np.zeros((4, 4), complex),
        np.zeros((4, 4), object),
        np.zeros((2, 2, 4, 4)),
        np.zeros((4, 4, 7)),
        "picture.png",
        None,
    ],
    ids=["empty", "nan", "complex", "object", "4-D", "seven", "text", "None"],
)
def test_what_is_no_picture(tiny_colorizer, image):
    with pytest.raises(InvalidImage):
        tiny_colorizer(image)


def test_bad_requests_come_from_the_call_too(tiny_colorizer):
    with pytest.raises(InvalidHints):
        tiny_colorizer(NOISE, "x")
    with pytest.raises(InvalidRequest):
        tiny_colorizer(NOISE, n_outputs=65)
    with pytest.raises(InvalidHints):
        tiny_colorizer(NOISE, Hints.from_labels(np.ones((3, 3), int), {1: "red"}))


def test_models_that_cannot_be_loaded(tmp_path, tiny_model, tiny_networks):
    with pytest.raises(ModelNotFound):
        Colorizer.load(tmp_path / "missing.safetensors")
    with pytest.raises(ModelNotFound):
        Colorizer.load("no-such-model")
    with pytest.raises(InvalidRequest):
        Colorizer.load(None)
    half = tmp_path / "half.safetensors"
    half.write_bytes(tiny_model.read_bytes()[:1000])
    with pytest.raises(ModelCorrupt):
        Colorizer.load(half)
    tensors, config = tiny_networks.state_dict(), tiny_networks.to_config()
    less = {k: v for k, v in tensors.items() if k != "upsampler.first.weight"}
    for i, (weights, metadata) in enumerate(
        [
            (less, {"config": config}),
            (tensors, {}),
            (tensors, {"config": {**config, "guide": None}}),
            (tensors, {"config": config, "settings": 3}),
        ]
    ):
        path = tmp_path / f"{i}.safetensors"
        write(path, weights, metadata)
        with pytest.raises(ModelCorrupt, match="fetch it again"):
            Colorizer.load(path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there(tiny_model):
    with pytest.raises(DeviceUnavailable):
        Colorizer.load(tiny_model, device="cuda")


def test_a_known_token_comes_out_as_its_color(tiny_colorizer, monkeypatch):
    opened_picture = tiny_colorizer.open(NOISE)
    tokens = opened_picture.tokens(HINTS)
    ends = []

    def watched(*args, **options):
        ends.append(dpm_solver_2m(*args, **options))
        return ends[-1]

    monkeypatch.setitem(SAMPLERS, "dpm++2m", watched)
    maps = painting.sample_maps(
        opened_picture.encoded, tokens, [1, 2], 4, background=Background.AUTO
    )
    assert maps.shape == (2, 2, *opened_picture.encoded.shape)
    known = ends[0][:, tiny_colorizer.model.networks.anchors.config.count :] / COLOR_SCALE
    torch.testing.assert_close(known, tokens.colors.expand(2, -1, -1))


def test_a_distilled_model_is_sampled_at_its_own_times(tiny_colorizer, monkeypatch):
    opened_picture = tiny_colorizer.open(NOISE)
    networks = tiny_colorizer.model.networks
    times = (1.0, 0.768, 0.0)
    monkeypatch.setattr(networks, "sampling", SamplerConfig("ddim", 2, times))
    assert Networks.from_config(networks.to_config(), networks.state_dict()).sampling.times == times
    asked = []
    hook = networks.anchors.register_forward_pre_hook(lambda _, x: asked.append(float(x[1][0])))
    opened_picture.paint(n_outputs=1, steps=2)
    hook.remove()
    assert asked == pytest.approx(times[:-1])
