"""Training of a model, stage by stage, and its export."""
