"""Hint layers in step with the studio's state."""
