from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_abdiffuser.errors import InvalidImage, InvalidRequest
from napari_abdiffuser.studio.areas import area_table

NAMES = {1: "bacteria", 2: "minerals; big", 3: "fibres"}


def scene():
    labels = np.zeros((40, 50), int)
    labels[2:6, 2:6] = 1  # 16 pixels
    labels[6:8, 6:8] = 1  # touches at a corner: the same object
    labels[20:25, 10:30] = 2
    labels[30, 40] = 2  # a speck
    return labels


def test_a_scene_with_known_areas():
    labels = scene()
    lightness = np.where(labels == 2, 70.0, 30.0)
    table = area_table(labels, NAMES, (0.5, 0.2), "µm", lightness, least_pixels=2)
    rows = {row.name: row for row in table.rows}
    assert list(rows) == ["no class", "bacteria", "minerals; big", "fibres"]
    assert (rows["bacteria"].pixels, rows["bacteria"].objects) == (20, 1)
    assert rows["bacteria"].area == pytest.approx(2.0)
    assert rows["minerals; big"].objects == 1
    assert rows["minerals; big"].pixels == 101
    assert rows["minerals; big"].mean_lightness == pytest.approx(70.0)
    assert rows["bacteria"].fraction == pytest.approx(20 / 2000)
    assert rows["fibres"].mean_lightness is None
    assert rows["no class"].objects == 1


def test_a_data_bar_does_not_count():
    counted = np.ones((40, 50), bool)
    counted[20:] = False
    table = area_table(scene(), {1: "bacteria"}, counted=counted)
    assert table.total_pixels == 1000
    assert [row.name for row in table.rows] == ["no class", "bacteria"]
    assert table.rows[1].fraction == pytest.approx(0.02)


def test_text_is_read_back_by_a_spreadsheet():
    table = area_table(scene(), NAMES, 0.1, "nm", np.full((40, 50), 31.5))
    rows = list(csv.reader(io.StringIO(table.to_text()), delimiter="\t"))
    assert rows[0] == [
        "Class",
        "Pixels",
        "Area fraction (%)",
        "Area (nm²)",
        "Objects",
        "Mean lightness (L*)",
    ]
    assert rows[2] == ["bacteria", "20", "1", "0.2", "1", "31.5"]
    assert rows[4] == ["fibres", "0", "0", "0", "0", ""]
    german = list(csv.reader(io.StringIO(table.to_text(";", ",")), delimiter=";"))
    assert german[2][3] == "0,2"
    assert german[3][0] == "minerals; big"
    bare = area_table(scene(), NAMES)
    assert bare.header == ("Class", "Pixels", "Area fraction (%)", "Objects")
    assert (
        "e" not in area_table(np.ones((9, 9), int), {1: "a"}, 1e3, "m").to_text().split("\n")[1][1:]
    )


@given(
    hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 3)
    )
)
def test_pixels_add_up_and_objects_are_those_of_scipy(labels):
    table = area_table(labels, {})
    assert sum(row.pixels for row in table.rows) == labels.size == table.total_pixels
    assert sum(row.fraction for row in table.rows) == pytest.approx(1.0)
    for row in table.rows:
        _, count = ndimage.label(labels == row.label, structure=np.ones((3, 3)))
        assert row.objects == count


def test_what_is_no_class_map():
    for wrong in (np.zeros((3, 3, 3), int), np.zeros((3, 3)), np.full((3, 3), -1)):
        with pytest.raises(InvalidImage):
            area_table(wrong, {})
    with pytest.raises(InvalidImage, match="one picture"):
        area_table(np.zeros((3, 3), int), {}, lightness=np.zeros((3, 4)))
    with pytest.raises(InvalidRequest, match="scale"):
        area_table(np.zeros((3, 3), int), {}, 0.0, "µm")
    assert area_table(np.zeros((0, 0), int), {1: "a"}).rows[0].fraction == 0.0
