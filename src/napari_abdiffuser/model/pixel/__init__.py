"""The source's pixel U-Net."""
