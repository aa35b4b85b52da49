r"""Samplers: pure functions from a denoiser and starting noise to clean data.

A sampler knows neither the network nor what the numbers mean: states are (B, ...) tensors, anchors
(B, K, 2) and pixels (B, 2, H, W) alike. All it asks of a model is ``denoise(z, t) -> x0`` with `z`
(B, ...) and `t` (B,) float32 in (0, 1]. Whatever the network predicts is turned into x0 before.

Values that are known (hints) need nothing here: put them back in the denoiser, and every sampler
steers the rest towards them::

    def denoise(z, t):
        return torch.where(known, value, model(z, t))

The last prediction is the result, so known values come out exactly as they were put in. Gradients
flow through every step; call under ``torch.inference_mode()`` where none are wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Protocol, TypedDict, Unpack

import torch
from torch import Tensor

from napari_abdiffuser.errors import Cancelled, InvalidRequest

Denoise = Callable[[Tensor, Tensor], Tensor]
Generators = torch.Generator | Sequence[torch.Generator] | None
Progress = Callable[[int, int], object]
Cancel = Callable[[], bool]
_Step = Callable[[Tensor, Tensor, float, float], Tensor]
_MakeStep = Callable[[Generators], _Step]


class Options(TypedDict, total=False):
    """What every sampler takes beside the model and the noise; see `Sampler`."""

    times: Sequence[float] | None
    generator: Generators
    progress: Progress | None
    cancel: Cancel | None


class AlphaBar(Protocol):
    """What a sampler needs of a schedule."""

    def alpha_bar(self, t: Tensor) -> Tensor:
        """Remaining signal power at times `t`, strictly between 0 and 1."""
        ...


class Sampler(Protocol):
    """The signature that all samplers share."""

    def __call__(
        self,
        denoise: Denoise,
        noise: Tensor,
        schedule: AlphaBar,
        steps: int,
        *,
        times: Sequence[float] | None = None,
        generator: Generators = None,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Tensor:
        """Run the reverse process.

        Parameters
        ----------
        denoise : callable
            ``denoise(z, t) -> x0``: `z` (B, ...), `t` (B,) float32, the same for all items.
        noise : Tensor
            (B, ...) standard normal: the state at ``times[0]``. Not written to.
        schedule : AlphaBar
            The schedule the denoiser was trained with.
        steps : int
            Number of calls of `denoise`, at least 1.
        times : sequence of float, optional
            ``steps + 1`` falling times from at most 1 to exactly 0; `time_grid(steps)` if omitted.
        generator : torch.Generator or one per batch item, optional
            Source of the noise of stochastic samplers; deterministic ones ignore it. With one
            generator per item an item's noise does not depend on what else is in the batch.
        progress : callable, optional
            ``progress(done, total)`` after every step.
        cancel : callable, optional
            Asked before every step; True stops.

        Returns
        -------
        Tensor
            (B, ...) the last prediction of x0.

        Raises
        ------
        Cancelled
            If `cancel` returned True.
        InvalidRequest
            If `steps`, `times` or the number of generators do not fit.
        """
        ...


def ancestral(
    denoise: Denoise,
    noise: Tensor,
    schedule: AlphaBar,
    steps: int,
    **options: Unpack[Options],
) -> Tensor:
    """Draw from the forward process' posterior at every step (Ho et al. 2020, eq. 6 and 7).

    The thesis' sampler with 1000 steps; written in x0 and alpha_bar it holds for any subset of
    times. Parameters as in `Sampler`.
    """
    return _run(_noisy(ancestral_moments), denoise, noise, schedule, steps, **options)


def ddim(
    denoise: Denoise,
    noise: Tensor,
    schedule: AlphaBar,
    steps: int,
    *,
    eta: float = 0.0,
    **options: Unpack[Options],
) -> Tensor:
    """Follow the implicit process (Song et al. 2021, eq. 12 and 16). Parameters as in `Sampler`.

    `eta` in [0, 1] scales the noise: 0 is deterministic, 1 has the ancestral distribution.
    """
    if not 0.0 <= eta <= 1.0:
        raise InvalidRequest(f"eta must lie between 0 and 1, not {eta}.")
    moments = partial(ddim_moments, eta=eta)
    return _run(_noisy(moments), denoise, noise, schedule, steps, **options)


def dpm_solver_2m(
    denoise: Denoise,
    noise: Tensor,
    schedule: AlphaBar,
    steps: int,
    **options: Unpack[Options],
) -> Tensor:
    """Second-order multistep solver of the same ODE (Lu et al. 2022, DPM-Solver++, alg. 2).

    Deterministic, one call of the denoiser a step. The first step has no history and the last
    goes to infinite log-SNR: both are first order. Parameters as in `Sampler`.
    """
    return _run(lambda _: _TwoStepHistory(), denoise, noise, schedule, steps, **options)


SAMPLERS: dict[str, Sampler] = {
    "ancestral": ancestral,
    "ddim": ddim,
    "dpm++2m": dpm_solver_2m,
}


def time_grid(steps: int, power: float = 1.0) -> tuple[float, ...]:
    """Falling times ``(1 - i / steps) ** power``, i = 0 … steps.

    Uniform by default, which suits data of unit spread. A power of 2 spends more steps near the
    clean end and pays where the spread is 0.3 or less: there Gaussian data ends with 5 to 25 times
    less error in 8 to 16 steps of `dpm_solver_2m`.
    """
    if steps < 1:
        raise InvalidRequest(f"Sampling needs at least 1 step, not {steps}.")
    return tuple((1.0 - i / steps) ** power for i in range(steps + 1))


def draw_noise(shape: Sequence[int], like: Tensor, generator: Generators = None) -> Tensor:
    """Draw standard normal noise, (B, ...) = `shape`, with the device and dtype of `like`.

    Drawn in float32 where the generator lives and moved then, so that generators on the CPU give
    every device the same start. With one generator per item, item i depends on generator i alone.
    """
    if generator is None:
        return torch.randn(*shape, device=like.device, dtype=like.dtype)
    if isinstance(generator, torch.Generator):
        drawn = torch.randn(*shape, generator=generator, device=generator.device)
        return drawn.to(like.device, like.dtype)
    if len(generator) != shape[0]:
        raise InvalidRequest(
            f"Got {len(generator)} random generators for {shape[0]} outputs; give one for each."
        )
    items = [torch.randn(*shape[1:], generator=g, device=g.device) for g in generator]
    return torch.stack(items).to(like.device, like.dtype) if items else like.new_empty(*shape)


def ancestral_moments(ab_t: float, ab_s: float) -> tuple[float, float, float]:
    """Posterior of the state at s < t, given its alpha_bar and that at t.

    Returns
    -------
    tuple of float
        (factor of x0, factor of z, standard deviation); Ho et al. 2020, eq. 6 and 7.
    """
    alpha = min(ab_t / ab_s, 1.0)
    beta = 1.0 - alpha
    return (
        math.sqrt(ab_s) * beta / (1.0 - ab_t),
        math.sqrt(alpha) * (1.0 - ab_s) / (1.0 - ab_t),
        math.sqrt(beta * (1.0 - ab_s) / (1.0 - ab_t)),
    )


def ddim_moments(ab_t: float, ab_s: float, eta: float = 0.0) -> tuple[float, float, float]:
    """State at s < t by the implicit process.

    Returns
    -------
    tuple of float
        (factor of x0, factor of z, standard deviation); Song et al. 2021, eq. 12 and 16, with
        epsilon written as ``(z - sqrt(ab_t) * x0) / sqrt(1 - ab_t)``.
    """
    sigma = eta * math.sqrt((1.0 - ab_s) / (1.0 - ab_t) * max(1.0 - ab_t / ab_s, 0.0))
    of_z = math.sqrt(max(1.0 - ab_s - sigma**2, 0.0) / (1.0 - ab_t))
    return math.sqrt(ab_s) - of_z * math.sqrt(ab_t), of_z, sigma


def _noisy(moments: Callable[[float, float], tuple[float, float, float]]) -> _MakeStep:
    """Make steps that draw from a normal distribution with these moments."""

    def make(generator: Generators) -> _Step:
        def step(z: Tensor, x0: Tensor, ab_t: float, ab_s: float) -> Tensor:
            of_x0, of_z, sigma = moments(ab_t, ab_s)
            z = of_x0 * x0 + of_z * z
            return z + sigma * draw_noise(z.shape, z, generator) if sigma else z

        return step

    return make


class _TwoStepHistory:
    """DPM-Solver++(2M)'s step: remembers the last prediction and the last step in log-SNR / 2."""

    def __init__(self) -> None:
        self.last: tuple[Tensor, float] | None = None

    def __call__(self, z: Tensor, x0: Tensor, ab_t: float, ab_s: float) -> Tensor:
        h = 0.5 * (math.log(ab_s / (1.0 - ab_s)) - math.log(ab_t / (1.0 - ab_t)))
        towards = x0
        # Two times may share alpha_bar's margin: then there is no slope to extrapolate.
        if self.last is not None and self.last[1] > 0.0:
            before, h_before = self.last
            towards = x0 + (0.5 * h / h_before) * (x0 - before)
        self.last = (x0, h)
        ratio = math.sqrt((1.0 - ab_s) / (1.0 - ab_t))
        return ratio * z - math.sqrt(ab_s) * math.expm1(-h) * towards


