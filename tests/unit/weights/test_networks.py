"""Networks of model files of either kind."""

from __future__ import annotations

import pytest

from napari_abdiffuser.errors import ModelCorrupt
from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.weights import read, resolve
from napari_abdiffuser.weights.networks import is_pixel, networks_of, pixel_networks


@pytest.fixture(scope="module")
def default():
    return read(resolve("default").path)


def test_the_shipped_model_is_a_guided_one(default):
    tensors, metadata = default
    assert not is_pixel(metadata)
    assert isinstance(networks_of(tensors, metadata, "default"), Networks)
    with pytest.raises(ModelCorrupt, match="not a pixel model"):
        pixel_networks(tensors, metadata, "default")


@pytest.mark.parametrize("config", [None, {}, {"guide": 3}])
def test_a_configuration_that_does_not_fit_is_refused(default, config):
    tensors, metadata = default
    with pytest.raises(ModelCorrupt, match=r"m\.safetensors does not fit this version"):
        networks_of(tensors, {**metadata, "config": config}, "m.safetensors")
