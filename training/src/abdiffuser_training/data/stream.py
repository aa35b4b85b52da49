"""Shards that do not fit into memory: a window of them that moves on with the training.

Any crop of any step can be drawn without what came before: which shards are in the window is
computed from the seed and the step. So there is no position to save, a resumed run continues with
the very crops it would have had, and processes need not talk to each other.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

import numpy as np
import torch

from abdiffuser_training.data.corpus import Item, read_items
from abdiffuser_training.seeding import Purpose, generator
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["ShardStream"]

_LOG = logging.getLogger(__name__)


class ShardStream:
    """Pictures of many shards, a window of each lane in memory.

    The crops of a batch are dealt to `lanes` in turn. Each lane has a part of the shards, in an
    order drawn anew for every pass, and draws its pictures from the `window` shards that it is at;
    after every `hold` steps the oldest leaves and the next comes in, read ahead in a thread. Of
    several processes, each reads only the lanes that its crops belong to (their number should
    divide `lanes`; else some lanes are read more than once).

    Parameters
    ----------
    places : sequence of str
        Tar shards, addresses, folders.
    seed : int
        Of the shards' order.
    lanes, window, hold : int
        See above. Memory holds `lanes` x (`window` + 1) shards where one process does all.
    workers : int
        Threads that decode a shard.
    device : torch.device or str
        Where pixels are kept.
    """

    def __init__(
        self,
        places: Sequence[str],
        *,
        seed: int,
        lanes: int = 1,
        window: int = 2,
        hold: int = 64,
        workers: int = 1,
        device: torch.device | str = "cpu",
    ) -> None:
        self._places = list(places)
        self._seed, self._hold, self._workers = seed, hold, workers
        self.lanes = max(1, min(lanes, len(self._places)))
        self._each = len(self._places) // self.lanes
        self._window = min(window, self._each)
        self._device = device
        self._lock = Lock()
        self._read: dict[tuple[int, int], Future[list[Item]]] = {}
        self._broken: set[str] = set()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="shards")

    def __len__(self) -> int:
        """Return the number of shards."""
        return len(self._places)

    def place(self, lane: int, number: int) -> str:
        """Say which shard is a lane's `number`-th, over all passes."""
        order = generator(Purpose.SHARDS, self._seed, number // self._each)
        mixed = order.permutation(len(self._places))
        return self._places[int(mixed[lane + self.lanes * (number % self._each)])]

    def pick(self, step: int, index: int, rng: np.random.Generator) -> Item:
        """Draw a picture for one crop.

        Parameters
        ----------
        step : int
            Of the training.
        index : int
            Of the crop in the global batch.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        Item

        Raises
        ------
        InvalidRequest
            If none of the lane's shards can be read.
        """
        lane, first = index % self.lanes, step // self._hold
        for later in range(self._each + 1):  # past windows in which nothing can be read
            items = self._items(lane, first + later)
            if items:
                return items[int(rng.integers(len(items)))]
        raise InvalidRequest(
            f"none of the {self._each} shards of a lane can be read any more, such as "
            f"{self.place(lane, first)}: check the shards."
        )

    def _items(self, lane: int, first: int) -> list[Item]:
        numbers = range(first, first + self._window)
        with self._lock:
            futures = [self._future(lane, number) for number in numbers]
            self._future(lane, first + self._window)  # read ahead
            # Steps are prepared ahead, so the former window may still be asked for.
            kept = range(first - 1, first + self._window + 2)
            for key in [k for k in self._read if k[0] == lane and k[1] not in kept]:
                # Not cancelled: where batches are made far ahead, another thread may wait for it.
                self._read.pop(key)
        return [item for future in futures for item in future.result()]

    def _future(self, lane: int, number: int) -> Future[list[Item]]:
        key = (lane, number)
        if key not in self._read:
            self._read[key] = self._pool.submit(self._load, self.place(lane, number))
        return self._read[key]

    def _load(self, place: str) -> list[Item]:
        try:
            return [item.to(self._device) for item in read_items(place, self._workers)]
        except InvalidRequest as error:
            with self._lock:
                said = place in self._broken
                self._broken.add(place)
            if not said:
                _LOG.warning("a shard is left out: %s", error)
            return []
