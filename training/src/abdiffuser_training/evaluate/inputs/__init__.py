"""Pictures, scenes and hints of the protocols."""
