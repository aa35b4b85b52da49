"""Micrograph of the package, and hints for it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["micrograph", "micrograph_hints_path"]


def micrograph() -> NDArray[np.uint8]:
    """Read the synthetic micrograph: pollen, bacteria, beads and threads on a filter.

    Returns
    -------
    NDArray[np.uint8]
        (768, 1024) gray values; a new array at every call.
    """
    import imageio.v3 as iio
    import numpy as np

    data = resources.files(__name__).joinpath("micrograph.png").read_bytes()
    return np.ascontiguousarray(iio.imread(data, extension=".png"), dtype=np.uint8)


def micrograph_hints_path() -> Path:
    """Locate the hints that belong to `micrograph`.

    Returns
    -------
    Path
        A file in the hints.json format.
    """
    # Wheels are unpacked when they are installed, so the resource is a plain file.
    return Path(str(resources.files(__name__).joinpath("micrograph-hints.json")))
