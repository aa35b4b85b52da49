"""Project file: classes, hints and settings of a picture."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_abdiffuser.errors import InvalidFile, InvalidHints, InvalidRequest
from napari_abdiffuser.files.atomic import read_json, write_json
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.document.document import Corrections, Document
from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.studio.gallery import Variation, thumbnail
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.project.fitting import fitted
from napari_abdiffuser.studio.region_fix import RegionFix, decoded, encoded
from napari_abdiffuser.studio.slices import Index

__all__ = ["SUFFIX", "Project", "apply_project", "is_project", "project_of"]

SUFFIX = ".abdiffuser.json"


_FORMAT, _VERSION = "abdiffuser-project", 1
_KNOWN = (
    "format",
    "version",
    "picture",
    "classes",
    "slices",
    "settings",
    "provenance",
    "fixes",
    "kept",
)


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
    fixes : mapping of index to tuple of RegionFix
    kept : tuple of Variation
        The starred colourings. As fixes, they are of the very picture that was saved.
    """

    legend: Legend
    slices: Mapping[Index, Hints]
    shape: tuple[int, int]
    name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    fixes: Mapping[Index, tuple[RegionFix, ...]] = field(default_factory=dict)
    kept: tuple[Variation, ...] = ()

    @property
    def pictures(self) -> dict[Index, set[str]]:
        """Digests of lightness that fixes and kept colourings tell, by slice."""
        found: dict[Index, set[str]] = {}
        for index, fixes in self.fixes.items():
            found.setdefault(index, set()).update(fix.source for fix in fixes)
        for variation in self.kept:
            found.setdefault(variation.index, set()).add(source_digest(variation.provenance))
        return found

    def of_pictures(self, digests: Mapping[Index, str]) -> Project:
        """Leave fixes and kept colourings out that are not of these pictures.

        Parameters
        ----------
        digests
            Of the lightness of the slices; those that are not there are left out.
        """
        fixes = {
            index: tuple(fix for fix in each if fix.source and fix.source == digests.get(index))
            for index, each in self.fixes.items()
        }
        kept = tuple(
            v for v in self.kept if source_digest(v.provenance) == digests.get(v.index, "-")
        )
        return replace(self, fixes={i: each for i, each in fixes.items() if each}, kept=kept)

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
            **_listed("fixes", _fix_items(self.fixes)),
            **_listed("kept", [_kept_item(v) for v in self.kept if v.rgb is not None]),
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
                _read_fixes(data.get("fixes", [])),
                tuple(_read_kept(n, item) for n, item in enumerate(data.get("kept", []), 1)),
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


def source_digest(provenance: Mapping[str, Any]) -> str:
    """Return the digest of what was colorized; '' where it is not told."""
    told = provenance.get("input")
    return str(told.get("lightness_sha256", "")) if isinstance(told, Mapping) else ""


def _listed(key: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: items} if items else {}


def _fix_items(fixes: Mapping[Index, tuple[RegionFix, ...]]) -> list[dict[str, Any]]:
    return [
        {"index": list(index), **fix.to_dict()} for index, each in fixes.items() for fix in each
    ]


def _read_fixes(items: Any) -> dict[Index, tuple[RegionFix, ...]]:
    fixes: dict[Index, tuple[RegionFix, ...]] = {}
    for item in items:
        index = tuple(int(i) for i in item["index"])
        fixes[index] = (*fixes.get(index, ()), RegionFix.from_dict(item))
    return fixes


def _kept_item(variation: Variation) -> dict[str, Any]:
    return {
        "index": list(variation.index),
        "seed": variation.seed,
        "output": variation.output,
        "pixels": encoded(np.asarray(variation.rgb)),
        "provenance": dict(variation.provenance),
    }


def _read_kept(number: int, item: Mapping[str, Any]) -> Variation:
    rgb, provenance = decoded(item["pixels"]), dict(item["provenance"])
    hints = provenance.get("hints")
    return Variation(
        number,
        int(item["seed"]),
        "best" if item["output"] == "best" else int(item["output"]),
        thumbnail(rgb),
        rgb,
        starred=True,
        provenance=provenance,
        index=tuple(int(i) for i in item["index"]),
        hints=Hints.from_dict(hints) if isinstance(hints, Mapping) else None,
    )


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
        fixes=state.document.fixes,
        kept=state.gallery.kept,
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
        fixes={**state.document.fixes, **project.fixes},
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
