"""Training, measuring and synthetic data for napari-abdiffuser."""

from __future__ import annotations
