"""Picture files in and out, and atomic writing."""
