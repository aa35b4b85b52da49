"""Simulated users: where hints are put, how large they are, what they say."""

from abdiffuser_training.hint_sampling.batch import HintBatch, draw_count, hint_batch, sample_marks
from abdiffuser_training.hint_sampling.marks import Marks
from abdiffuser_training.hint_sampling.patches import sample_boxes
from abdiffuser_training.hint_sampling.settings import KINDS, HintSettings

__all__ = [
    "KINDS",
    "HintBatch",
    "HintSettings",
    "Marks",
    "draw_count",
    "hint_batch",
    "sample_boxes",
    "sample_marks",
]
