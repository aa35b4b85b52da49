"""Picture files of the command line: read, with what they say about the size of a pixel."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.errors import InvalidImage, OutOfMemory

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TIFF_SUFFIXES", "Picture", "read"]

TIFF_SUFFIXES = (".tif", ".tiff")
_NO_UNIT, _INCH = 1, 2  # TIFF 6.0, ResolutionUnit; inch is its default


@dataclass(frozen=True)
class Picture:
    """A picture and what its file says about the size of a pixel.

    Attributes
    ----------
    pixels
        (H, W) or (H, W, 3 | 4), of the file's type.
    resolution
        Pixels per unit in x and in y, as (numerator, denominator) each; None where not said.
    resolution_unit
        TIFF's number: 1 without a unit, 2 inch, 3 centimetre.
    calibration
        What goes into the description of a TIFF beside the provenance: ImageJ's ``unit`` and
        ``spacing``, OME's ``PhysicalSizeX``, ``PhysicalSizeXUnit`` and so on.
    pixel_size
        (y, x) in metres, once it is known: `sem.read.described` tells it.
    """

    pixels: NDArray[Any]
    resolution: tuple[tuple[int, int], tuple[int, int]] | None = None
    resolution_unit: int = _NO_UNIT
    calibration: Mapping[str, Any] = field(default_factory=dict)
    pixel_size: tuple[float, float] | None = None


def read(path: Path) -> Picture:
    """Read one picture.

    Raises
    ------
    InvalidImage
        There is no such file, it is not a picture, or it is more than one.
    OutOfMemory
        The picture does not fit into memory.
    """
    if not path.is_file():
        what = "is a folder, not a picture" if path.is_dir() else "does not exist"
        raise InvalidImage(f"{path} {what}: check the path.")
    try:
        return _read_tiff(path) if path.suffix.lower() in TIFF_SUFFIXES else _read_other(path)
    except InvalidImage:
        raise
    except MemoryError as error:
        raise OutOfMemory(
            f"Memory does not suffice to read {path}: close other programs, or crop the picture."
        ) from error
    except Exception as error:
        # Broad on purpose: on damaged files the many decoders behind tifffile and imageio raise
        # whatever their parsing runs into (struct.error, KeyError, zlib.error, SyntaxError, …),
        # and to the user all of it says the same. The cause stays attached.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InvalidImage(
            f"{path} cannot be read as a picture ({reason}): open it in another program and save "
            "it again as TIFF or PNG."
        ) from error


def _read_tiff(path: Path) -> Picture:
    import tifffile

    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        twins = sum(other.shape == series.shape for other in file.series)
        if twins > 1:  # a smaller one is a thumbnail
            raise _several(path, f"{twins} pictures")
        axes = _axes(series, path)
        pixels = series.asarray().reshape([n for n, _ in axes])
        if axes[0][1] == "S":  # one plane a colour
            pixels = pixels.transpose(1, 2, 0)
        pixels = _as_it_looks(pixels, series.keyframe)
        tags = series.keyframe.tags
        ratios = [tags[name].value for name in ("XResolution", "YResolution") if name in tags]
        unit = tags["ResolutionUnit"].value if "ResolutionUnit" in tags else _INCH
        usable = len(ratios) == 2 and all(n > 0 and d > 0 for n, d in ratios)
        return Picture(
            pixels,
            (ratios[0], ratios[1]) if usable else None,
            int(unit),
            _imagej(file.imagej_metadata) | _ome(file.ome_metadata),
        )


def _axes(series: Any, path: Path) -> list[tuple[int, str]]:
    """Return length and name of the axes that say something: not a stack of one, one channel."""
    axes = [
        (int(n), a) for n, a in zip(series.shape, series.axes, strict=True) if n > 1 or a in "YX"
    ]
    names = "".join(a for _, a in axes)
    if names not in ("YX", "YXS", "SYX"):
        raise _several(path, f"a stack with the axes {names} of shape {tuple(n for n, _ in axes)}")
    return axes


def _as_it_looks(pixels: NDArray[Any], page: Any) -> NDArray[Any]:
    """Turn palette indices, inverted grays and grays of few bits into what viewers show."""
    import numpy as np
    from tifffile import PHOTOMETRIC

    bits = int(page.bitspersample)
    if page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None:
        table = np.asarray(page.colormap)
        # 16 bits by the standard; some writers put 8-bit values there.
        table = (table >> 8 if table.max() > 255 else table).astype(np.uint8)
        shown: NDArray[np.uint8] = np.moveaxis(table, 0, -1)[pixels]
        return shown
    kind = pixels.dtype.kind
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        if kind == "u":
            pixels = pixels.dtype.type(2**bits - 1) - pixels
        else:  # floats have no white of their own; their order is what is inverted
            pixels = -pixels if kind == "f" else ~pixels
    if kind == "u" and bits < 8:
        pixels = pixels * pixels.dtype.type(255 // (2**bits - 1))
    return pixels


def _several(path: Path, what: str) -> InvalidImage:
    how = "tifffile.imwrite('one.tif', tifffile.imread(path, key=0))"
    if path.suffix.lower() not in TIFF_SUFFIXES:
        how = "imageio.v3.imwrite('one.png', imageio.v3.imread(path, index=0))"
    return InvalidImage(
        f"{path} is not one picture but {what}: save the one to colorize as a file of its own, "
        f"for example with {how}."
    )


def _imagej(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    return {k: v for k, v in (metadata or {}).items() if k in ("unit", "spacing")}


def _ome(text: str | None) -> dict[str, Any]:
    """Return the physical pixel size that an OME-XML text gives its first picture."""
    if not text:
        return {}
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return {}  # the pixels are good all the same
    pixels = next((e for e in root.iter() if e.tag.rpartition("}")[2] == "Pixels"), None)
    if pixels is None:
        return {}
    found: dict[str, Any] = {}
    for axis in "XY":
        name = f"PhysicalSize{axis}"
        try:
            found[name] = float(pixels.attrib[name])
        except (KeyError, ValueError):
            continue
        # OME's own default, written out.
        found[f"{name}Unit"] = pixels.attrib.get(f"{name}Unit", "µm")
    return found


def _read_other(path: Path) -> Picture:
    import imageio.v3 as iio
    import numpy as np
    from PIL import Image

    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None  # a limit for strangers' files; micrographs may be huge
    try:
        # imageio would try every reader it has, and some complain loudly about their own age.
        known = path.suffix.lower() in Image.registered_extensions()
        reader: dict[str, Any] = {"plugin": "pillow", "index": 0} if known else {}
        with warnings.catch_warnings(action="ignore"):
            if known:
                with Image.open(path) as opened:
                    frames = int(getattr(opened, "n_frames", 1))
                    previews = opened.format == "MPO"  # beside the first picture of a camera's
                if frames > 1 and not previews:
                    raise _several(path, f"an animation of {frames} frames")
            pixels = np.asarray(iio.imread(path, **reader))
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    if pixels.ndim == 4 and pixels.shape[0] == 1:  # video readers stack even a single frame
        pixels = pixels[0]
    if pixels.ndim == 3 and pixels.shape[2] == 2:  # gray with transparency
        pixels = pixels[..., 0]
    if pixels.ndim > 3 or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise InvalidImage(
            f"{path} is not one picture but several, of shape {pixels.shape}: save the one to "
            "colorize as a file of its own."
        )
    return Picture(pixels)
