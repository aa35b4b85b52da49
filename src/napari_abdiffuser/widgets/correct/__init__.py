"""Corrections of a colouring."""
