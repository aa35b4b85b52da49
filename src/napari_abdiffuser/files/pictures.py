"""Picture files of the command line: read, with what they say about the size of a pixel."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.errors import InvalidImage, OutOfMemory
from napari_abdiffuser.files.tiff import open_tiff

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "SIDEWAYS",
    "TIFF_SUFFIXES",
    "Picture",
    "is_turned_or_encoded",
    "main_series",
    "orientation",
    "read",
]

TIFF_SUFFIXES = (".tif", ".tiff")
SIDEWAYS = (5, 6, 7, 8)  # orientations whose rows are columns
_ORIENTATION = 274  # the tag's number in TIFF and EXIF
# Photometric interpretations that Pillow converts: CMYK, YCbCr, CIELAB, ICCLAB, ITULAB; and those
# that nobody here does: raw mosaics, logarithmic luminance, linear raw.
_PILLOW_COLORS, _NO_COLORS = (5, 6, 8, 9, 10), (32803, 32844, 32845, 34892)
_PILLOW_MODES = ("CMYK", "YCbCr", "LAB", "HSV", "LA", "La")
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

    with open_tiff(path) as file:
        series = main_series(file)
        if series is None:
            raise _several(path, f"{len(file.series)} pictures, of which no one is the largest")
        axes = _axes(series, path)
        if series.keyframe.photometric in _PILLOW_COLORS:
            pixels = _by_pillow(path, series.keyframe)
        elif series.keyframe.photometric in _NO_COLORS:
            raise InvalidImage(
                f"{path} holds {series.keyframe.photometric.name} values, whose colours are not "
                "known here: save it as RGB or gray with the program that made it."
            )
        else:
            pixels = series.asarray().reshape([n for n, _ in axes])
            if axes[0][1] == "S":  # one plane a colour
                pixels = pixels.transpose(1, 2, 0)
            pixels = _as_it_looks(pixels, series.keyframe)
        if pixels.ndim == 3 and pixels.shape[2] == 2:  # gray with transparency
            pixels = pixels[..., 0]
        tags = series.keyframe.tags
        turn = orientation(series.keyframe)
        pixels = _upright(pixels, turn)
        ratios = [tags[name].value for name in ("XResolution", "YResolution") if name in tags]
        unit = tags["ResolutionUnit"].value if "ResolutionUnit" in tags else _INCH
        usable = len(ratios) == 2 and all(n > 0 and d > 0 for n, d in ratios)
        if turn in SIDEWAYS:
            ratios.reverse()
        return Picture(
            pixels,
            (ratios[0], ratios[1]) if usable else None,
            int(unit),
            _imagej(file.imagej_metadata) | _ome(file.ome_metadata),
        )


def main_series(file: Any) -> Any:
    """Return the largest picture of a TIFF: what is smaller is a thumbnail or a label.

    Parameters
    ----------
    file : tifffile.TiffFile

    Returns
    -------
    tifffile.TiffPageSeries or None
        None where several pictures have that size.
    """

    def area(series: Any) -> int:
        return int(series.keyframe.imagelength) * int(series.keyframe.imagewidth)

    largest = max(area(series) for series in file.series)
    found = [series for series in file.series if area(series) == largest]
    return found[0] if len(found) == 1 else None


def orientation(page: Any) -> int:
    """Return TIFF's number of how a page is turned: 1 is upright."""
    turn = page.tags.valueof(_ORIENTATION)
    return int(turn) if turn in range(1, 9) else 1


def is_turned_or_encoded(path: Path) -> bool:
    """Whether a file's pixels as they are stored are not what its picture looks like."""
    try:
        if path.suffix.lower() in TIFF_SUFFIXES:
            with open_tiff(path) as file:
                series = main_series(file)
                if series is None or series.keyframe.photometric in _NO_COLORS:
                    return False
                page = series.keyframe
                stored = series is file.series[0] and orientation(page) == 1
                return not stored or page.photometric in (*_PILLOW_COLORS, 0) or (
                    page.photometric == 1 and page.samplesperpixel == 2
                )  # fmt: skip
        from PIL import Image

        with Image.open(path) as opened:
            return opened.mode in _PILLOW_MODES or _exif_orientation(opened) != 1
    except Exception:
        # Broad on purpose, as decoders raise whatever they like: other readers complain.
        return False


def _exif_orientation(opened: Any) -> int:
    turn = opened.getexif().get(_ORIENTATION)
    return int(turn) if turn in range(1, 9) else 1


def _upright(pixels: NDArray[Any], turn: int) -> NDArray[Any]:
    """Turn and mirror a picture as TIFF 6.0 and EXIF number it."""
    import numpy as np

    if turn in SIDEWAYS:
        pixels = pixels.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _by_pillow(path: Path, page: Any) -> NDArray[Any]:
    """Read a page of other colours than RGB as sRGB."""
    from PIL import Image

    if int(page.bitspersample) != 8:
        raise InvalidImage(
            f"{path} holds {page.photometric.name} colours of {page.bitspersample} bits: save it "
            "as RGB or gray with the program that made it."
        )
    with Image.open(path) as opened:
        opened.seek(int(page.index))
        return _rgb(opened)


def _rgb(opened: Any) -> NDArray[Any]:
    """Convert what Pillow opened to what it looks like: gray, or sRGB colours."""
    import numpy as np
    from PIL import ImageCms

    if opened.mode == "LAB":
        lab, srgb = (ImageCms.createProfile(name) for name in ("LAB", "sRGB"))
        transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
        shown = ImageCms.applyTransform(opened, transform)
        return np.asarray(shown)
    if opened.mode == "RGB":  # converted while it was decoded
        return np.asarray(opened)
    return np.asarray(opened.convert("L" if opened.mode in ("LA", "La") else "RGB"))


def _axes(series: Any, path: Path) -> list[tuple[int, str]]:
    """Return length and name of the axes that say something: not a stack of one, one channel."""
    axes = [
        (int(n), a) for n, a in zip(series.shape, series.axes, strict=True) if n > 1 or a in "YX"
    ]
    names = "".join(a for _, a in axes)
    if names not in ("YX", "YXS", "SYX") or series.keyframe.samplesperpixel > 4:
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

    with path.open("rb") as file:
        if file.read(4) in (b"%!PS", b"\xc5\xd0\xd3\xc6"):
            # Pillow goes by content, and would start Ghostscript for it.
            raise InvalidImage(f"{path} holds PostScript, a program: save it as TIFF or PNG.")
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None  # a limit for strangers' files; micrographs may be huge
    try:
        # imageio would try every reader it has, and some complain loudly about their own age.
        known = path.suffix.lower() in Image.registered_extensions()
        reader: dict[str, Any] = {"plugin": "pillow", "index": 0} if known else {}
        turn, other = 1, None
        with warnings.catch_warnings(action="ignore"):
            if known:
                with Image.open(path) as opened:
                    frames = int(getattr(opened, "n_frames", 1))
                    previews = opened.format == "MPO"  # beside the first picture of a camera's
                    turn = _exif_orientation(opened)
                    other = _rgb(opened) if opened.mode in _PILLOW_MODES else None
                if frames > 1 and not previews:
                    raise _several(path, f"an animation of {frames} frames")
            pixels = np.asarray(iio.imread(path, **reader)) if other is None else other
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
    return Picture(_upright(pixels, turn))
