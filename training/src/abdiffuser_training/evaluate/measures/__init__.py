"""Metrics and records of measurements."""
