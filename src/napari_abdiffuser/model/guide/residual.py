"""What hints' own colours differ by from what is spread at their places.

Where hints are mixed, none has its own colour at its own place: it would show as a spot there, and
the object around it would be paler than asked. So the remainder is spread too, by the narrow claims
that the guide learned for highlighting: as far as a hint's object surely goes, and no further. With
it the colours meet the hints, as a kriging's predictions meet its data.
"""

from __future__ import annotations

from torch import Tensor

from napari_abdiffuser.model.guide.features import Attention, GuideFeatures, claims_at

__all__ = ["residual"]


def residual(
    code: GuideFeatures, attention: Attention, places: Tensor, colors: Tensor, auto: Tensor
) -> Tensor:
    """Hints' colours less what is spread at their places before the propagation.

    With claims w, gains g, unclaimed shares u and automatic colours a, what is spread at hint i is
    ``g_i sum_j w_ij c_j / g_j + u_i a_i``.

    Parameters
    ----------
    code : GuideFeatures
        One picture.
    attention : Attention
        Of T tokens.
    places : Tensor
        (1, N, 2) in cells, of the last N tokens: hints.
    colors : Tensor
        (1, T, C), ab / 110.
    auto : Tensor
        (1, C, h, w), ab / 110, of what nobody claims.

    Returns
    -------
    Tensor
        (1, N, C), ab / 110.
    """
    weights, free = claims_at(code, attention, places)
    weights = weights * code.at(code.gain, places)[0].T / attention.gains[0]
    spread = weights @ colors[0] + free * code.at(auto, places)[0].T
    return (colors[0, colors.shape[1] - places.shape[1] :] - spread)[None]
