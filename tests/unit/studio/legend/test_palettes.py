from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest

from napari_abdiffuser.errors import InvalidFile, InvalidImage, InvalidRequest
from napari_abdiffuser.imaging.colors import parse_color
from napari_abdiffuser.imaging.conversion import srgb_to_lab
from napari_abdiffuser.studio.legend.color_names import plain_name, plain_names
from napari_abdiffuser.studio.legend.color_vision import confusions, simulated, warnings_of
from napari_abdiffuser.studio.legend.palette_extraction import palette_from_picture
from napari_abdiffuser.studio.legend.palette_store import (
    all_palettes,
    delete_palette,
    find_palette,
    save_palette,
    user_palettes,
)
from napari_abdiffuser.studio.legend.palettes import (
    GRAY,
    Palette,
    shipped_palettes,
)

SHIPPED = {palette.name: palette for palette in shipped_palettes()}


def test_what_ships_is_whole_and_cited():
    for palette in shipped_palettes():
        assert palette.source
        assert palette.note
        hexes = {GRAY, *(color.hex for color in palette.colors)}
        assert len(hexes) == len(palette) + 1  # no colour twice, gray among them
        assert Palette.from_dict(json.loads(json.dumps(palette.to_dict()))) == palette
    okabe = [color.hex for color in SHIPPED["Okabe-Ito"].colors]
    assert okabe[:3] == ["#e69f00", "#56b4e9", "#009e73"]
    assert SHIPPED["Tol bright"].colors[0].hex == "#4477aa"


def test_colors_have_plain_names():
    words = ["red", "orange", "gold", "green", "blue", "purple", "teal", "pink", "gray", "white"]
    assert [plain_name(parse_color(word)) for word in words] == words
    assert plain_names([parse_color("#2f6fd0"), parse_color("#3070d0")]) == ["blue", "blue 2"]


def test_user_palettes_are_saved_listed_and_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("ABDIFFUSER_CONFIG", str(tmp_path))
    folder = tmp_path / "palettes"
    mine = Palette.of("My α/β", {"cells": "gold"})
    twin = Palette.of("My α β", {"cells": "teal"})
    path = save_palette(mine)
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, "from": "a newer version"}), encoding="utf-8")
    save_palette(twin)
    (folder / "broken.json").write_text("{", encoding="utf-8")

    found, notices = user_palettes()

    assert {p.name for p in found} == {"My α/β", "My α β"}
    assert "broken.json" in notices[0]
    kept = find_palette("my α/β")
    assert kept.to_dict()["from"] == "a newer version"
    assert all_palettes()[: len(shipped_palettes())] == shipped_palettes()
    delete_palette("My α/β")
    assert find_palette("My α/β") == shipped_palettes()[0]
    assert (folder / "broken.json").exists()
    assert not list(folder.glob(".*"))  # no temporary file stays
    with pytest.raises(InvalidRequest, match="your own"):
        delete_palette("Okabe-Ito")
    with pytest.raises(InvalidRequest, match="another name"):
        save_palette(Palette.of("okabe-ito", {}))


@pytest.mark.parametrize(
    "data",
    [
        {"format": "abdiffuser-hints"},
        {"format": "abdiffuser-palette", "version": 2},
        {"format": "abdiffuser-palette", "version": 1, "name": "a", "colors": [{"name": "b"}]},
        {"format": "abdiffuser-palette", "version": 1, "name": "a", "colors": "gold"},
    ],
)
def test_what_is_no_palette_is_refused(data):
    with pytest.raises(InvalidFile):
        Palette.from_dict(data)


def test_a_reference_picture_gives_its_colors_largest_first():
    rng = np.random.default_rng(0)
    picture = np.full((180, 240, 3), 120, np.uint8)
    picture[:90] = (200, 160, 60)
    picture[100:130, 20:200] = (180, 60, 60)
    picture[150:160, 20:30] = (60, 80, 200)  # 0.2 % of the picture
    noisy = np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)

    palette = palette_from_picture(noisy, n=3)

    assert [color.name for color in palette.colors] == ["gold", "red", "blue"]
    wanted = np.array([(200, 160, 60), (180, 60, 60), (60, 80, 200)]) / 255
    np.testing.assert_allclose([color.color for color in palette.colors], wanted, atol=0.03)
    wide = (noisy.astype(np.uint16) * 257)[..., :3]
    assert palette_from_picture(wide, n=3) == palette
    assert len(palette_from_picture(picture, n=32)) >= 3
    with pytest.raises(InvalidImage, match="no colours"):
        palette_from_picture(np.full((20, 20, 3), 0.5))


def test_a_deficiency_keeps_gray_and_mixes_what_it_should():
    grays = np.linspace(0, 1, 5)[:, None].repeat(3, axis=1)
    for kind in ("deuteranopia", "protanopia", "tritanopia"):
        np.testing.assert_allclose(simulated(grays, kind), grays, atol=1e-3)
    # With the Machado matrix for deuteranopia red and green end up on one blue-yellow axis.
    seen = srgb_to_lab(simulated(np.array([[0.8, 0.2, 0.2], [0.2, 0.6, 0.2]]), "deuteranopia"))
    assert np.all(np.abs(seen[:, 1]) < 20)


def test_classes_that_look_alike_are_named():
    same = {"a": parse_color("#b09030"), "b": parse_color("#c08030"), "c": parse_color("#4060d0")}
    found = confusions(same)
    assert [(c.first, c.second) for c in found] == [("a", "b")]
    assert found[0].distance < found[0].normal_distance
    assert "a and b are hard to tell apart" in warnings_of(found)[0]
    assert confusions({"only": (1.0, 0.0, 0.0)}) == []


def test_a_warning_of_a_safe_palette_says_why_its_lightness_does_not_count():
    published = {color.name: color.color for color in SHIPPED["Okabe-Ito"].colors}
    assert not confusions(published, lightness=None)
    sentences = [s for s in warnings_of(confusions(published)) if "for everyone" in s]
    assert sentences  # its two blues differ by lightness, and the picture has its own
    assert all("comes from the picture" in s and "only hue" in s for s in sentences)


def test_the_safe_palettes_are_safe_as_they_are_and_ours_also_in_the_picture():
    ours = SHIPPED["Equal lightness"]
    colors = {color.name: color.color for color in ours.colors} | {"gray": parse_color(GRAY)}
    assert not confusions(colors, ("deuteranopia", "protanopia"))
    for name in ("Okabe-Ito", "Tol bright"):
        published = {color.name: color.color for color in SHIPPED[name].colors}
        assert not confusions(published, lightness=None)
    assert len(list(combinations(ours.colors, 2))) == 10
