"""How a diffusion model wants to be sampled: its sampler, its steps and their times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.sampler import (
    SAMPLERS,
    AlphaBar,
    Denoise,
    Generators,
    time_grid,
)

__all__ = ["SamplerConfig"]


@dataclass(frozen=True)
class SamplerConfig:
    """A model's own way of being sampled; part of its configuration.

    Parameters
    ----------
    sampler : {'ancestral', 'ddim', 'dpm++2m'}
        Which of `SAMPLERS`.
    steps : int
        Calls of the network, at least 1.
    times : tuple of float
        ``steps + 1`` falling times from 1 to 0 of a distilled model, which knows these only;
        empty for a model that knows all times.

    Raises
    ------
    InvalidRequest
        If there is no such sampler, or steps and times do not fit.
    """

    sampler: str
    steps: int
    times: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check what a file may have got wrong."""
        if self.sampler not in SAMPLERS:
            raise InvalidRequest(
                f"Unknown sampler {self.sampler!r}; choose one of {', '.join(SAMPLERS)}."
            )
        if type(self.steps) is not int or self.steps < 1:
            raise InvalidRequest(f"Sampling needs at least 1 step, not {self.steps!r}.")
        if self.times and len(self.times) != self.steps + 1:
            raise InvalidRequest(
                f"{self.steps} steps have {self.steps + 1} times, not {len(self.times)}."
            )

    @property
    def distilled(self) -> bool:
        """Whether the model was distilled to these steps and is good at no others."""
        return bool(self.times)

    def grid(self, steps: int | None = None) -> tuple[float, ...]:
        """Falling times of a run of `steps`: the model's own where it has some, else uniform."""
        if steps is None or steps == self.steps:
            return self.times or time_grid(self.steps)
        return time_grid(steps)

    def run(
        self,
        denoise: Denoise,
        noise: Tensor,
        schedule: AlphaBar,
        steps: int | None = None,
        *,
        times: Sequence[float] | None = None,
        generator: Generators = None,
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Tensor:
        """Sample; parameters as in `napari_abdiffuser.model.sampler.Sampler`.

        Parameters
        ----------
        denoise, noise, schedule, times, generator, progress, cancel
            As there.
        steps : int, optional
            Other than the model's own.
        """
        grid = self.grid(steps) if times is None else tuple(times)
        return SAMPLERS[self.sampler](
            denoise,
            noise,
            schedule,
            len(grid) - 1,
            times=grid,
            generator=generator,
            progress=progress,
            cancel=cancel,
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-serializable form; `from_dict` reads it back."""
        data: dict[str, Any] = {"sampler": self.sampler, "steps": self.steps}
        return {**data, "times": list(self.times)} if self.times else data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SamplerConfig:
        """Read `to_dict`'s form; raises InvalidRequest for what does not fit."""
        unknown = data.keys() - {"sampler", "steps", "times"}
        times = data.get("times", ())
        numbers = isinstance(times, (list, tuple)) and all(
            isinstance(t, (int, float)) for t in times
        )
        if unknown or not numbers or not {"sampler", "steps"} <= data.keys():
            raise InvalidRequest(f"{dict(data)} is no way of sampling; see Sampling.")
        return cls(data["sampler"], data["steps"], tuple(float(t) for t in times))
