"""The legend's widgets."""
