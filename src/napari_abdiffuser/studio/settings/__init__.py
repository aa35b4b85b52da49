"""Preferences, presets and remembered folders."""
