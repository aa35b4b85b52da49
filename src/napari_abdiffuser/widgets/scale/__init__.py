"""The pixel size of the chosen image."""
