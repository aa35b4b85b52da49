"""Square patches, as clicks are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.hint_sampling.settings import HintSettings

__all__ = ["sample_boxes"]


def sample_boxes(
    size: int, count: int, settings: HintSettings, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw the patches of one picture.

    Parameters
    ----------
    size : int
        Side of the picture, pixels.
    count : int
        Number of hints.
    settings : HintSettings
        Sizes, and the share of pictures that get none after all.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        (N, 4): top, left, bottom, right; places uniform, all within the picture.
    """
    if rng.random() < settings.none:
        return np.zeros((0, 4), np.int64)
    side = rng.integers(settings.sizes[0], settings.sizes[1] + 1, size=count)
    corner = (rng.random((count, 2)) * (size - side + 1)[:, None]).astype(np.int64)
    return np.concatenate([corner, corner + side[:, None]], 1)
