"""Texts of the panel that colours more pictures in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_abdiffuser.layers.images import PictureSource

TITLE = "More pictures"
SAVE = "Save work…"
SAVE_TIP = "Write classes, hints and settings of this picture to a project file."
LOAD = "Load work…"
LOAD_TIP = "Use classes and hints of a project file on this picture. Undo takes it back."
FILTER = "Project (*.abdiffuser.json);;All files (*)"
SAVED = "Saved {path}."
WHY_NO_IMAGE = "Open an image first."
WHICH_TIP = (
    "What is coloured. Slices go into one layer; one without hints takes those of the nearest "
    "slice that has some. Other open images get these classes and hints, in the same place "
    "relative to the picture, and a result layer each; of a stack, the slice in view."
)
FIRST_TIP = "First slice."
LAST_TIP = "Last slice, included."
COLORS = "Colours"
KINDS = {"best": "Most probable", "seed": "Variation of seed"}
KINDS_TIP = (
    "Most probable: steady from slice to slice. Variation: colours are sampled anew in every "
    "slice, from the same seed."
)
SEED_TIP = "The same seed for all slices and pictures."
RUNNING = "Colouring {number} of {total}: {name}…"
PICTURES = "pictures"
SLICES_DONE = "slices"


def which(key: str, length: int | None, others: int) -> str:
    """Name what can be coloured."""
    return {
        "this": "This picture" if length is None else "This slice",
        "all": f"All {length} slices",
        "range": "Slices from … to …",
        "current": "This slice, into the layer of the stack",
        "others": "The other open image" if others == 1 else f"The {others} other open images",
    }[key]


def button(key: str, length: int | None, others: int, span: tuple[int, int]) -> str:
    """Say what the button does with anything but the picture in view."""
    what = which(key, length, others)
    if key == "range":
        what = f"slices {span[0]} to {span[1]}"
    return f"Colorize {what[0].lower()}{what[1:]}"


def loaded(name: str, left_out: int) -> str:
    """Say that a project is in use."""
    of = f" of '{name}'" if name else ""
    lost = "" if not left_out else f" {hints(left_out)} outside this picture, left out."
    return f"Classes and hints{of} are in use.{lost}"


def hints(count: int) -> str:
    """Count hints."""
    return "1 hint lies" if count == 1 else f"{count} hints lie"


def named(source: PictureSource) -> str:
    """Name a picture: the layer and, of a stack, the slice."""
    at = [str(n) for n in source.index if n is not None]
    return f"'{source.name}'" + (f", slice {', '.join(at)}," if at else "")


def failures(count: int, name: str, message: str) -> str:
    """Say which picture could not be coloured, and why; of several the last one."""
    if count == 0:
        return ""
    if count == 1:
        return f"{name} could not be coloured: {message}"
    return f"{count} could not be coloured, {name} for this reason: {message}"


def finished(done: int, total: int, what: str, failed: str, stopped: bool) -> str:
    """Say what has become of pictures or slices; `failed` is a sentence about the others."""
    words = f"{what[:-1]}" if done == 1 else what
    start = f"Coloured {done} of {total} {what}" if done != total else f"Coloured {done} {words}"
    first = f"Cancelled. {start} before that; they are kept." if stopped else f"{start}."
    return f"{first} {failed}".rstrip()
