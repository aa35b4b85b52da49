"""A request to evaluate: what the command line says, checked and written out again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from abdiffuser_training.evaluate.measures.records import Settings
from abdiffuser_training.evaluate.protocols.registry import PROTOCOLS
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["EvaluationRequest"]


@dataclass(frozen=True)
class EvaluationRequest:
    """What to measure; None and empty are the protocol's own.

    Attributes
    ----------
    model, protocol : str
        Registry name, path or 'baselines'; the protocol's name.
    data : tuple of str
        Shards or folders.
    also : tuple of (str, str)
        Names and paths of further models.
    size, cell, limit, holdout, seed : int or None
        Sides of pictures and hints; pictures of each shard; last keys of each; seed.
    counts : tuple of int or None
        Numbers of hints or steps.
    samples : int
        Of a model; zero: `best` alone.
    steps : int or None
        Denoising steps of a sample.
    baselines : tuple of str or None
        Simple methods beside the model.
    device : str
    workers : int
        Processes.
    hints, write_hints, out : str or None
        Folders.
    pictures : int
        Rows of the page of pictures.
    lpips : bool
    """

    model: str
    protocol: str
    data: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    size: int | None = None
    cell: int | None = None
    counts: tuple[int, ...] | None = None
    limit: int | None = None
    holdout: int | None = None
    seed: int | None = None
    samples: int = 9
    steps: int | None = None
    baselines: tuple[str, ...] | None = None
    device: str = "auto"
    workers: int = 1
    hints: str | None = None
    write_hints: str | None = None
    out: str | None = None
    pictures: int = 0
    lpips: bool = False

    def settings(self) -> Settings:
        """Everything that the measuring of one picture depends on.

        Raises
        ------
        InvalidRequest
            If numbers make no sense, or the protocol needs data or a model and has none.
        """
        protocol = PROTOCOLS[self.protocol]
        if not self.data:
            raise InvalidRequest(
                f"The protocol {self.protocol!r} needs pictures; name a shard or a folder."
            )
        if self.model == "baselines" and self.protocol == "steps":
            raise InvalidRequest("Steps are measured of a model; give its name instead.")
        counts = protocol.counts if self.counts is None else self.counts
        if self.samples < 0 or any(count < 0 for count in counts):
            raise InvalidRequest("Numbers of samples, hints and steps are 0 or more.")
        if self.protocol == "icolorit" and (odd := set(counts) - set(protocol.counts)):
            raise InvalidRequest(f"The protocol has no hints of number {sorted(odd)}; see --help.")
        if (self.size is not None and self.size < 8) or (self.limit is not None and self.limit < 1):
            raise InvalidRequest("--size is at least 8 pixels, --limit at least 1 picture.")
        if self.steps is not None and self.steps < 1:
            raise InvalidRequest("--steps is at least 1.")
        if min(self.seed or 0, self.holdout or 0) < 0:
            raise InvalidRequest("--seed and --holdout are 0 or more.")
        every = protocol.baselines
        if self.model == "baselines" and self.baselines is None and protocol.cell:
            every = (*every, "Levin 2004 least squares")
        return Settings(
            protocol=self.protocol,
            model=self.model,
            also=self.also,
            device=self.device,
            baselines=every if self.baselines is None else self.baselines,
            size=self.size or protocol.size,
            cell=self.cell or protocol.cell,
            counts=counts,
            seed=protocol.seed if self.seed is None else self.seed,
            samples=self.samples,
            steps=self.steps,
            lpips=self.lpips,
        )

    def command(self) -> str:
        """Command line that asks for this, options that change no figure left out."""
        words = ["abdiffuser-train", "evaluate", self.model, "--protocol", self.protocol]
        words += self.data
        for name, path in self.also:
            words += ["--also", f"{name}={path}"]
        for name in ("size", "cell", "limit", "holdout", "seed", "steps"):
            if (value := getattr(self, name)) is not None:
                words += [f"--{name}", str(value)]
        if self.counts is not None:
            words += ["--counts", ",".join(map(str, self.counts))]
        if self.samples != 9:
            words += ["--samples", str(self.samples)]
        if self.baselines is not None:
            words += ["--baselines", ",".join(self.baselines) or "none"]
        if self.lpips:
            words.append("--lpips")
        return shlex.join(words)
