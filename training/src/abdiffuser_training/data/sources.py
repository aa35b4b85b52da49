"""Sources of pictures: what is drawn how often, and what is done to its colours."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch

from abdiffuser_training.data.corpus import Item, read_corpus, read_items
from abdiffuser_training.data.places import expand
from abdiffuser_training.data.sample import Sample
from abdiffuser_training.data.stream import ShardStream
from abdiffuser_training.synth.compose import random_scene
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Recoloring", "Source"]

_LOG = logging.getLogger(__name__)
_MEGABYTE = 1 << 20
_KNOWN = (
    "shards", "scenes", "side", "weight", "native", "zoom", "drop_last", "colours", "anchors",
    "mode", "memory", "seed", "lanes", "window", "hold", "workers",
)  # fmt: skip
_MIN = {
    "weight": 0, "zoom": 1, "drop_last": 0, "memory": 0, "seed": 0, "lanes": 1, "window": 1,
    "hold": 1, "workers": 1, "scenes": 0, "side": 16,
}  # fmt: skip
_MODES = ("auto", "memory", "stream")


@dataclass(frozen=True)
class Recoloring:
    """Shares of a source's crops whose colours are changed.

    Attributes
    ----------
    turned : float
        The a*b* plane turned, mirrored and scaled.
    clusters : float
        Each cluster of colours turned by itself.
    erased : float
        One thing gray, with one or two gray hints in it.
    highlighted : float
        Of the crops with masks: some objects hinted, everything else gray.
    clicked : float
        Of the crops with masks, before the others: look-alike objects, each in a colour of its
        own with one hint in it.
    """

    turned: float = 0.0
    clusters: float = 0.0
    erased: float = 0.0
    highlighted: float = 0.45
    clicked: float = 0.0

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Recoloring:
        """From a configuration; raises InvalidRequest where it is none."""
        known = [f.name for f in fields(cls)]
        for name, value in settings.items():
            if name not in known or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise InvalidRequest(
                    f"colours: {{{name}: {value}}} is not a share; give 0 … 1 of "
                    f"{', '.join(known)}."
                )
        return cls(**settings)


@dataclass(frozen=True)
class Source:
    """Some pictures and how often they are drawn.

    Attributes
    ----------
    items : sequence of Item, or ShardStream
        The pictures.
    weight : float
        Share of the batches, relative to the other sources.
    native : bool
        Whether the pictures' own colours are worth learning as an automatic colouring.
    zoom : float
        See `draw_cut`.
    colors : Recolouring
        Changes of colour.
    """

    items: Sequence[Item] | ShardStream
    weight: float
    native: bool
    zoom: float = 2.5
    colors: Recoloring = field(default_factory=Recoloring)

    @classmethod
    def read(cls, settings: Mapping[str, Any], device: torch.device | str = "cpu") -> Source:
        """Open a source.

        Parameters
        ----------
        settings : mapping
            ``shards``: tar files, folders, addresses, with braces or ``*``, or ``scenes``: that
            many synthetic ones of ``side`` pixels, drawn now from ``seed``; ``weight``;
            ``native``; ``zoom``; ``colors``: see `Recoloring`; ``drop_last``: so many pictures
            at the end are held out; ``mode``: 'memory', 'stream' or 'auto', which keeps all in
            memory where the decoded pictures take no more than ``memory`` megabytes (4096);
            ``seed``, ``lanes`` (8), ``window`` (2), ``hold`` (64): see `ShardStream`;
            ``workers``: threads that decode.
        device : torch.device or str
            Where pixels are kept.

        Returns
        -------
        Source

        Raises
        ------
        InvalidRequest
            If a setting is unknown or nothing can be read.
        """
        unknown = sorted(set(settings) - set(_KNOWN))
        if unknown:
            raise InvalidRequest(
                f"a source has no setting {', '.join(unknown)}: there are {', '.join(_KNOWN)}."
            )
        if settings.get("scenes"):
            _check(settings)
            return cls(_scenes(settings, device), 1.0, True).used(settings)
        shards = settings.get("shards")
        if not shards or isinstance(shards, str) or not isinstance(shards, Sequence):
            raise InvalidRequest("a source needs shards: a list of tar files, folders, addresses.")
        _check(settings)
        return cls(_open(expand(shards), settings, device), 1.0, True).used(settings)

    def used(self, settings: Mapping[str, Any]) -> Source:
        """Give the same pictures, used as settings say: weight, native, zoom, colours."""
        _check(settings)
        return replace(
            self,
            weight=float(settings.get("weight", 1.0)),
            native=bool(settings.get("native", True)),
            zoom=float(settings.get("zoom", 2.5)),
            colors=Recoloring.read(settings.get("colours", {})),
        )

    def pick(self, step: int, index: int, rng: np.random.Generator) -> Item:
        """Draw the picture of the crop `index` of the global batch of a step."""
        if isinstance(self.items, ShardStream):
            return self.items.pick(step, index, rng)
        return self.items[int(rng.integers(len(self.items)))]


def _check(settings: Mapping[str, Any]) -> None:
    """Check numbers, which a configuration gives as they are."""
    for name, least in _MIN.items():
        value = settings.get(name, least)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
            raise InvalidRequest(f"a source has {name}: {value}; give a number, {least} or more.")
    if not isinstance(settings.get("colours", {}), Mapping):
        raise InvalidRequest("colours of a source are shares: give {turned: 0.2}, for instance.")


def _scenes(settings: Mapping[str, Any], device: torch.device | str) -> list[Item]:
    """Draw synthetic scenes with their regions: what shows that all works without any file."""
    side, seed = int(settings.get("side", 96)), int(settings.get("seed", 0))
    drawn = []
    for number in range(int(settings["scenes"])):
        scene = random_scene(np.random.default_rng((seed, number)), (side, side))
        picture = np.repeat(scene.gray[..., None], 3, axis=2)
        sample = Sample(f"scene-{number:06d}", picture, scene.instances, scene.classes)
        drawn.append(Item.of(sample).to(device))
    return drawn


def _open(
    places: Sequence[str], settings: Mapping[str, Any], device: torch.device | str
) -> Sequence[Item] | ShardStream:
    mode, drop = str(settings.get("mode", "auto")), int(settings.get("drop_last", 0))
    if mode not in _MODES:
        raise InvalidRequest(f"mode is {mode!r}: give one of {', '.join(_MODES)}.")
    if mode == "stream" and drop:
        raise InvalidRequest("drop_last needs mode: memory; or hold out shards of their own.")
    budget = float(settings.get("memory", 4096)) * _MEGABYTE
    workers = int(settings.get("workers", min(8, os.cpu_count() or 1)))
    if mode != "stream":
        items = _all(places, budget if mode == "auto" and not drop else float("inf"), workers)
        if items is not None:
            return [item.to(device) for item in items[: max(0, len(items) - drop)]]
    return _stream(places, settings, budget, workers, device)


def _all(places: Sequence[str], budget: float, workers: int) -> list[Item] | None:
    """Decode everything; None as soon as it is clear that it exceeds the budget, in bytes."""
    items: list[Item] = []
    taken = 0
    for done, (_, more) in enumerate(read_corpus(places, workers), start=1):
        items += more
        taken += sum(item.nbytes for item in more)
        if taken > budget or taken / done * len(places) > 2 * budget:
            return None
    _LOG.info("%d pictures are kept in memory: %.0f MB", len(items), taken / _MEGABYTE)
    return items


def _stream(
    places: Sequence[str],
    settings: Mapping[str, Any],
    budget: float,
    workers: int,
    device: torch.device | str,
) -> ShardStream:
    """As many lanes and shards at once as fit; that never depends on the number of processes."""
    size = _size_of_one(places, workers)
    room = max(1, int(budget // max(size, 1)))  # shards
    lanes = int(settings.get("lanes", max(1, min(8, len(places), room // 2))))
    window = int(settings.get("window", max(1, min(4, room // lanes - 1))))
    stream = ShardStream(
        places,
        seed=int(settings.get("seed", 0)),
        lanes=lanes,
        window=window,
        hold=int(settings.get("hold", 64)),
        workers=workers,
        device=device,
    )
    _LOG.info(
        "%d shards are streamed: %d lanes with %d at a time and one to come, about %.0f MB",
        len(places),
        stream.lanes,
        window,
        stream.lanes * (window + 1) * size / _MEGABYTE,
    )
    return stream


def _size_of_one(places: Sequence[str], workers: int) -> int:
    """Memory of the first shard that can be read, bytes."""
    for place in places:
        try:
            return sum(item.nbytes for item in read_items(place, workers))
        except InvalidRequest as error:
            _LOG.warning("a shard is left out: %s", error)
    raise InvalidRequest(f"nothing can be read at {places[0]} …: check the shards.")
