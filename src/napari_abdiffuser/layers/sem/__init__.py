"""What scanning electron microscopes write into their pictures, and beside them."""

from __future__ import annotations

from napari_abdiffuser.layers.sem.info import SemInfo
from napari_abdiffuser.layers.sem.read import get_reader, layer_data, sem_info

__all__ = ["SemInfo", "get_reader", "layer_data", "sem_info"]
