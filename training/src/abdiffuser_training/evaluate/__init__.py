"""Protocols, metrics, baselines and the report: how good a model is, beside what is simple."""
