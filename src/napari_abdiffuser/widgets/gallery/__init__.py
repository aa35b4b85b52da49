"""The gallery of variations."""
