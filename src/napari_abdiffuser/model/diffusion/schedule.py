r"""Noise schedules in continuous time, and what the network is asked to predict.

Time runs from ``t = 0`` (clean) to ``t = 1`` (noise). A noisy state is
``z_t = signal(t) * x0 + noise(t) * epsilon`` with ``signal(t)**2 = alpha_bar(t)`` and
``signal**2 + noise**2 = 1`` (Ho et al. 2020, eq. 4). Entry ``i`` (0-based) of a discrete table with
``T`` steps is the time ``t = (i + 1) / T``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

import torch
from torch import Tensor

from napari_abdiffuser.errors import InvalidRequest

ScheduleKind = Literal["linear", "cosine", "sigmoid"]
ObjectiveKind = Literal["epsilon", "v", "x0"]

THESIS_STEPS = 1000
MAX_BETA = 0.999
# alpha_bar stays this far from 0 and 1: the conversions below divide by signal and by noise, and at
# 1e-3 that costs three of float32's seven digits, not all of them.
MARGIN = 1e-6

_PARAMETERS: dict[ScheduleKind, dict[str, float]] = {
    "linear": {"beta_start": 1e-4, "beta_end": 0.02},
    "cosine": {"s": 0.008},
    "sigmoid": {"start": -3.0, "end": 3.0, "tau": 1.0},
}


@dataclass(frozen=True)
class Schedule:
    r"""How much of the signal is left at each time.

    Parameters
    ----------
    kind : {'linear', 'cosine', 'sigmoid'}
        'linear': :math:`\beta` rises linearly over 1000 steps (Ho et al. 2020, sec. 4).
        'cosine': squared cosine (Nichol & Dhariwal 2021, eq. 17).
        'sigmoid': logistic curve (Jabri et al. 2022, alg. 1), the thesis' final choice.
    parameters : tuple of float
        'linear': (beta_start, beta_end); 'cosine': (s,); 'sigmoid': (start, end, tau).
        Empty means the thesis' values.

    Raises
    ------
    InvalidRequest
        If the kind is unknown or the parameters do not give a falling curve.
    """

    kind: ScheduleKind = "sigmoid"
    parameters: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Fill in the thesis' parameters and check them."""
        if self.kind not in _PARAMETERS:
            raise InvalidRequest(
                f"Unknown noise schedule {self.kind!r}; choose one of {', '.join(_PARAMETERS)}."
            )
        names = _PARAMETERS[self.kind]
        values = tuple(float(value) for value in self.parameters) or tuple(names.values())
        if len(values) != len(names) or not _is_falling(self.kind, values):
            raise InvalidRequest(
                f"Parameters {values} do not fit the {self.kind} schedule; give "
                f"({', '.join(names)}), for instance {tuple(names.values())}."
            )
        object.__setattr__(self, "parameters", values)

    def alpha_bar(self, t: Tensor) -> Tensor:
        """Remaining signal power.

        Parameters
        ----------
        t : Tensor
            Any shape, in [0, 1]; values outside are clamped. Half precision is computed in float32.

        Returns
        -------
        Tensor
            Same shape, in [1e-6, 1 - 1e-6], falling with `t`; float64 if `t` is, else float32.
        """
        t = t if t.dtype == torch.float64 else t.float()
        t = t.clamp(0.0, 1.0)
        return _CURVES[self.kind](t, *self.parameters).clamp(MARGIN, 1.0 - MARGIN)

    def signal(self, t: Tensor) -> Tensor:
        """Factor of x0 in z: ``sqrt(alpha_bar(t))``, same shape as `t`, in [1e-3, 1)."""
        return self.alpha_bar(t).sqrt()

    def noise(self, t: Tensor) -> Tensor:
        """Factor of epsilon in z: ``sqrt(1 - alpha_bar(t))``, same shape as `t`, in [1e-3, 1)."""
        return (1.0 - self.alpha_bar(t)).sqrt()

    def diffuse(self, x0: Tensor, epsilon: Tensor, t: Tensor) -> Tensor:
        """Noisy state at time `t` (Ho et al. 2020, eq. 4).

        Parameters
        ----------
        x0, epsilon : Tensor
            Clean data and standard normal noise, (B, ...).
        t : Tensor
            One time per batch item, (B,), or a scalar for all.

        Returns
        -------
        Tensor
            ``signal(t) * x0 + noise(t) * epsilon``, (B, ...).
        """
        signal, noise = self.factors(t, x0)
        return signal * x0 + noise * epsilon

    def factors(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """Signal and noise at `t`, (B,) or scalar, shaped to broadcast over `like`, (B, ...)."""
        shape = (-1,) + (1,) * (like.ndim - 1) if t.ndim else ()
        alpha_bar = self.alpha_bar(t).reshape(shape)
        return alpha_bar.sqrt().to(like.dtype), (1.0 - alpha_bar).sqrt().to(like.dtype)

    def betas(self, steps: int = THESIS_STEPS) -> Tensor:
        r"""Table of the discrete process, as the papers define it.

        Parameters
        ----------
        steps : int
            Number T of discrete steps. The linear schedule is rescaled by 1000 / T.

        Returns
        -------
        Tensor
            (T,) float64 in (0, 0.999]; entry i belongs to the step that ends at ``(i + 1) / T``.
        """
        if steps < 1:
            raise InvalidRequest(f"A discrete schedule needs at least 1 step, not {steps}.")
        if self.kind == "linear":
            scale = THESIS_STEPS / steps
            first, last = self.parameters
            betas = torch.linspace(scale * first, scale * last, steps, dtype=torch.float64)
        else:
            times = torch.linspace(0.0, 1.0, steps + 1, dtype=torch.float64)
            curve = _CURVES[self.kind](times, *self.parameters)
            betas = 1.0 - curve[1:] / curve[:-1]
        return betas.clamp(max=MAX_BETA)

    def to_dict(self) -> dict[str, Any]:
        """JSON-serializable form; `from_dict` reads it back."""
        names = _PARAMETERS[self.kind]
        return {"kind": self.kind, **dict(zip(names, self.parameters, strict=True))}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Schedule:
        """Schedule from `to_dict`'s form; parameters that are left out take the thesis' values.

        Raises
        ------
        InvalidRequest
            If the kind or a parameter is unknown or not a number.
        """
        given = dict(data)
        kind = given.pop("kind", None)
        names = _PARAMETERS.get(cast(ScheduleKind, kind)) if isinstance(kind, str) else None
        numbers = all(isinstance(value, (int, float)) for value in given.values())
        if names is None or not numbers or not given.keys() <= names.keys():
            raise InvalidRequest(
                f"{dict(data)} is no noise schedule; give 'kind' (one of {', '.join(_PARAMETERS)}) "
                "and that kind's parameters as numbers."
            )
        return cls(cast(ScheduleKind, kind), tuple({**names, **given}.values()))


@dataclass(frozen=True)
class Objective:
    """What the network predicts, and how to turn it into x0 or epsilon.

    Parameters
    ----------
    kind : {'epsilon', 'v', 'x0'}
        The noise (Ho et al. 2020, eq. 14), the velocity ``signal * epsilon - noise * x0``
        (Salimans & Ho 2022, app. D), or the clean data.
    schedule : Schedule
        The schedule in which times are meant.
    """

    kind: ObjectiveKind = "v"
    schedule: Schedule = field(default_factory=Schedule)

    def __post_init__(self) -> None:
        """Check the kind."""
        if self.kind not in get_args(ObjectiveKind):
            raise InvalidRequest(
                f"Unknown objective {self.kind!r}; choose one of "
                f"{', '.join(get_args(ObjectiveKind))}."
            )

    def target(self, x0: Tensor, epsilon: Tensor, t: Tensor) -> Tensor:
        """Give what a perfect network says of ``z = schedule.diffuse(x0, epsilon, t)``.

        `x0` and `epsilon` are (B, ...), `t` is (B,) or scalar, in [0, 1]; returns (B, ...).
        """
        if self.kind == "x0":
            return x0
        if self.kind == "epsilon":
            return epsilon
        signal, noise = self.schedule.factors(t, x0)
        return signal * epsilon - noise * x0

    def to_x0(self, prediction: Tensor, z: Tensor, t: Tensor) -> Tensor:
        """Clean data that a prediction stands for; `prediction`, `z` (B, ...), `t` (B,) or scalar.

        From epsilon this divides by the signal, 1e-3 at worst: errors of such a prediction grow
        a thousandfold at ``t = 1``.
        """
        if self.kind == "x0":
            return prediction
        signal, noise = self.schedule.factors(t, z)
        if self.kind == "epsilon":
            return (z - noise * prediction) / signal
        return signal * z - noise * prediction

    def to_epsilon(self, prediction: Tensor, z: Tensor, t: Tensor) -> Tensor:
        """Noise that a prediction stands for; `prediction`, `z` (B, ...), `t` (B,) or scalar.

        From x0 this divides by the noise, 1e-3 at worst, at ``t = 0``.
        """
        if self.kind == "epsilon":
            return prediction
        signal, noise = self.schedule.factors(t, z)
        if self.kind == "x0":
            return (z - signal * prediction) / noise
        return noise * z + signal * prediction


def _linear(t: Tensor, first: float, last: float) -> Tensor:
    # The table's product of (1 - beta_j), j = 1 … i, for every real i = 1000 t: the sum of
    # log(1 - beta) is the integral over [1/2, i + 1/2] (midpoint rule, off by 1e-8 here), taken
    # term by term of log's series because differences of logarithms would not survive float32.
    slope = (last - first) / (THESIS_STEPS - 1)
    low = first - slope / 2
    high = low + slope * THESIS_STEPS * t
    total = torch.zeros_like(t)
    for k in range(1, 6):
        if slope:
            total = total + (high ** (k + 1) - low ** (k + 1)) / ((k + 1) * k * slope)
        else:
            total = total + first**k * THESIS_STEPS * t / k
    return torch.exp(-total)


def _cosine(t: Tensor, s: float) -> Tensor:
    start = math.cos(s / (1 + s) * math.pi / 2) ** 2
    return torch.cos((t + s) / (1 + s) * (math.pi / 2)) ** 2 / start


def _sigmoid(t: Tensor, start: float, end: float, tau: float) -> Tensor:
    # (sigmoid(end) - sigmoid(x)) / (sigmoid(end) - sigmoid(start)) with x = start … end over t,
    # written with sinh and cosh so that the small values near t = 1 are not lost to cancellation.
    half, width = 0.5 / tau, end - start
    fall = torch.sinh(half * width * (1.0 - t)) / torch.cosh(half * (start + width * t))
    return fall * (math.cosh(half * start) / math.sinh(half * width))


_CURVES: dict[ScheduleKind, Callable[..., Tensor]] = {
    "linear": _linear,
    "cosine": _cosine,
    "sigmoid": _sigmoid,
}


def _is_falling(kind: ScheduleKind, values: tuple[float, ...]) -> bool:
    if not all(math.isfinite(value) for value in values):
        return False
    if kind == "linear":
        # Above 0.1 the series in `_linear` is no longer exact, and nothing is left after 100 steps.
        return 0.0 < values[0] <= values[1] <= 0.1
    if kind == "cosine":
        return values[0] >= 0.0
    start, end, tau = values
    # The bound keeps sinh and cosh finite in float32; a logistic 160 wide is a step anyway.
    return tau > 0.0 and start < end and max(abs(start), abs(end), end - start) / tau < 160.0
