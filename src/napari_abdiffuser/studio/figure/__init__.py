"""The figure of a paper: picture, legend, scale bar, caption, and where it comes from."""
