"""A result → napari RGB layers that lie where their source lies and know how they were made."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from napari.types import LayerDataTuple
    from numpy.typing import NDArray

    from napari_abdiffuser.colorizer.protocols import ResultLike
    from napari_abdiffuser.layers.images import PictureSource

__all__ = ["PROVENANCE_KEY", "result_to_layers"]

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
    layers = [_layer(result.best, f"{picture.name} colorized", "best", result, picture)]
    layers.extend(
        _layer(rgb, f"{picture.name} variation {number}", number, result, picture)
        for number, rgb in enumerate(result.rgb, start=1)
    )
    return layers


def _layer(
    rgb: NDArray[np.uint8],
    name: str,
    output: str | int,
    result: ResultLike,
    picture: PictureSource,
) -> LayerDataTuple:
    provenance = deepcopy(result.provenance)
    provenance["output"] = output
    provenance["source"] = {"layer": picture.name, "index": list(picture.index)}
    metadata: dict[str, Any] = {
        "name": name,
        # Never left to napari's guess, which fails for pictures up to 30 px wide.
        "rgb": True,
        "metadata": {PROVENANCE_KEY: provenance},
        **picture.placement.as_kwargs(),
    }
    data: LayerDataTuple = (picture.restack(rgb), metadata, "image")
    return data
