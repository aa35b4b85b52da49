"""What became of every picture: report.md for people, report.json for programs, contact sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from abdiffuser_training.files import write_bytes, write_json
from abdiffuser_training.prepare.decide import REASONS, SPLITS, Decision, count_reasons
from abdiffuser_training.prepare.find import Found
from abdiffuser_training.prepare.read import read_picture, resized
from abdiffuser_training.prepare.settings import HASH_BITS, Settings
from abdiffuser_training.prepare.shards import Shard
from abdiffuser_training.processes import ordered_map
from abdiffuser_training.sheets import Tile, contact_sheet

__all__ = ["summary", "write_report", "write_sheets"]

_LISTED = 200  # removed pictures a reason in report.md; report.json has all
_SHOWN = {"kept": 96, "removed": 160}
_FRAMES = {
    "train": "#7fb77e",
    "val": "#6f9bd8",
    "test": "#b48ad6",
    "broken": "#d9534f",
    "small": "#c9c04a",
    "blank": "#999999",
    "gray": "#777777",
    "duplicate": "#e08a3c",
    "near-duplicate": "#e8b04a",
}


def summary(decisions: Sequence[Decision]) -> str:
    """One line with the numbers of kept and removed pictures."""
    kept = [f"{sum(d.split == s for d in decisions)} {s}" for s in SPLITS]
    removed = [f"{n} {reason}" for reason, n in count_reasons(decisions).items() if n]
    away = f"; removed: {', '.join(removed)}" if removed else ""
    return f"{len(decisions)} files: kept {', '.join(kept)}{away}."


def write_report(
    settings: Settings,
    decisions: Sequence[Decision],
    shards: Mapping[str, Sequence[Shard]],
    keys: Mapping[str, str],
) -> None:
    """Write ``report.md`` and ``report.json``; the same input gives the same bytes."""
    where = {name: shard.name for of in shards.values() for shard in of for name in shard.pictures}
    rows: list[dict[str, Any]] = []
    for d in decisions:
        record = d.record
        row = {
            "source": record.name,
            "state": "removed" if d.reason else "kept",
            "reason": d.reason,
            "detail": d.detail,
            "like": d.like,
            "split": d.split,
            "group": d.group,
            "shard": where.get(record.name, ""),
            "key": keys.get(record.name, ""),
        }
        rows.append(row | {k: v for k, v in record.to_dict().items() if k not in ("name",)})
    listed = {
        split: [{"name": s.name, "pictures": len(s.pictures), "bytes": s.size} for s in of]
        for split, of in shards.items()
    }
    data = {
        "settings": settings.to_dict(),
        "counts": {
            "files": len(decisions),
            **{split: sum(d.split == split for d in decisions) for split in SPLITS},
            **count_reasons(decisions),
        },
        "shards": listed,
        "pictures": rows,
    }
    write_json(settings.out / "report.json", data)
    write_bytes(settings.out / "report.md", _markdown(settings, decisions, shards).encode())


def _markdown(
    settings: Settings, decisions: Sequence[Decision], shards: Mapping[str, Sequence[Shard]]
) -> str:
    lines = ["# Prepared pictures", "", summary(decisions), ""]
    lines += ["| split | pictures | groups | shards | MB |", "| --- | ---: | ---: | ---: | ---: |"]
    for split in SPLITS:
        of = [d for d in decisions if d.split == split]
        size = sum(s.size for s in shards.get(split, ())) / 1e6
        groups = len({d.group for d in of})
        count = len(shards.get(split, ()))
        lines.append(f"| {split} | {len(of)} | {groups} | {count} | {size:.1f} |")
    lines += ["", "| removed because | pictures |", "| --- | ---: |"]
    lines += [f"| {r}: {REASONS[r]} | {n} |" for r, n in count_reasons(decisions).items()]
    barred = sum(d.record.bar > 0 for d in decisions if not d.reason)
    cropped = "cut off" if settings.crop_bars else "left in place (`--crop-bars` cuts them off)"
    masked = sum(d.record.masked for d in decisions if not d.reason)
    lines += [
        "",
        f"- Gray: less than {100 * settings.colored_share:g} % of the area has a CIELAB chroma "
        f"above {settings.chroma:g} (`--gray {settings.gray}`).",
        f"- Near-duplicate: perceptual hashes of {HASH_BITS} bits that differ in at most "
        f"{settings.near}{', in any orientation' if settings.orientations else ''}; they are "
        f"{'kept together in one split' if settings.keep_near else 'removed'}.",
        f"- Data bars: found on {barred} kept pictures, {cropped}.",
        f"- Masks: {masked} kept pictures have them.",
        f"- Seed {settings.seed}. A group of near-duplicates is never divided between splits.",
        "",
        "Frames: green train, blue val, violet test; removed pictures tell their reason.",
        "",
        "![kept](contact-kept.png)",
        "",
        "![removed](contact-removed.png)",
    ]
    for reason in REASONS:
        of = [d for d in decisions if d.reason == reason]
        if of:
            lines += ["", f"## {reason}: {len(of)}", ""]
            lines += [_line(d) for d in of[:_LISTED]]
            lines += [f"- … and {len(of) - _LISTED} more in report.json"] * (len(of) > _LISTED)
    return "\n".join(lines) + "\n"


def _line(decision: Decision) -> str:
    like = f", like `{decision.like}`" if decision.like else ""
    return f"- `{decision.record.name}`: {decision.detail}{like}"


def _spread(items: Sequence[Decision], most: int) -> list[Decision]:
    """Evenly chosen items, all where there are few."""
    n = min(len(items), most)
    return [items[i * len(items) // n] for i in range(n)]


def _small(found: Found) -> Any:
    try:
        return resized(read_picture(found.path), 288)
    except (ValueError, OSError):
        return None


def write_sheets(
    settings: Settings, decisions: Sequence[Decision], found: Mapping[str, Found], workers: int
) -> None:
    """Write ``contact-kept.png`` and ``contact-removed.png``; repetitions stand by their twin."""
    kept = _spread([d for d in decisions if not d.reason], _SHOWN["kept"])
    share = max(_SHOWN["removed"] // len(REASONS), 1)
    removed = [d for r in REASONS for d in _spread([d for d in decisions if d.reason == r], share)]
    by_name = {d.record.name: d for d in decisions}
    shown: list[tuple[Decision, str]] = []
    for d in removed:
        if d.like:
            shown.append((by_name[d.like], "kept"))
        shown.append((d, d.reason))
    wanted = list(dict.fromkeys(d.record.name for d, _ in [*((k, "") for k in kept), *shown]))
    small = dict(zip(wanted, ordered_map(_small, [found[n] for n in wanted], workers), strict=True))
    tiles = [Tile(small[d.record.name], (d.record.name, _facts(d)), _FRAMES[d.split]) for d in kept]
    contact_sheet(settings.out / "contact-kept.png", tiles)
    tiles = [
        Tile(
            small[d.record.name],
            (d.record.name, word, d.detail),
            _FRAMES[d.split or d.reason],
        )
        for d, word in shown
    ]
    contact_sheet(settings.out / "contact-removed.png", tiles)


def _facts(decision: Decision) -> str:
    record = decision.record
    bar = f", bar {record.bar}" if record.bar else ""
    mask = ", mask" if record.masked else ""
    return f"{decision.split}, {record.width} × {record.height}{bar}{mask}"
