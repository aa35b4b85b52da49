"""Distillation to few sampling steps."""
