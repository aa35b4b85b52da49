"""Exceptions of the package; each message says what went wrong and what to do next."""

from __future__ import annotations

__all__ = [
    "ABDiffuserError",
    "Cancelled",
    "DeviceUnavailable",
    "InvalidFile",
    "InvalidHints",
    "InvalidImage",
    "InvalidRequest",
    "ModelCorrupt",
    "ModelNotFound",
    "OutOfMemory",
]


class ABDiffuserError(Exception):
    """Everything this package raises on purpose; catch it to catch all kinds."""


class InvalidImage(ABDiffuserError, ValueError):
    """The image cannot be colorized: its shape, type or values are not those of a picture."""


class InvalidFile(ABDiffuserError, ValueError):
    """A palette, project, settings or figure file cannot be read or written."""


class InvalidHints(ABDiffuserError, ValueError):
    """Hints do not fit the picture, are malformed, or their file cannot be read."""


class InvalidRequest(ABDiffuserError, ValueError):
    """An option has a wrong type or value, such as a negative number of outputs."""


class ModelNotFound(ABDiffuserError, LookupError):
    """No model of this name is registered, or its file is not where it was looked for."""


class ModelCorrupt(ABDiffuserError):
    """A model file is damaged, incomplete, or not one of this package's."""


class DeviceUnavailable(ABDiffuserError):
    """The device asked for does not exist on this machine."""


class OutOfMemory(ABDiffuserError):
    """The work does not fit into memory, even in the smallest pieces."""


class Cancelled(ABDiffuserError):
    """The caller asked to stop; nothing was produced."""
