"""RGB layers of results, with the source's transform and with provenance."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from napari.types import LayerDataTuple
    from numpy.typing import NDArray

    from napari_abdiffuser.colorizer.protocols import ResultLike
    from napari_abdiffuser.layers.images import PictureSource

__all__ = ["PROVENANCE_KEY", "image_layer", "result_to_layers"]

# In a layer's metadata: how this picture was made.
PROVENANCE_KEY = "abdiffuser"


def result_to_layers(result: ResultLike, picture: PictureSource) -> list[LayerDataTuple]:
    """Turn a result into layer data: `best` first, then the variations.

    Parameters
    ----------
    result
        Of a colorizer.
    picture
        What was colorized. A slice of a stack gives layers with the stack's leading axes at
        length 1 which lie at that slice alone.

    Returns
    -------
    For every picture its (data, metadata, ``'image'``), as `napari.layers.Layer.create` takes.
    """

    def layer(rgb: NDArray[np.uint8], name: str, output: str | int) -> LayerDataTuple:
        provenance = {**deepcopy(result.provenance), "output": output}
        return image_layer(rgb, f"{picture.name} {name}", provenance, picture)

    variations = enumerate(result.rgb, start=1)
    return [
        layer(result.best, "colorized", "best"),
        *(layer(rgb, f"variation {number}", number) for number, rgb in variations),
    ]


def image_layer(
    rgb: NDArray[np.uint8], name: str, provenance: Mapping[str, Any], picture: PictureSource
) -> LayerDataTuple:
    """Turn one colouring of a picture into layer data.

    Parameters
    ----------
    rgb
        (H, W, 3).
    name
        Of the layer.
    provenance
        How it was made; the picture is added as ``source``.
    picture
        What was colorized; see `result_to_layers`.

    Returns
    -------
    (data, metadata, ``'image'``), as `napari.layers.Layer.create` takes.
    """
    metadata: dict[str, Any] = {
        "name": name,
        # Never left to napari's guess, which fails for pictures up to 30 px wide.
        "rgb": True,
        "metadata": {PROVENANCE_KEY: {**provenance, "source": picture.describe()}},
        **picture.placement.as_kwargs(),
    }
    data: LayerDataTuple = (picture.restack(rgb), metadata, "image")
    return data
