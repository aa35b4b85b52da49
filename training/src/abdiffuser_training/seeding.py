"""Random numbers that depend on what they are for, not on who asks for them or when."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["Purpose", "generator"]


class Purpose(IntEnum):
    """What random numbers are for; never zero, which a seed sequence pads with."""

    CROP = 1
    HINTS = 2
    COUNT = 3
    SHARDS = 4
    STREAM = 5
    NOISE = 6


def generator(purpose: Purpose, seed: int, *place: int) -> np.random.Generator:
    """Make the generator of one purpose at one place, such as (step, index in the global batch).

    Parameters
    ----------
    purpose : Purpose
        What it is for: different purposes never share numbers.
    seed : int
        Of the training; not negative.
    *place : int
        Where in the training; not negative.

    Returns
    -------
    numpy.random.Generator
        The same for the same arguments, on any rank, in any order.
    """
    return np.random.default_rng((int(purpose), len(place), seed, *place))
