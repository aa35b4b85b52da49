"""Classes, their colours and palettes."""
