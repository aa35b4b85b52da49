"""Guide network: features, attention, propagation and trend."""
