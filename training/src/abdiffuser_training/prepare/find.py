"""Which files there are: pictures, and the masks that belong to them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from abdiffuser_training.prepare.settings import Settings
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Found", "find_pictures"]

# Files that are no pictures and belong to datasets all the same; everything else is tried.
_TEXT = "txt md rst json jsonl yaml yml xml csv tsv html htm ini cfg log py ipynb m"
_BINARY = (
    "pdf doc docx xls xlsx mat npy npz h5 hdf5 zip tar gz 7z rar db mp4 avi mov hdr pt url lnk"
)
_OTHER = frozenset(f".{kind}" for kind in f"{_TEXT} {_BINARY} safetensors part".split())
_MASK_TYPES = (".png", ".tif", ".tiff", ".bmp", ".gif")
_ROLES = ("mask", "class")


@dataclass(frozen=True)
class Found:
    """A file that may be a picture.

    Attributes
    ----------
    name : str
        Number of its source and its path in it, with forward slashes: the same on every machine.
    path : Path
        The file.
    mask, classes : Path | None
        Instance and class numbers that belong to it.
    """

    name: str
    path: Path
    mask: Path | None = None
    classes: Path | None = None

    def stamp(self) -> list[int]:
        """Sizes and times of change of its files, by which a later run knows them again."""
        stamp: list[int] = []
        for path in (self.path, self.mask, self.classes):
            status = path.stat() if path else None
            stamp += [status.st_size, status.st_mtime_ns] if status else [0, 0]
        return stamp


def _role(path: Path) -> str | None:
    """``'mask'`` for ``name.mask.png``, ``'class'`` for ``name.class.png``."""
    parts = path.name.lower().split(".")
    return parts[-2] if len(parts) > 2 and parts[-2] in _ROLES else None


def _walk(folder: Path, skipped: set[Path]) -> Iterator[Path]:
    for base, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (Path(base) / name).resolve() not in skipped
        )
        yield from (Path(base) / name for name in sorted(files) if not name.startswith("."))


def _companion(path: Path, inside: Path, masks: Path | None, role: str) -> Path | None:
    """Find the mask of a picture: beside it, or under the folder of masks."""
    stem = path.with_suffix("")
    candidates = [stem.with_name(f"{stem.name}.{role}{kind}") for kind in _MASK_TYPES]
    if masks is not None:
        there = masks / inside.with_suffix("")
        candidates += [there.with_name(f"{there.name}.{role}{kind}") for kind in _MASK_TYPES]
        if role == "mask":
            candidates += [there.with_name(there.name + kind) for kind in _MASK_TYPES]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def find_pictures(settings: Settings) -> list[Found]:
    """List the pictures of all sources, in order of source and path.

    Parameters
    ----------
    settings : Settings
        Sources and masks.

    Returns
    -------
    list[Found]
        Files that may be pictures, each once.

    Raises
    ------
    InvalidRequest
        If there are none.
    """
    skipped = {settings.out.resolve()}
    if settings.masks is not None:
        skipped.add(settings.masks.resolve())
    found: list[Found] = []
    seen: set[Path] = set()
    for number, source in enumerate(settings.sources):
        base = source if source.is_dir() else source.parent
        for path in _walk(source, skipped) if source.is_dir() else [source]:
            if path.suffix.lower() in _OTHER or _role(path) or path.resolve() in seen:
                continue
            seen.add(path.resolve())
            inside = path.relative_to(base)
            mask, classes = (_companion(path, inside, settings.masks, role) for role in _ROLES)
            found.append(Found(f"{number}/{inside.as_posix()}", path, mask, classes))
    if not found:
        places = ", ".join(str(source) for source in settings.sources)
        raise InvalidRequest(f"There are no pictures in {places}: name a folder that holds some.")
    return found
