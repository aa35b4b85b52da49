"""Functions on arrays: lightness, colour spaces and hints; no torch and no napari."""
