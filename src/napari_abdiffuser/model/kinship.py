"""One colour for one kind of object: sampled colours shared among anchors that look alike.

The diffusion draws the colours of anchors together, and still gives one object two colours now and
then. The guide knows better what looks alike, wherever it lies: averaged over their kin, anchors of
one kind take one colour, and the contrast that averaging takes is given back between the kinds.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_abdiffuser.model.code import Code
from napari_abdiffuser.model.guide import Guide

__all__ = ["kinship", "shared_colours"]

# Chosen on pictures of two sets (docs/experiments.md); the optimum is flat.
_SHARPNESS = 0.5  # of what the guide tells pixels of hints apart with: kin are more than pixels
_ROUNDS = 5
_CONTRAST_AT_MOST = 2.0
_CHROMA_AT_MOST = 2.0
_LEAST = 1e-6  # variance, (ab / 110)^2, of what has no contrast


def kinship(guide: Guide, code: Code, places: Tensor, known_places: Tensor) -> Tensor:
    """How much of its kin's colours each place takes, by look alone: near or far is the same.

    w_ij = sum_h g_h(i) softmax_j(-s_h |f_h(i) - f_h(j)|^2 / 2), with the features f, the gates g
    and the sharpness s of the guide's heads h.

    Parameters
    ----------
    guide, code
        What the picture looks like; of one picture.
    places : Tensor
        (1, A, 2) in cells.
    known_places : Tensor
        (1, N, 2) in cells: they give colours and take none.

    Returns
    -------
    Tensor
        (A, A + N), rows of sum one.
    """
    count = torch.tensor([[float(places.shape[1])]], device=places.device)
    sharpness = F.softplus(guide.tempers(count)[0, :, 0]) * _SHARPNESS
    every = torch.cat([places, known_places], 1)
    gates = code.at(code.gate, places)[0]
    weights = torch.zeros(places.shape[1], every.shape[1], device=places.device)
    for head in range(guide.config.heads):
        features = code.features[:, head]
        ours, all_ = code.at(features, places)[0].T, code.at(features, every)[0].T
        apart = torch.cdist(ours, all_, compute_mode="donot_use_mm_for_euclid_dist").square()
        weights = weights + gates[head][:, None] * (-sharpness[head] * apart).softmax(1)
    return weights / weights.sum(1, keepdim=True)


def shared_colours(
    guide: Guide,
    code: Code,
    places: Tensor,
    colours: Tensor,
    known_places: Tensor,
    known_colours: Tensor,
) -> Tensor:
    """Give places of one kind one colour.

    Parameters
    ----------
    guide, code, places, known_places
        See `kinship`.
    colours : Tensor
        (n, A, 2), ab / 110: n drawings of the places' colours.
    known_colours : Tensor
        (1, N, 2), ab / 110, such as those of hints: kin of these take theirs.

    Returns
    -------
    Tensor
        (n, A, 2), ab / 110, of each drawing's own mean square chroma where that takes no more than
        a factor of two.
    """
    weights = kinship(guide, code, places, known_places)
    # Of an object, not of a place: a pore carries less of the same colour than what is around it.
    gain, known_gain = (code.at(code.gain, p).transpose(1, 2) for p in (places, known_places))
    pure = colours / gain
    known = (known_colours / known_gain).expand(len(colours), -1, -1)
    shared = pure
    for _ in range(_ROUNDS):
        shared = weights @ torch.cat([shared, known], 1)
    middle = shared.mean(1, keepdim=True)
    contrast = _ratio(pure - pure.mean(1, keepdim=True), shared - middle, _CONTRAST_AT_MOST)
    shared = (middle + (shared - middle) * contrast) * gain
    return shared * _ratio(colours, shared, _CHROMA_AT_MOST)


def _ratio(one: Tensor, other: Tensor, most: float) -> Tensor:
    """Root of the ratio of mean squares of (n, A, 2): (n, 1, 1), at most so much."""
    squares = [each.square().mean((1, 2), keepdim=True) for each in (one, other)]
    return (squares[0] / squares[1].clamp(min=_LEAST)).sqrt().clamp(max=most)
