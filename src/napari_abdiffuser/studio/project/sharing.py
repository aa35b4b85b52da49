"""A state's classes and hints as a project, and a project on another picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_abdiffuser.errors import InvalidFile, InvalidRequest
from napari_abdiffuser.studio.document.document import Corrections, Document
from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.studio.project.fitting import fitted
from napari_abdiffuser.studio.project.project import Project

__all__ = ["apply_project", "project_of"]


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


def apply_project(
    state: StudioState, project: Project, *, scaled: bool = True
) -> tuple[StudioState, int]:
    """Use a project's classes, hints and corrections on this picture; one step of undo.

    Parameters
    ----------
    project
        Of this picture or another. Hints of its slices go to the same slices where this
        stack has them; those of a single picture to the slice that is worked on.
    scaled
        See `fitting.fitted`.

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
        inside, lost = fitted(hints, project.shape, state.picture.shape, scaled=scaled)
        document, left_out = document.set_hints(inside, target), left_out + lost
    return state.commit(document, "Apply project"), left_out
