"""The document of a picture, its history and the studio's state."""
