"""Simulated users: where hints are put, how large they are, what they say."""

from abdiffuser_training.hint_sampling.batch import HintBatch, draw_count, hint_batch
from abdiffuser_training.hint_sampling.patches import sample_boxes
from abdiffuser_training.hint_sampling.settings import HintSettings

__all__ = ["HintBatch", "HintSettings", "draw_count", "hint_batch", "sample_boxes"]
