"""A tiny untrained model, for tests of everything that needs some model but not a good one."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def tiny_networks():
    """Untrained networks whose zeros are perturbed, so that every part of them does something."""
    import torch

    from napari_abdiffuser.model.guide.network import SIZES
    from napari_abdiffuser.model.networks import Networks

    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        networks = Networks.fresh(SIZES["tiny"])
        with torch.no_grad():
            for parameter in networks.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
    return networks.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def tiny_model(tiny_networks, tmp_path_factory):
    """The path of a model file."""
    from napari_abdiffuser.weights import write

    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    metadata = {"config": tiny_networks.to_config(), "settings": {"steps": 3, "work_size": 64}}
    write(path, tiny_networks.state_dict(), metadata)
    return path


@pytest.fixture(scope="session")
def tiny_colorizer(tiny_model):
    """A colorizer with the tiny model, on the CPU."""
    from napari_abdiffuser.colorizer import Colorizer

    return Colorizer.load(tiny_model, device="cpu")
