"""Areas of classes."""
