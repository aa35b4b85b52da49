"""Project file: classes, hints and settings of a picture."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_abdiffuser.errors import InvalidFile, InvalidHints, InvalidRequest
from napari_abdiffuser.files.atomic import read_json, write_json
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.document.document import Corrections, Document
from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.project.fitting import fitted
from napari_abdiffuser.studio.slices import Index

__all__ = ["SUFFIX", "Project", "apply_project", "is_project", "project_of"]

SUFFIX = ".abdiffuser.json"


_FORMAT, _VERSION = "abdiffuser-project", 1
_KNOWN = ("format", "version", "picture", "classes", "slices", "settings", "provenance")


@dataclass(frozen=True)
class Project:
    """What colours a picture, without the picture.

    Attributes
    ----------
    legend : Legend
    slices : mapping of index to Hints
        Hints by the slice of a stack they belong to; ``{(): hints}`` for a single picture.
    shape : (int, int)
        Height and width of the picture in pixels.
    name : str
        Of the picture.
    settings : mapping
        Options of the run and corrections, JSON-serializable.
    provenance : mapping
        Of the result that was shown, if any: model, seed, versions.
    extra : mapping
        Keys of the file that this version does not know; they are written back.
    """

    legend: Legend
    slices: Mapping[Index, Hints]
    shape: tuple[int, int]
    name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hints(self) -> Hints:
        """Those of the single picture, or of the first slice that has any."""
        return next((h for _, h in sorted(self.slices.items()) if len(h)), Hints())

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-serializable values.

        Raises
        ------
        InvalidHints
            A hint cannot be written.
        """
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "picture": {"name": self.name, "shape": list(self.shape)},
            "classes": self.legend.to_list(),
            "slices": [
                {"index": list(index), "hints": hints.to_dict()}
                for index, hints in sorted(self.slices.items())
            ],
            "settings": dict(self.settings),
            "provenance": dict(self.provenance),
            **self.extra,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Project:
        """Read what `to_dict` gave.

        Raises
        ------
        InvalidFile
            It does not follow the format, or was written by a newer version.
        """
        if data.get("format") != _FORMAT:
            raise InvalidFile(f'This is not a project: it must have "format": "{_FORMAT}".')
        if type(data.get("version")) is not int or data["version"] > _VERSION:
            raise InvalidFile("The project was written by a newer version: update the plugin.")
        try:
            picture = dict(data["picture"])
            height, width = (int(n) for n in picture["shape"])
            if min(height, width) < 1:
                raise ValueError('"shape" must be two positive numbers')
            slices = {
                tuple(int(i) for i in item["index"]): Hints.from_dict(item["hints"])
                for item in data["slices"]
            }
            return cls(
                Legend.from_list(data["classes"]),
                slices,
                (height, width),
                str(picture.get("name", "")),
                dict(data.get("settings", {})),
                dict(data.get("provenance", {})),
                {k: v for k, v in data.items() if k not in _KNOWN},
            )
        except (InvalidHints, KeyError, TypeError, ValueError) as error:
            raise InvalidFile(f"The project is malformed ({error}): save it again.") from error

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a project file: completely, or not at all.

        Returns
        -------
        Path
            Where it is: the path with `SUFFIX` if it had no such ending.

        Raises
        ------
        InvalidFile, InvalidHints
            It cannot be written.
        """
        target = Path(path)
        if not target.name.endswith(".json"):
            target = target.with_name(target.name + SUFFIX)
        write_json(target, self.to_dict(), "project")
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Project:
        """Read a project file.

        Raises
        ------
        InvalidFile
            It cannot be read or is not a project.
        """
        return cls.from_dict(read_json(path, "project"))


def is_project(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that it is a project, for napari's reader."""
    return os.fspath(path).lower().endswith(SUFFIX)


def project_of(
    state: StudioState,
    settings: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Project:
    """Return all that colours the picture, to save it or to use it on others.

    Raises
    ------
    InvalidRequest
        No picture is chosen.
    """
    if state.picture is None:
        raise InvalidRequest("There is no picture yet: choose an image first.")
    corrections = {"corrections": state.corrections.to_dict()}
    return Project(
        state.legend,
        dict(state.document.slices),
        state.picture.shape,
        state.picture.name,
        {**(settings or {}), **corrections},
        provenance or {},
    )


def apply_project(state: StudioState, project: Project) -> tuple[StudioState, int]:
    """Use a project's classes, hints and corrections on this picture; one step of undo.

    Parameters
    ----------
    project
        Of this picture or another. Hints of its slices go to the same slices where this
        stack has them; those of a single picture to the slice that is worked on.

    Returns
    -------
    (StudioState, int)
        And how many hints were left out, being outside.

    Raises
    ------
    InvalidRequest, InvalidFile
        No picture is chosen, or the project's corrections cannot be read.
    """
    if state.picture is None:
        raise InvalidRequest("There is no picture yet: choose an image first.")
    given = project.settings.get("corrections", {})
    if not isinstance(given, Mapping):
        raise InvalidFile("The project's corrections are malformed: save it again.")
    document = Document(
        legend=project.legend,
        corrections=Corrections.from_dict(given),
        colouring=state.document.colouring,
        discards=state.document.discards,
    )
    left_out = 0
    for index, hints in project.slices.items():
        target = index if state.has_slice(index) else state.index if index == () else None
        if target is None:
            left_out += len(hints)
            continue
        inside, lost = fitted(hints, project.shape, state.picture.shape)
        document, left_out = document.set_hints(inside, target), left_out + lost
    return state.commit(document, "Apply project"), left_out
