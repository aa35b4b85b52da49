"""Which pictures are kept, and in which split: a pure function of what is known about them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from abdiffuser_training.prepare.examine import Record
from abdiffuser_training.prepare.near import components, near_pairs
from abdiffuser_training.prepare.settings import Settings

__all__ = ["REASONS", "SPLITS", "Decision", "decide"]

SPLITS = ("train", "val", "test")
REASONS = {
    "broken": "cannot be read, or the mask does not fit",
    "small": "shorter side below the limit",
    "blank": "almost one gray value",
    "gray": "hardly any colour",
    "duplicate": "the same pixels as a kept picture",
    "near-duplicate": "a perceptual hash close to a kept picture's",
}
_BLANK = 2.0  # gray values: below it a perceptual hash is a hash of noise


@dataclass(frozen=True)
class Decision:
    """What becomes of a picture.

    Attributes
    ----------
    record : Record
        The picture.
    reason : str
        Why it is removed, one of `REASONS`; '' for a kept one.
    detail : str
        The figure behind it.
    like : str
        Name of the kept picture that it repeats.
    split : str
        One of `SPLITS` for a kept one.
    group : int
        Pictures of a group stay in one split; -1 for removed ones.
    """

    record: Record
    reason: str = ""
    detail: str = ""
    like: str = ""
    split: str = ""
    group: int = -1


def decide(records: Sequence[Record], settings: Settings) -> list[Decision]:
    """Sort pictures out, remove repetitions, and split the rest.

    Parameters
    ----------
    records : Sequence[Record]
        All pictures.
    settings : Settings
        Thresholds, shares and seed.

    Returns
    -------
    list[Decision]
        One a record, in the same order. Of several alike pictures one with a mask is kept before
        one without, then the largest, one without compression losses, the first.
    """
    decisions = [_alone(record, settings) for record in records]
    # The best of those alike comes first.
    order = sorted(
        (i for i, decision in enumerate(decisions) if not decision.reason),
        key=lambda i: (*_worth(records[i]), i),
    )
    first: dict[str, int] = {}
    for i in order:
        twin = first.setdefault(records[i].digest, i)
        if twin != i:
            decisions[i] = replace(
                decisions[i], reason="duplicate", detail="the same pixels", like=records[twin].name
            )
    order = [i for i in order if not decisions[i].reason]
    near = near_pairs([records[i].hashes for i in order], settings.near)
    links = [(order[a], order[b]) for a, b in zip(near[0], near[1], strict=True)]
    if not settings.keep_near:
        for (a, b), distance in zip(links, near[2].tolist(), strict=True):
            # Pairs come sorted by their better picture: its own fate is settled by then.
            if not decisions[a].reason and not decisions[b].reason:
                decisions[b] = replace(
                    decisions[b],
                    reason="near-duplicate",
                    detail=f"{distance} bits apart",
                    like=records[a].name,
                )
    return _split(decisions, links, settings)


def _worth(record: Record) -> tuple[bool, int, bool]:
    """Sort key that puts the picture most worth keeping first."""
    lossy = record.name.lower().endswith((".jpg", ".jpeg", ".webp"))
    return not record.masked, -record.height * record.width, lossy


def _alone(record: Record, settings: Settings) -> Decision:
    """Judge a picture by itself."""
    height = record.height - (record.bar if settings.crop_bars else 0)
    if record.problem:
        return Decision(record, "broken", record.problem)
    if min(height, record.width) < settings.min_side:
        return Decision(record, "small", f"{record.width} × {height} pixels")
    if record.contrast < _BLANK:
        return Decision(record, "blank", f"contrast {record.contrast:.1f} of 255")
    gray = record.colored < settings.colored_share or record.colored == 0
    if gray and (settings.gray == "drop" or (settings.gray == "masked" and not record.masked)):
        return Decision(record, "gray", f"{100 * record.colored:.2g} % of the area colored")
    return Decision(record)


def _draw(seed: int, digest: str) -> str:
    """Draw a place in an order that depends on the seed and on nothing but the pictures."""
    return hashlib.sha256(f"{seed}:{digest}".encode()).hexdigest()


def _split(
    decisions: list[Decision], links: list[tuple[int, int]], settings: Settings
) -> list[Decision]:
    if settings.by_folder:
        leaders: dict[str, int] = {}
        for i, decision in enumerate(decisions):
            folder = decision.record.name.rpartition("/")[0]
            links = [*links, (leaders.setdefault(folder, i), i)]
    group_of = components(len(decisions), links)
    members: dict[int, list[int]] = {}
    for i, decision in enumerate(decisions):
        if not decision.reason:
            members.setdefault(int(group_of[i]), []).append(i)
    digests = {g: min(decisions[i].record.digest for i in of) for g, of in members.items()}
    order = sorted(members, key=lambda g: _draw(settings.seed, digests[g]))
    total = sum(len(of) for of in members.values())
    split_of = dict.fromkeys(members, "train")
    for split, share in (("val", settings.val), ("test", settings.test)):
        # At least one where any is wanted, as long as something is left to train on.
        quota = max(round(share * total), 1) if share > 0 and len(members) > 2 else 0
        for g in order:
            if split_of[g] == "train" and len(members[g]) <= quota:
                split_of[g] = split
                quota -= len(members[g])
    numbers = {g: n for n, g in enumerate(sorted(members, key=lambda g: members[g][0]))}
    for g, of in members.items():
        for i in of:
            decisions[i] = replace(decisions[i], split=split_of[g], group=numbers[g])
    return decisions


def shard_order(decisions: Sequence[Decision], split: str, seed: int) -> list[Decision]:
    """Pictures of a split in the seeded order of its shards: neighbours on disk are mixed."""
    chosen = [decision for decision in decisions if decision.split == split]
    return sorted(chosen, key=lambda d: (_draw(seed + 1, d.record.digest), d.record.name))


def count_reasons(decisions: Sequence[Decision]) -> dict[str, int]:
    """Count the removed pictures by reason, all reasons listed."""
    reasons = np.array([decision.reason for decision in decisions])
    return {reason: int((reasons == reason).sum()) for reason in REASONS}
