"""What scanning electron microscopes write into their pictures, and beside them."""

from __future__ import annotations

from napari_abdiffuser.files.sem.info import SemInfo
from napari_abdiffuser.files.sem.read import data_bar_of, get_reader, layer_data, sem_info

__all__ = ["SemInfo", "data_bar_of", "get_reader", "layer_data", "sem_info"]
