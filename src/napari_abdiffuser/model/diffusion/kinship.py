"""One colour for one kind of object: sampled colours shared among anchors that look alike.

The diffusion draws the colours of anchors together, and still gives one object two colours now and
then. The guide knows better what looks alike, wherever it lies. So what a drawing adds to the most
probable colours is averaged over kin; kin of a hint, whose colour is no matter of chance, take less
of it; and the contrast that averaging takes is given back between the kinds.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_abdiffuser.model.guide.features import GuideFeatures
from napari_abdiffuser.model.guide.network import Guide

__all__ = ["kinship", "smooth_deviations"]

# Chosen on pictures of two sets: blunter, objects are more of one colour; sharper, samples are
# nearer to what many hints say (docs/experiments.md).
_SHARPNESS = 0.5  # of what the guide tells pixels of hints apart with: kin are more than pixels
_ROUNDS = 5
_CONTRAST_AT_MOST = 2.0
_CHROMA_AT_MOST = 1.5
_MIN = 1e-12  # far below what can be seen, (ab / 110)^2


def kinship(guide: Guide, code: GuideFeatures, places: Tensor, known_places: Tensor) -> Tensor:
    """How much each place is kin to each, by look alone: near or far is the same.

    w_ij = sum_h g_h(i) softmax_j(-s_h |f_h(i) - f_h(j)|^2 / 2), with the features f, the gates g
    and the sharpness s of the guide's heads h.

    Parameters
    ----------
    guide, code
        What the picture looks like; of one picture.
    places : Tensor
        (1, A, 2) in cells.
    known_places : Tensor
        (1, N, 2) in cells, of which it is only asked whether the others are kin to them.

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


def smooth_deviations(
    guide: Guide,
    code: GuideFeatures,
    places: Tensor,
    departures: Tensor,
    known_places: Tensor,
    free: Tensor,
) -> Tensor:
    """Let kin depart alike from what is most probable.

    Parameters
    ----------
    guide, code, places, known_places
        See `kinship`; known places, such as those of hints, do not depart.
    departures : Tensor
        (n, A, 2), ab / 110: drawn colours less the most probable ones.
    free : Tensor
        (1, A, 1) in [0, 1]: how much of each place no hint claims. Contrast and chroma are given
        back to these.

    Returns
    -------
    Tensor
        (n, A, 2), ab / 110. What is free has each drawing's own mean square chroma, if that takes
        no more than a factor of 1.5.
    """
    weights = kinship(guide, code, places, known_places)[:, : places.shape[1]]
    # In every round, hints would take all of it: variations are to differ with many hints too.
    depart = weights.sum(1, keepdim=True)
    weights = torch.linalg.matrix_power(weights / depart, _ROUNDS) * depart
    # Of an object, not of a place: a pore carries less of the same colour than what is around it.
    gain = code.at(code.gain, places)[0].T
    # One by one: sums of many drawings at once may differ from these in the last bit.
    return torch.stack([_shared(weights, gain, drawing, free[0]) for drawing in departures])


def _shared(weights: Tensor, gain: Tensor, drawing: Tensor, free: Tensor) -> Tensor:
    """Share one drawing's departures (A, 2) by weights (A, A); gain and free are (A, 1)."""
    drawn = drawing / gain
    shared = weights @ drawn
    middle = _mean(shared, free)
    contrast = _ratio(drawn - _mean(drawn, free), shared - middle, free, _CONTRAST_AT_MOST)
    shared = (shared + free * (contrast - 1) * (shared - middle)) * gain
    return shared * (1 + free * (_ratio(drawing, shared, free, _CHROMA_AT_MOST) - 1))


def _mean(values: Tensor, free: Tensor) -> Tensor:
    """Mean (1, C) over what is free of (A, C)."""
    return (values * free).sum(0, keepdim=True) / free.sum().clamp(min=_MIN)


def _ratio(one: Tensor, other: Tensor, free: Tensor, most: float) -> Tensor:
    """Root of the ratio of mean squares of what is free, at most so much."""
    squares = [_mean(each.square(), free).sum() for each in (one, other)]
    return (squares[0] / squares[1].clamp(min=_MIN)).sqrt().clamp(max=most)
