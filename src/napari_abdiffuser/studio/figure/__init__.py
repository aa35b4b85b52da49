"""Figures for publication: picture, legend, scale bar, caption and provenance."""
