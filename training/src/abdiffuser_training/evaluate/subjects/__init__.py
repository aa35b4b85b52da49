"""Models and baselines under evaluation."""