def _run(
    make_step: _MakeStep,
    denoise: Denoise,
    noise: Tensor,
    schedule: AlphaBar,
    steps: int,
    times: Sequence[float] | None = None,
    generator: Generators = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Tensor:
    """Do what all samplers share: check, loop, report, stop."""
    grid = time_grid(steps) if times is None else tuple(times)
    if len(grid) != steps + 1 or grid[0] > 1.0 or grid[-1] != 0.0 or not _falls(grid):
        raise InvalidRequest(
            f"Sampling in {steps} steps needs {steps + 1} falling times from at most 1 to exactly "
            "0; leave `times` out for the default."
        )
    # Coefficients in double precision on the CPU: exact, and no device is waited for in the loop.
    alpha_bar = schedule.alpha_bar(torch.tensor(grid, dtype=torch.float64)).tolist()
    step = make_step(generator)
    z = noise
    for i in range(steps):
        if cancel is not None and cancel():
            raise Cancelled(f"Stopped after {i} of {steps} steps; start again to get a result.")
        t = torch.full((len(z),), grid[i], device=z.device, dtype=torch.float32)
        x0 = denoise(z, t)
        # Time 0 is x0 itself, not alpha_bar's upper margin.
        z = x0 if i == steps - 1 else step(z, x0, alpha_bar[i], alpha_bar[i + 1])
        if progress is not None:
            progress(i + 1, steps)
    return z


def _falls(grid: Sequence[float]) -> bool:
    return all(later < earlier for earlier, later in pairwise(grid))
