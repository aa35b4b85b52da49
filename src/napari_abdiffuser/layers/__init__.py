"""napari layers to and from arrays, hints and results: the only floor that knows both; no Qt."""
