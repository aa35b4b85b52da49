"""A picture after the encoder, and what is worth remembering between paintings."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.threads import SMALL, one_thread
from napari_abdiffuser.model.diffusion.anchors import place_anchors
from napari_abdiffuser.model.guide.attention import attend_one, fixed_channels
from napari_abdiffuser.model.guide.features import Attention, GuideFeatures
from napari_abdiffuser.model.guide.geodesic import HintPaths
from napari_abdiffuser.model.guide.network import HINT_STRENGTH
from napari_abdiffuser.model.guide.sweeps import Sweeps
from napari_abdiffuser.model.guide.trend import covariates
from napari_abdiffuser.model.networks import Networks

__all__ = ["MAX_NARROW", "EncodedPicture"]

MAX_NARROW = 256
"""Of more hints `best` asks no narrow claims: these lie close, and attending twice takes long."""

_REMEMBERED_BYTES = 192 << 20  # two attentions each of 200 hints, before and after a change


class EncodedPicture:
    """A picture as the networks know it: code, anchors, and the latest attentions.

    Who owns which cell depends on where hints are, not on their colours: painting again with other
    colours finds the attention here and runs no network.

    Parameters
    ----------
    networks : Networks
        The model.
    code : GuideFeatures
        Of one picture.
    lightness : Tensor
        (1, 1, h, w), as the network sees it, in [-1, 1].
    """

    def __init__(self, networks: Networks, code: GuideFeatures, lightness: Tensor) -> None:
        self.networks = networks
        self.code = code
        self.lightness = lightness
        self.anchors = place_anchors(code, networks.anchors.config.count)
        self._fixed = fixed_channels(code)
        self._paths = HintPaths(lightness[0, 0].float().cpu().numpy())
        self._sweeps = Sweeps(code.affinity, networks.guide.relaxation)
        self._attentions: OrderedDict[tuple[bytes, bool, bool], Attention] = OrderedDict()
        self._variance: tuple[tuple[bytes, int, int], Tensor] | None = None
        self._lock = Lock()

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) in cells."""
        return self.code.shape

    @property
    def device(self) -> torch.device:
        """Where all of it is."""
        return self.code.gain.device

    @cached_property
    def covariates(self) -> Tensor:
        """(1, 3, h, w), what colours may go with all over the picture."""
        return covariates(self.code, self.lightness)

    @cached_property
    def covariates_array(self) -> NDArray[np.float32]:
        """The same, (3, h, w), where hints are laid out."""
        values: NDArray[np.float32] = self.covariates[0].cpu().numpy()
        return values

    def relative_gain(self, positions: Tensor) -> NDArray[np.float32]:
        """How much of its object's chroma each place carries: (N,), relative to the mean there.

        The object is what a hint at the place claims narrowly; with more than 256 hints it is the
        picture.

        Parameters
        ----------
        positions : Tensor
            (1, N, 2) in cells.
        """
        gain = self.code.gain
        if positions.shape[1] > MAX_NARROW:
            own, mean = self.code.at(gain, positions)[0, 0], gain.median()
        else:
            # By features alone: the path out of an object's dark core crosses its shading.
            narrow = self.attend(positions, highlight=True, paths=False)
            flat = gain.flatten()
            # Weighed by itself: most of an object's colour is where the gain is high.
            mean = (
                narrow.weights[0].T @ flat.square() / (narrow.weights[0].T @ flat).clamp(min=1e-6)
            )
            own = narrow.gains[0]
        share: NDArray[np.float32] = (own / mean.clamp(min=1e-6)).cpu().numpy()
        return share

    def attend(
        self, positions: Tensor, *, highlight: bool = False, paths: bool = True
    ) -> Attention:
        """Who owns which cell: computed, or remembered.

        Parameters
        ----------
        positions : Tensor
            (1, N, 2) in cells.
        highlight : bool
            Whether only hinted objects are to be coloured.
        paths : bool
            Whether edges on the way from a hint count, where the guide has learned it.
        """
        key = self._key(positions, highlight, paths)
        with self._lock:
            found = self._attentions.get(key)
            if found is not None:
                self._attentions.move_to_end(key)
                return found
        nearness = None
        if key[2] and positions.shape[1]:
            nearness = self._paths.nearness(positions[0])
        many = positions.shape[1] * self._fixed.shape[-1] > SMALL
        with one_thread(self.device) as threads:
            made = attend_one(
                self.networks.guide,
                self.code,
                positions,
                highlight=key[1],
                nearness=nearness,
                fixed=self._fixed,
                workers=min(4, threads) if many else 1,
            )
        self._keep(key, made)
        return made

    def remember(self, positions: Tensor, attention: Attention, *, highlight: bool) -> None:
        """Keep an attention that may be asked for again; the oldest are forgotten."""
        self._keep(self._key(positions, highlight), attention)

    def _keep(self, key: tuple[bytes, bool, bool], attention: Attention) -> None:
        with self._lock:
            self._attentions[key] = attention
            self._attentions.move_to_end(key)
            size = 4 * sum(each.weights.numel() for each in self._attentions.values())
            while size > _REMEMBERED_BYTES and len(self._attentions) > 1:
                size -= 4 * self._attentions.popitem(last=False)[1].weights.numel()

    def _key(
        self, positions: Tensor, highlight: bool, paths: bool = True
    ) -> tuple[bytes, bool, bool]:
        config = self.networks.guide.config
        own = positions.cpu().numpy().tobytes()
        return own, highlight and config.highlight, paths and config.geodesic

    def last_variance(self, key: tuple[bytes, int, int], make: Callable[[], Tensor]) -> Tensor:
        """Remember what `make` gives, until it is asked for under another key."""
        with self._lock:
            found = self._variance
        if found is None or found[0] != key:
            found = (key, make())
            with self._lock:
                self._variance = found
        return found[1]

    def spread(
        self,
        attention: Attention,
        colors: Tensor,
        hint_map: Tensor,
        auto: Tensor | None,
        added: tuple[Attention, Tensor] | None = None,
    ) -> Tensor:
        """Spread colours: `Guide.paint`'s result after the propagation.

        Parameters
        ----------
        attention : Attention
            From `attend`.
        colors : Tensor
            (1, N, C), ab / 110.
        hint_map : Tensor
            (1, C + 1, h, w).
        auto : Tensor or None
            (1, 2, h, w), the colour of unclaimed cells; None for gray.
        added : tuple of Attention and Tensor, optional
            Colours (1, M, C), ab / 110, that are spread by an attention of their own and added.

        Returns
        -------
        Tensor
            (1, C, h, w), ab / 110.
        """
        gain = self.code.gain
        with one_thread(self.device, hint_map.numel()):
            mixed = self._mixed(attention, colors / attention.gains[..., None])
            if auto is not None:
                rest = attention.unclaimed.transpose(1, 2).unflatten(2, self.shape)
                pairs = colors.shape[-1] // 2
                mixed = mixed + rest * (auto / gain).repeat(1, pairs, 1, 1)
            if added is not None:
                mixed = mixed + self._mixed(added[0], added[1] / added[0].gains[..., None])
            mask = hint_map[:, -1:]
            hint = hint_map[:, :-1] / mask.clamp(min=1e-3) / gain
            screening = self.networks.guide.screening(self.code.affinity, attention.nearest)
            return self._sweeps(mixed, hint, HINT_STRENGTH * mask, screening) * gain

    def shares(self, attention: Attention, groups: Tensor, shares: Tensor) -> Tensor:
        """Share of every cell that groups of hints own, after the propagation.

        Parameters
        ----------
        attention : Attention
            From `attend`.
        groups : Tensor
            (1, N, K), which groups a token belongs to: 0 or 1.
        shares : Tensor
            (1, K + 1, h, w): of each cell, the share under hints of each group and of any.

        Returns
        -------
        Tensor
            (1, K, h, w) in [0, 1], of sums of at most 1.
        """
        mask = shares[:, -1:]
        hint = shares[:, :-1] / mask.clamp(min=1e-3)
        mixed = self._mixed(attention, groups)
        screening = self.networks.guide.screening(self.code.affinity, attention.nearest)
        solved = self._sweeps(mixed, hint, HINT_STRENGTH * mask, screening).clamp(0, 1)
        # Sweeps that are relaxed by more than one overshoot a little.
        return solved / solved.sum(1, keepdim=True).clamp(min=1)

    def _mixed(self, attention: Attention, values: Tensor) -> Tensor:
        # In this order the product runs along the claims as they lie in memory.
        product = values.transpose(1, 2) @ attention.weights.transpose(1, 2)
        apart: Tensor = product.unflatten(2, self.shape)
        return apart
