"""Published figures that tables show beside measured ones.

They come from other pictures, hints or implementations than those measured here: they tell the
size of things, not who is better.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from abdiffuser_training.evaluate.report.report import Cell, Table

__all__ = ["Reference", "with_references"]


@dataclass(frozen=True)
class Reference:
    """One published figure or row.

    Attributes
    ----------
    method, condition : str
        As in the table.
    values : tuple of (str, float)
        Column names and figures.
    source : str
        Where they stand.
    """

    method: str
    condition: str
    values: tuple[tuple[str, float], ...]
    source: str


_ZHANG = (
    "Zhang et al. 2017 (published): Real-time user-guided image colorization with learned deep "
    "priors, ACM TOG 36(4), on 1000 ILSVRC test images, 256², patches of 6 × 6; other pictures "
    "than these."
)
_ZHANG_CURVE = (
    (0, 24.43), (1, 25.37), (2, 26.20), (5, 27.39), (10, 28.42), (20, 29.34), (50, 30.42),
    (100, 31.13), (200, 31.70),
)  # fmt: skip
_SIDE_WINDOW = (
    "Side-window filtering (published): Yin et al. 2019 as measured on ctest10k with iColoriT's "
    "protocol (Yun et al. 2023); other pictures than these."
)
_TABLE_5_1 = (
    "AB-diffuser (published): table 5.1 of the thesis, Tiny-ImageNet validation set 64², pixel "
    "U-Net, 100,000 steps on the whole training set; SSIM and PSNR as it computed them."
)
_THESIS = {
    "AB-diffuser sigmoid + v": ((0.012, 21.28, 0.89), (6.0e-3, 24.85, 0.929)),
    "AB-diffuser cosine + v": ((0.016, 20.58, 0.90), (6.7e-3, 24.03, 0.929)),
    "AB-diffuser cosine + ε": ((0.014, 23.30, 0.87), (8.0e-3, 24.58, 0.928)),
}

_REFERENCES: dict[str, tuple[Reference, ...]] = {
    "zhang": tuple(
        Reference("Zhang 2017 (published)", str(n), (("PSNR mean", value),), _ZHANG)
        for n, value in _ZHANG_CURVE
    ),
    "icolorit": tuple(
        Reference("side window (published)", str(n), (("PSNR mean", value),), _SIDE_WINDOW)
        for n, value in ((1, 23.12), (10, 24.23), (100, 27.10))
    ),
    "thesis": tuple(
        Reference(
            f"{name} (published)",
            condition,
            (("MSE", row[0]), ("PSNR mean", row[1]), ("SSIM", row[2])),
            _TABLE_5_1,
        )
        for name, rows in _THESIS.items()
        for condition, row in zip(("automatic", "simulated hints"), rows, strict=True)
    ),
}


def with_references(table: Table, protocol: str) -> Table:
    """Add published rows of a protocol, of the conditions that the table has, and their sources."""
    conditions = {row[1] for row in table.rows}
    found = [r for r in _REFERENCES.get(protocol, ()) if r.condition in conditions]
    rows: list[tuple[Cell, ...]] = []
    for reference in found:
        values = dict(reference.values)
        rest = (values.get(name, float("nan")) for name in table.columns[2:])
        rows.append((reference.method, reference.condition, *rest))
    sources = tuple(dict.fromkeys(reference.source for reference in found))
    return replace(table, rows=(*table.rows, *rows), notes=(*table.notes, *sources))
