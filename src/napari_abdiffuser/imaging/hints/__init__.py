"""Colour hints: points, strokes and regions, and their JSON format."""

from __future__ import annotations

from napari_abdiffuser.imaging.hints.hints import Hints, PointHint, RegionHint

__all__ = ["Hints", "PointHint", "RegionHint"]
