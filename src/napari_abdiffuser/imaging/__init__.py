"""Arrays in, arrays out: lightness, colour spaces, hints and tiles. No torch, no napari."""
