"""What ``prepare`` is asked to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["ENCODINGS", "GRAY", "HASH_BITS", "Settings"]

GRAY = ("drop", "masked", "keep")
ENCODINGS = ("auto", "png", "jpg")
HASH_BITS = 256


@dataclass(frozen=True)
class Settings:
    """Options of a preparation.

    Attributes
    ----------
    sources : tuple[Path, ...]
        Folders (searched in depth) and single files.
    out : Path
        Folder for shards and report.
    masks : Path | None
        Folder that holds masks under the pictures' own relative names.
    gray : str
        ``'drop'`` gray pictures, keep those that are ``'masked'``, or ``'keep'`` them all.
    chroma, colored_share : float
        A picture is gray if less than the share ``colored_share`` of its area (0 … 1) has a
        CIELAB chroma above ``chroma``.
    near : int
        Pictures whose 256-bit perceptual hashes differ in at most so many bits are near-duplicates.
    orientations : bool
        Whether flipped and turned pictures count as near-duplicates, too.
    keep_near : bool
        Keep near-duplicates, together in one split.
    by_folder : bool
        Keep all pictures of a folder in one split.
    crop_bars : bool
        Cut data bars off the foot.
    min_side, max_side : int
        Pictures with a shorter side below ``min_side`` pixels are dropped, those with a longer side
        above ``max_side`` are shrunk to it; 0 = no limit.
    val, test : float
        Shares of the pictures in these splits, 0 … 1.
    seed : int
        Of the split and of the order in the shards.
    shard_bytes : int
        Largest size of a shard, unless a single picture is larger.
    encoding : str
        ``'auto'``: files that need no change are taken as they are, other JPEGs become JPEGs of
        quality 95 and everything else PNG; ``'png'`` or ``'jpg'``: all changed files become that.
    """

    sources: tuple[Path, ...]
    out: Path
    masks: Path | None = None
    gray: str = "drop"
    chroma: float = 10.0
    colored_share: float = 0.01
    near: int = 50
    orientations: bool = False
    keep_near: bool = False
    by_folder: bool = False
    crop_bars: bool = False
    min_side: int = 0
    max_side: int = 0
    val: float = 0.1
    test: float = 0.0
    seed: int = 0
    shard_bytes: int = 256_000_000
    encoding: str = "auto"

    def validated(self) -> Settings:
        """Check every value.

        Raises
        ------
        InvalidRequest
            With what to change.
        """
        for source in self.sources:
            if not source.exists():
                raise InvalidRequest(f"{source} does not exist: name a folder of pictures.")
        if self.masks is not None and not self.masks.is_dir():
            raise InvalidRequest(f"{self.masks} is no folder: name the one that holds the masks.")
        if self.gray not in GRAY:
            raise InvalidRequest(f"--gray is one of {', '.join(GRAY)}, not {self.gray!r}.")
        if self.encoding not in ENCODINGS:
            raise InvalidRequest(f"--encoding is one of {', '.join(ENCODINGS)}.")
        for name, value, high in (
            ("--val", self.val, 1.0),
            ("--test", self.test, 1.0),
            ("--val and --test together", self.val + self.test, 0.95),
            ("--colored-share", self.colored_share, 1.0),
            ("--near", self.near / HASH_BITS, 0.45),
        ):
            if not 0 <= value <= high:
                most = round(high * HASH_BITS) if name == "--near" else high
                raise InvalidRequest(f"{name} must lie between 0 and {most}.")
        if min(self.chroma, self.min_side, self.max_side) < 0:
            raise InvalidRequest("--chroma, --min-side and --max-side must not be negative.")
        if 0 < self.max_side < max(self.min_side, 16):
            raise InvalidRequest("--max-side must be at least 16 and at least --min-side.")
        if self.shard_bytes < 10_000:
            raise InvalidRequest("--shard-mb must be at least 0.01.")
        return self

    def to_dict(self) -> dict[str, Any]:
        """Give all options but the folders' places: what decides the shards."""
        options = asdict(self)
        for name in ("sources", "out", "masks"):
            del options[name]
        return options
