"""Options, models and preferences."""
