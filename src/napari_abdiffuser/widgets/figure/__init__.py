"""Figure export."""
