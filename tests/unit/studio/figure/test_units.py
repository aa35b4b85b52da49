"""Units and lengths as people write them."""

from __future__ import annotations

import pytest

from napari_abdiffuser.studio.figure.units import parse_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("10 µm", (10.0, "µm")),
        (" 0,5um ", (0.5, "µm")),
        ("2.5e3 nm", (2500.0, "nm")),
        (".5 nanometers", (0.5, "nm")),
        ("1 Å", (1.0, "Å")),
    ],
)
def test_a_length_is_read(text, length):
    assert parse_length(text) == length


@pytest.mark.parametrize("text", ["", "10", "µm", "0 nm", "-5 nm", "5 pixel", "1e999 nm"])
def test_what_is_no_length_is_none(text):
    assert parse_length(text) is None
