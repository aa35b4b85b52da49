"""napari's reader of what this plugin wrote: exported pictures, and projects."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from napari.viewer import current_viewer

from napari_abdiffuser.errors import InvalidFile
from napari_abdiffuser.files import pictures as picture_files
from napari_abdiffuser.files.provenance import KEY
from napari_abdiffuser.files.sem.info import believed
from napari_abdiffuser.files.sem.read import described
from napari_abdiffuser.files.tiff import open_tiff
from napari_abdiffuser.layers.hints.layer_data import hint_layers
from napari_abdiffuser.layers.hints.new import FILE_KEY
from napari_abdiffuser.layers.images import image_array
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.readers.sem import scale_options
from napari_abdiffuser.layers.spatial import LayerTransform
from napari_abdiffuser.studio.figure.panels import gray_panel
from napari_abdiffuser.studio.figure.provenance import FileProvenance, read_provenance
from napari_abdiffuser.studio.figure.units import in_metres
from napari_abdiffuser.studio.legend.hints import adopt
from napari_abdiffuser.studio.project.project import Project, is_project
from napari_abdiffuser.studio.project.recipe import RECIPE_KEY, recipe_metadata

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

__all__ = ["get_reader", "is_own_picture", "project_layers", "restored_layers"]


def get_reader(
    path: str | Sequence[str],
) -> Callable[[Any], list[LayerDataTuple]] | None:
    """Return a reader for a picture or a project that this plugin wrote, None for other files.

    Parameters
    ----------
    path
        One path, or a list of one; several are napari's business, which stacks them.
    """
    paths = [path] if isinstance(path, str | Path) else list(path)
    if len(paths) != 1:
        return None
    file = Path(paths[0])
    if is_project(file):
        return project_layers
    return restored_layers if is_own_picture(file) else None


def is_own_picture(file: Path) -> bool:
    """Whether a PNG or TIFF says how it was coloured; looks at its header alone."""
    suffix = file.suffix.lower()
    try:
        if suffix == ".png":
            return _says_png(file)
        return suffix in picture_files.TIFF_SUFFIXES and _says_tiff(file)
    except Exception:
        # Broad on purpose: the question is whether this is a file of ours, decoders raise
        # whatever they like on others', and those are for another reader to complain about.
        return False


def _says_png(file: Path) -> bool:
    """Look for our text among the chunks before the pixels."""
    with file.open("rb") as stream:
        if stream.read(8) != b"\x89PNG\r\n\x1a\n":
            return False
        while len(head := stream.read(8)) == 8:
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind in (b"IDAT", b"IEND"):
                return False
            if kind in (b"iTXt", b"tEXt", b"zTXt"):
                name = stream.read(min(length, len(KEY) + 1))
                if name == KEY.encode() + b"\0":
                    return True
                length -= len(name)
            stream.seek(length + 4, 1)
    return False


def _says_tiff(file: Path) -> bool:

    with open_tiff(file) as tiff:
        return KEY in tiff.pages.first.description


def restored_layers(path: str | Path | Sequence[str]) -> list[LayerDataTuple]:
    """Read an exported picture: what was coloured, its colouring, and its hints.

    Parameters
    ----------
    path
        Of a PNG or TIFF that this plugin wrote.

    Returns
    -------
    Image layers of the gray picture and of its colouring, whose ``metadata['abdiffuser']`` is
    how it was made (model, seed, hints, …), and layers of the hints. The gray picture's
    ``metadata['abdiffuser_project']`` is what the studio takes into its controls.

    Raises
    ------
    InvalidFile, InvalidImage
        It is not such a picture.
    """
    file = Path(path if isinstance(path, str | Path) else path[0])
    found = read_provenance(file)
    if found is None:
        raise InvalidFile(f"{file} does not say how it was coloured: open it as a picture.")
    pixels = picture_files.read(file).pixels[..., :3]
    colored = _part(pixels, found.colored)
    original = _part(pixels, _box(found.raw.get("figure"), "original"), gray=True)
    name = picture_name(found, file)
    placed = placement(found.raw, pixels.shape[:2])
    if not placed and found.colored is None:  # of earlier versions, which wrote tags alone
        placed = scale_options(described(file, pixels)[0])
    told = dict(found.raw)
    told["source"] = {"layer": name, "index": [None, None]}
    gray = gray_panel(colored)[..., 0] if original is None else original
    # Names are no help where a picture of the same name is open: what came together says so.
    file_of = {FILE_KEY: uuid.uuid4().hex}
    about = {**file_of, RECIPE_KEY: recipe_metadata(found.raw, found.legend)}
    plain: LayerDataTuple = (
        gray,
        {"name": name, "rgb": False, "metadata": about, **placed},
        "image",
    )
    meta = {"name": f"{name} colorized", "rgb": True, "metadata": {PROVENANCE_KEY: told}}
    colouring: LayerDataTuple = (colored, {**meta, **placed}, "image")
    legend, hints = adopt(found.legend, found.hints)
    shape = (int(gray.shape[0]), int(gray.shape[1]))
    found_hints = hint_layers(hints, legend, name, shape, {**placed, "metadata": file_of})
    return [plain, colouring, *found_hints]


def project_layers(path: str | Path | Sequence[str]) -> list[LayerDataTuple]:
    """Read a project: layers of its hints, on the picture of that name where it is open.

    Parameters
    ----------
    path
        Of a project file.

    Returns
    -------
    Layers of the hints: a Points layer, and a Labels layer where there are regions. Their
    ``metadata['abdiffuser_project']`` holds settings, provenance and classes, which the studio
    takes into its controls.

    Raises
    ------
    InvalidFile
        It cannot be read or is not a project.
    """
    file = Path(path if isinstance(path, str | Path) else path[0])
    project = Project.load(file)
    name = project.name or file.name.split(".")[0]
    about = recipe_metadata(project.provenance, project.legend, project.settings)
    placed = {"metadata": {RECIPE_KEY: about}, **_where_open(name, project)}
    return hint_layers(
        project.slices, project.legend, name, project.shape, placed, always_points=True
    )


def _where_open(name: str, project: Project) -> dict[str, Any]:
    """Return where the project's picture lies, if it is open."""
    viewer = current_viewer()
    leading = max((len(index) for index in project.slices), default=0)
    for layer in () if viewer is None else viewer.layers:
        if isinstance(layer, Image) and layer.name == name and layer.ndim == leading + 2:
            shape = image_array(layer).shape[: layer.ndim]
            if tuple(shape[-2:]) == tuple(project.shape):
                return LayerTransform.of(layer).as_kwargs()
    return {}


