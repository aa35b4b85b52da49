"""Choice of device and precision, and the reason for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from napari_abdiffuser.errors import DeviceUnavailable, InvalidRequest

__all__ = ["DeviceChoice", "choose_device"]


@dataclass(frozen=True)
class DeviceChoice:
    """A device and the precision of the encoder there.

    Attributes
    ----------
    device : torch.device
        Where tensors live.
    precision : torch.dtype
        Of the encoder's convolutions; everything behind them is float32.
    reason : str
        Why this device, for the user.
    """

    device: torch.device
    precision: torch.dtype
    reason: str


def choose_device(name: str | torch.device) -> DeviceChoice:
    """Find the device that a user means.

    Parameters
    ----------
    name : str or torch.device
        'auto', 'cpu', 'cuda', 'cuda:N' or 'mps', in capitals or not.

    Returns
    -------
    DeviceChoice

    Raises
    ------
    DeviceUnavailable
        If the device asked for does not exist here.
    InvalidRequest
        If the name is not one of these.
    """
    if isinstance(name, torch.device):
        name = str(name) if name.type == "cuda" else name.type  # there is one CPU, and one mps
    if not isinstance(name, str):
        raise InvalidRequest(f"device is a name such as 'auto', 'cuda' or 'cpu', not {name!r}.")
    name = name.lower()
    if name == "auto":
        if torch.cuda.is_available():
            return _cuda(torch.device("cuda:0"), "a CUDA GPU was found")
        if torch.backends.mps.is_available():
            return DeviceChoice(torch.device("mps"), torch.float32, "an Apple GPU was found")
        return _cpu(f"no GPU that torch {torch.__version__} can use was found")
    if name == "cpu":
        return _cpu("it was asked for")
    kind, _, number = name.partition(":")
    if kind == "mps" and not number:
        if torch.backends.mps.is_available():
            return DeviceChoice(torch.device("mps"), torch.float32, "it was asked for")
        raise DeviceUnavailable(
            "There is no Apple GPU that torch can use here: choose device='auto' or 'cpu'."
        )
    if kind == "cuda" and (number.isdecimal() or name == "cuda"):
        index = int(number or 0)
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if index < count:
            return _cuda(torch.device("cuda", index), "it was asked for")
        found = f"{count} CUDA GPU(s)" if count else "no CUDA GPU"
        raise DeviceUnavailable(
            f"{name!r} was asked for, but torch {torch.__version__} finds {found}: choose "
            "device='auto' or 'cpu', or install the torch build for your GPU (pytorch.org)."
        )
    raise InvalidRequest(f"{name!r} is no device: choose 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'.")


def _cuda(device: torch.device, reason: str) -> DeviceChoice:
    precision = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return DeviceChoice(device, precision, f"{reason}: {torch.cuda.get_device_name(device)}")


def _cpu(reason: str) -> DeviceChoice:
    # Without these instructions bfloat16 is emulated, and slower than float32.
    # A torch that has no way to tell gets what always works.
    tell: Callable[[], dict[str, Any]] = getattr(torch.cpu, "get_capabilities", dict)
    capabilities = tell()
    fast = bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    precision = torch.bfloat16 if fast else torch.float32
    threads = torch.get_num_threads()
    used = f"{threads} thread" if threads == 1 else f"{threads} threads"
    return DeviceChoice(torch.device("cpu"), precision, f"{reason}; {used}")
