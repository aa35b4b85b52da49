"""Folders of pictures into checked, de-duplicated, split tar shards."""
