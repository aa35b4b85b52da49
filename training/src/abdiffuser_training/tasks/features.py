"""What the frozen guide says of anchors, collected once: in pieces, so that nothing is lost."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from abdiffuser_training.engine.errors import Interrupted, TrainingFailed
from abdiffuser_training.engine.runtime import Runtime
from abdiffuser_training.tasks.anchor_colors import fitted_colors, local_colors
from abdiffuser_training.tasks.pixel_batch import Pictures
from napari_abdiffuser.model.diffusion.anchors import place_anchors, token_features
from napari_abdiffuser.model.guide.network import Guide
from napari_abdiffuser.whole_files import write_whole

__all__ = ["Anchors", "Collecting", "collect"]

_LOG = logging.getLogger(__name__)
_BATCH = 8
_PIECE = 16  # batches


@dataclass(frozen=True)
class Anchors:
    """Anchors of many pictures.

    Attributes
    ----------
    features : Tensor
        (M, K, C) from `token_features`.
    places : Tensor
        (M, K, 2), in units of the picture's size.
    colors : Tensor
        (M, K, 2), ab / 110.
    native : Tensor
        (M,) bool, whether the colours are the picture's own.
    """

    features: Tensor
    places: Tensor
    colors: Tensor
    native: Tensor

    def __len__(self) -> int:
        return len(self.features)

    def tensors(self) -> dict[str, Tensor]:
        """By name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def joined(cls, pieces: list[Anchors]) -> Anchors:
        """Put pieces together, in their order."""
        return cls(*(torch.cat([getattr(p, f.name) for p in pieces]) for f in fields(cls)))


@dataclass(frozen=True)
class Collecting:
    """How anchors are collected.

    Attributes
    ----------
    count : int
        Crops; rounded down to whole batches.
    anchors : int
        Anchors a crop.
    side : int
        Of the crops, pixels.
    colors : str
        'fitted' or 'local', see `abdiffuser_training.anchor_colours`.
    precision : torch.dtype
        Of the encoder.
    pictures : str
        What tells the pictures from others; anchors of others are made again.
    """

    count: int
    anchors: int
    side: int
    colors: str = "local"
    precision: torch.dtype = torch.float32
    pictures: str = ""


@torch.no_grad()
def _batch(
    guide: Guide, mixture: Pictures, how: Collecting, number: int, runtime: Runtime
) -> Anchors:
    crops = mixture.batch(number, _BATCH, how.side).to(runtime.device)
    code = guide.encode(crops.seen, how.precision)
    positions = place_anchors(code, how.anchors)
    seen, truth = F.avg_pool2d(crops.seen, 2), F.avg_pool2d(crops.chroma, 2)
    if how.colors == "fitted":
        colors = fitted_colors(guide, code, positions, truth, seen)
    else:
        colors = local_colors(code, positions, truth)
    size = torch.tensor(code.shape, device=positions.device)
    found = (token_features(code, seen, positions), (positions + 0.5) / size, colors, crops.native)
    return Anchors(*(part.float() if part.is_floating_point() else part for part in found))


def collect(
    guide: Guide, mixture: Pictures, how: Collecting, folder: Path, runtime: Runtime
) -> Anchors:
    """Encode random crops and keep what the guide says of anchors.

    Every piece is written when it is done; pieces that are there, of the same guide and the same
    settings, are not made again.

    Parameters
    ----------
    guide : Guide
        Trained.
    mixture : Pictures
        Where crops come from.
    how : Collecting
        How many of what.
    folder : Path
        For the pieces.
    runtime : Runtime
        Processes share the work.

    Returns
    -------
    Anchors
        On the CPU, in every process.

    Raises
    ------
    Interrupted
        If SIGTERM or Ctrl-C came.
    TrainingFailed
        If a piece cannot be written.
    """
    guide = guide.to(runtime.device).eval()
    batches = max(1, how.count // _BATCH)
    pieces: list[Anchors] = runtime.broadcast(_kept(folder, guide, how) if runtime.is_main else [])
    while len(pieces) * _PIECE < batches:
        first = len(pieces) * _PIECE
        last = min(first + _PIECE, batches)
        made = []
        for numbers in _rounds(first, last, runtime.world):
            # All processes work on equal shares; what is beyond the end is dropped again.
            part = _batch(guide, mixture, how, numbers[runtime.rank], runtime)
            tensors = [runtime.gather(t).cpu() for t in part.tensors().values()]
            made.append(
                Anchors(*(t[: _BATCH * min(len(numbers), last - numbers[0])] for t in tensors))
            )
        pieces.append(Anchors.joined(made))
        if runtime.is_main:
            _write(folder / f"piece-{len(pieces) - 1:05d}.safetensors", pieces[-1])
            _LOG.info("anchors of %d of %d crops", last * _BATCH, batches * _BATCH)
        asked = runtime.sum(torch.tensor([float(runtime.stop_asked)]))
        if float(asked) > 0 and len(pieces) * _PIECE < batches:
            raise Interrupted(folder, 0)
    return Anchors.joined(pieces)


def _rounds(first: int, last: int, world: int) -> Iterator[list[int]]:
    for start in range(first, last, world):
        yield list(range(start, start + world))


def _about(guide: Guide, how: Collecting) -> dict[str, Any]:
    digest = hashlib.sha256()
    for name, value in sorted(guide.state_dict().items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    settings = {k: str(v) for k, v in vars(how).items() if k != "count"}
    return {"guide": digest.hexdigest(), **settings}


def _kept(folder: Path, guide: Guide, how: Collecting) -> list[Anchors]:
    """Pieces of an earlier run, as far as they are whole and of the same guide and settings."""
    folder.mkdir(parents=True, exist_ok=True)
    mark, about = folder / "about.json", _about(guide, how)
    paths = sorted(folder.glob("piece-*.safetensors"))
    if not _is_of(mark, about):
        if paths:
            _LOG.warning(
                "The anchors in %s are of another guide, or of other pictures or settings; they "
                "are made again.",
                folder,
            )
        for path in paths:
            path.unlink()
        write_whole(mark, json.dumps(about, indent=1).encode())
        return []
    pieces: list[Anchors] = []
    # A last piece that was shorter, of a run with fewer crops, is made again.
    most = max(1, how.count // _BATCH)
    for number, path in enumerate(paths):
        due = min(_PIECE, most - number * _PIECE)
        try:
            piece = Anchors(**load_file(str(path)))
        except (SafetensorError, OSError, TypeError):
            break
        if due <= 0 or path.name != f"piece-{number:05d}.safetensors" or len(piece) < due * _BATCH:
            break
        pieces.append(Anchors(*(t[: due * _BATCH] for t in piece.tensors().values())))
    return pieces


def _is_of(mark: Path, about: dict[str, Any]) -> bool:
    """Whether pieces are what is asked for; those of before `pictures` was noted are trusted."""
    try:
        before = json.loads(mark.read_text())
    except (OSError, ValueError):
        return False
    return bool({"pictures": about["pictures"], **before} == about)


def _write(path: Path, piece: Anchors) -> None:
    try:
        write_whole(path, save({k: v.contiguous() for k, v in piece.tensors().items()}))
    except OSError as error:
        raise TrainingFailed(
            f"The anchors could not be written to {path} ({error.strerror}). Make room, then go on "
            "with --resume; what is there is kept."
        ) from error
