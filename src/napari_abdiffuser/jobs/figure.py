"""Figures made in a worker thread: small ones to look at, whole ones for the file. No Qt."""

from __future__ import annotations
