"""The source's pixel model behind the paint-only protocol."""
