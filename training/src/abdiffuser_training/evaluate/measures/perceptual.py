"""LPIPS, where its package is installed.

torchmetrics and lpips download their weights at run time, which fails without a network. The
package ``stlpips-pytorch`` carries those of a shift-tolerant LPIPS (Ghildyal and Liu 2022) in its
wheel; it also needs torchvision, torchsummary and IPython. It is optional, imported only when
asked for, and parts of its code are for noncommercial use.
"""

from __future__ import annotations

import contextlib
import io
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["lpips"]


@lru_cache(maxsize=1)
def _network() -> Any:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            stlpips = import_module("stlpips_pytorch.stlpips")
            return stlpips.LPIPS(net="alex", variant="shift_tolerant", verbose=False)
    # A torchvision of another build raises RuntimeError while it is imported.
    except (ImportError, RuntimeError, OSError) as error:
        raise InvalidRequest(
            f"LPIPS is not available ({error}). Install it with "
            "'pip install abdiffuser-training[lpips]' and a torchvision that fits torch, "
            "or leave --lpips out."
        ) from error


def lpips(rgb: NDArray[Any], truth: NDArray[Any]) -> float:
    """Perceptual distance of two pictures, AlexNet features; zero is the same.

    Parameters
    ----------
    rgb, truth : ndarray of uint8
        (H, W, 3).

    Raises
    ------
    InvalidRequest
        Saying what to install.
    """
    network = _network()
    import torch

    pair = torch.from_numpy(np.stack([rgb, truth])).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        return float(network(pair[:1], pair[1:]))
