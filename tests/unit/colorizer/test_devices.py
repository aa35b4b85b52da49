"""Choosing a device, and saying why."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser.colorizer.devices import choose_device
from napari_abdiffuser.errors import DeviceUnavailable, InvalidRequest


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU {device.index}")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)


def test_without_a_gpu_auto_is_the_cpu_and_says_so(no_gpu):
    placement = choose_device("auto")
    assert placement.device == torch.device("cpu")
    assert "no GPU" in placement.reason
    assert "thread" in placement.reason


def test_the_cpu_can_be_asked_for_where_there_is_a_gpu(two_gpus):
    placement = choose_device("cpu")
    assert placement.device.type == "cpu"
    assert "asked for" in placement.reason


@pytest.mark.parametrize("device", ["CPU", "Cpu", torch.device("cpu"), torch.device("cpu", 0)])
def test_capitals_and_torchs_own_devices_are_understood(two_gpus, device):
    assert choose_device(device).device == torch.device("cpu")


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("auto", 0),
        ("AUTO", 0),
        ("cuda", 0),
        ("cuda:1", 1),
        ("CUDA:1", 1),
        (torch.device("cuda"), 0),
        (torch.device("cuda:1"), 1),
    ],
)
def test_a_gpu_is_found_and_named(two_gpus, name, index):
    placement = choose_device(name)
    assert placement.device == torch.device("cuda", index)
    assert placement.precision == torch.bfloat16
    assert f"GPU {index}" in placement.reason


def test_an_old_gpu_works_in_float32(two_gpus, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert choose_device("auto").precision == torch.float32


def test_a_gpu_that_is_not_there(two_gpus):
    with pytest.raises(DeviceUnavailable, match=r"'cuda:2'.*2 CUDA GPU.*choose"):
        choose_device("cuda:2")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_no_gpu_at_all(no_gpu, name):
    with pytest.raises(DeviceUnavailable, match="choose device='auto' or 'cpu'"):
        choose_device(name)


@pytest.mark.parametrize(
    "name", ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:²", "mps:0", "CPU ", None, 0, []]
)
def test_what_is_no_device(name):
    with pytest.raises(InvalidRequest, match="device"):
        choose_device(name)


def test_a_torch_that_cannot_tell_the_cpus_instructions(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert choose_device("cpu").precision == torch.float32
