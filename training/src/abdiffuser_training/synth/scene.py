"""What a synthetic picture is: gray values and the exact regions they came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scene:
    """A rendered micrograph with its exact regions.

    Attributes
    ----------
    gray : NDArray[np.uint8]
        (H, W) picture as a microscope would save it.
    instances : NDArray[np.int32]
        (H, W) 0 = ground, 1 … N = the object seen at the pixel centre; no number is skipped.
    classes : NDArray[np.int32]
        (H, W) 0 = ground, k = ``class_names[k]``; constant within an instance.
    class_names : tuple[str, ...]
        Names by class number; the first is ``'ground'``.
    depth : NDArray[np.float32]
        (H, W) height of the visible surface in pixels, larger is nearer to the lens.
    printed : NDArray[np.bool_] | None
        (H, W) where a data bar or scale bar covers the picture; ground in both maps.
    """

    gray: NDArray[np.uint8]
    instances: NDArray[np.int32]
    classes: NDArray[np.int32]
    class_names: tuple[str, ...]
    depth: NDArray[np.float32]
    printed: NDArray[np.bool_] | None = None

    @property
    def n_instances(self) -> int:
        """Number of objects of which at least one pixel is visible."""
        return int(self.instances.max(initial=0))
