"""Near-duplicates: pairs of perceptual hashes that differ in few bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["Pairs", "components", "near_pairs"]

Pairs = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int32]]
_BLOCK = 2048


def _signs(hashes: Sequence[str]) -> NDArray[np.float32]:
    """(n, bits) of +1 and -1."""
    raw = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(len(hashes), -1)
    return 2 * np.unpackbits(raw, axis=1).astype(np.float32) - 1


def near_pairs(hashes: Sequence[Sequence[str]], most: int) -> Pairs:
    """Find all pairs whose hashes differ in at most so many bits.

    Every pair is compared: as a product of matrices of signs that takes a minute for 100,000
    pictures, and misses none.

    Parameters
    ----------
    hashes : Sequence[Sequence[str]]
        Of each picture one hash, or one an orientation, upright first; hexadecimal digits.
    most : int
        Largest Hamming distance.

    Returns
    -------
    tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int32]]
        (p,) first and second numbers of the pairs, first < second, in ascending order, and their
        distances, the least of all orientations.
    """
    empty = np.empty(0, np.intp)
    if len(hashes) < 2:
        return empty, empty, np.empty(0, np.int32)
    views = [_signs([one[k] for one in hashes]) for k in range(len(hashes[0]))]
    upright, bits = views[0], views[0].shape[1]
    found: list[Pairs] = []
    for top in range(0, len(hashes), _BLOCK):
        for left in range(top, len(hashes), _BLOCK):
            block = upright[top : top + _BLOCK]
            alike = np.max([block @ view[left : left + _BLOCK].T for view in views], axis=0)
            distance = ((bits - alike) / 2).round().astype(np.int32)
            i, j = np.nonzero(distance <= most)
            later = i + top < j + left
            i, j = i[later], j[later]
            found.append((i + top, j + left, distance[i, j]))
    first, second, far = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((second, first))
    return first[order], second[order], far[order]


def components(n: int, links: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    """Find the groups that links tie together: (n,) number of each item's group."""
    i, j = np.asarray(links, np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)
