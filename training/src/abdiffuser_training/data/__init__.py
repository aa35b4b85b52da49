"""Shards and folders of pictures, as crops for training."""
