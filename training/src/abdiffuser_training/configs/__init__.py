"""Configurations that come with the package; ``abdiffuser-train fit NAME`` finds them."""