def picture_name(found: FileProvenance, file: Path) -> str:
    """Return the name of the picture that was coloured, as well as it is known."""
    source = found.raw.get("source")
    layer = source.get("layer") if isinstance(source, Mapping) else None
    named = found.raw.get("picture") or layer
    return named if isinstance(named, str) else file.stem


def placement(raw: Mapping[str, Any], shape: tuple[int, ...] | None = None) -> dict[str, Any]:
    """Return scale and units of the layers, where the file says how large a pixel is.

    Parameters
    ----------
    raw
        What the file says.
    shape
        (H, W) of the pixels that are there; said of another size, it is not believed.
    """
    pixel = raw.get("pixel")
    if not isinstance(pixel, Mapping):
        return {}
    size, unit = pixel.get("size"), pixel.get("unit")
    if not (isinstance(size, list) and len(size) == 2 and isinstance(unit, str) and unit):
        return {}
    metres = in_metres(unit)
    if metres is None or not all(believed(side, metres) for side in size):
        return {}
    if shape is not None and pixel.get("shape", list(shape)) != list(shape):
        return {}
    return {"scale": tuple(float(side) for side in size), "units": (unit, unit)}


def _box(about: Any, key: str) -> tuple[int, int, int, int] | None:
    box = about.get(key) if isinstance(about, Mapping) else None
    if isinstance(box, list) and len(box) == 4 and all(type(n) is int for n in box):
        return (box[0], box[1], box[2], box[3])
    return None


def _part(pixels: Any, box: tuple[int, int, int, int] | None, *, gray: bool = False) -> Any:
    """Cut a panel out of a figure."""
    if box is None:
        return None if gray else pixels
    top, left, height, width = box
    part = pixels[top : top + height, left : left + width]
    return np.ascontiguousarray(part[..., 0] if gray else part)
