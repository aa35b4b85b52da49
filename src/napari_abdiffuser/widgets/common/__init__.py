"""Widgets and helpers that several rooms use."""
