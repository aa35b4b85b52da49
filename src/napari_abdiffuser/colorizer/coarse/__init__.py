"""Colors on the guide's map: hint field, sampling, inpainting and class maps."""
