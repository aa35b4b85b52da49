"""The plugin's one reader: its own files, those of microscopes, and all others as napari does.

napari chooses readers by the endings of files alone, and asks where several plugins share one.
An answer can be remembered for an ending, which only helps if it is right for every such file:
so this reader leaves nothing unread. It is one, as npe2 tries several of a plugin in no order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.layers.readers import own_files, sem

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

__all__ = ["as_napari_does", "get_reader"]


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[LayerDataTuple]]:
    """Return the reader that suits a file.

    Parameters
    ----------
    path
        One path, or a list of those to stack.
    """
    return own_files.get_reader(path) or sem.get_reader(path) or as_napari_does


def as_napari_does(path: str | Sequence[str]) -> list[LayerDataTuple]:
    """Read with napari's own reader, as if the plugin were not there.

    Parameters
    ----------
    path
        One path, or a list of those to stack.
    """
    import npe2

    several = not isinstance(path, str)
    paths = list(path) if several else [str(path)]
    layers: Any = npe2.read(paths, stack=several, plugin_name="napari")
    return list(layers)
