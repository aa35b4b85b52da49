"""Numbers of instruments: read whole or not at all, and believed only where they can be true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_abdiffuser.files.sem.info import SemInfo, fit_size, length, number, quantity, volts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2,5e-09", (2.5e-9, "")),
        ("2.5e-09", (2.5e-9, "")),
        ("0,125 nm", (0.125, "nm")),
        ("2,5nm", (2.5, "nm")),
        ("12,25 µm", (12.25, "µm")),
        ("1,0240e3", (1024.0, "")),
        ("+.5 kV", (0.5, "kV")),
        (",5", (0.5, "")),
        (7, (7.0, "")),
        ("1,024", None),  # a thousand and twenty-four, or a little more than one
        ("1,024,000", None),
        ("1.024,5", None),
        ("2,5e-09 2,5e-09", None),
        ("1024 * 768", None),
        ("10.00 K X", None),
        ("2,", (2.0, "")),
        (",", None),
        ("", None),
        ("nm", None),
        ("1e999", None),
        ("nan", None),
        (True, None),
        (None, None),
    ],
)
def test_numbers_are_read_whole_or_not_at_all(text, expected):
    assert quantity(text) == expected


@given(st.floats(1e-15, 1e9), st.sampled_from([".", ","]), st.sampled_from(["e", "E"]))
def test_a_written_number_is_itself_or_nothing(value, point, letter):
    text = f"{value:.6e}".replace("e", letter).replace(".", point)
    assert number(text) == pytest.approx(value, rel=1e-6)


@given(st.text(alphabet="0123456789.,eE+-nmµ ", max_size=12))
def test_no_text_gives_a_part_of_its_number(text):
    found = quantity(text)
    if found is not None:
        digits = [c for c in text.partition(found[1] or "\0")[0] if c.isdigit()]
        assert digits
        assert "," not in found[1]
        assert not any(c.isdigit() for c in found[1])


def test_units():
    assert length("2,5 nm") == pytest.approx(2.5e-9)
    assert length("2,5", "nm") == pytest.approx(2.5e-9)
    assert length("2.5 furlong") is None
    assert volts("5,0 kV") == 5000


@pytest.mark.parametrize(
    ("size", "believed"),
    [
        ((2.5e-9, 2.5e-9), True),
        ((1e-12, 1e-3), True),
        ((2.0, 2.0), False),
        ((2e-9, 2.0), False),
        ((1e-13, 1e-9), False),
        ((-1e-9, 1e-9), False),
        ((float("nan"), 1e-9), False),
        ((float("inf"), 1e-9), False),
    ],
)
def test_a_pixel_that_cannot_be_is_not_said(size, believed):
    assert SemInfo("Any", size).pixel_size == (size if believed else None)


@pytest.mark.parametrize(
    ("told", "bar", "expected"),
    [
        ((80, 120), 16, (True, 16)),  # as it was taken
        ((80, 120), None, (True, 16)),
        ((96, 120), 16, (True, 0)),  # the bar was cut off
        ((96, 120), 0, (True, 0)),
        ((96, 120), None, (True, 0)),
        ((160, 240), 16, (False, None)),  # half as large
        ((80, 119), 16, (False, None)),
        ((200, 120), 16, (True, None)),  # rows were cut off: pixels are as they were
        ((10, 120), 16, (False, None)),
        ((None, None), 16, (True, 16)),
        ((None, None), None, (True, None)),
        ((None, 120), 500, (True, None)),
    ],
)
def test_sizes_that_are_said_are_compared_with_the_picture(told, bar, expected):
    assert fit_size(told, (96, 120), bar) == expected
