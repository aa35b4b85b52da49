from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.errors import InvalidFile, InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.legend import hints as legend_hints
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.legend.palettes import shipped_palettes

TOL_BRIGHT = next(palette for palette in shipped_palettes() if palette.name == "Tol bright")


@pytest.fixture
def legend():
    return Legend.of({"bacteria": "#4f9a52", "mineral": "gold", "fibre": "teal"})


def test_gray_is_always_there(legend):
    assert Legend().names == ("gray",)
    assert legend.names == ("gray", "bacteria", "mineral", "fibre")
    assert [entry.key for entry in legend] == [0, 1, 2, 3]
    assert legend.rename("gray", "ground").gray.name == "ground"
    for refused in (
        lambda: legend.remove("gray"),
        lambda: legend.merge("gray", "fibre"),
        lambda: legend.recolor("gray", "red"),
    ):
        with pytest.raises(InvalidRequest):
            refused()


def test_operations_give_new_legends(legend):
    before = legend.to_list()
    assert legend.rename("fibre", " hyphae  of fungi ").names[-1] == "hyphae of fungi"
    assert legend.recolor("fibre", "#102030")["fibre"].hex == "#102030"
    assert legend.merge("fibre", "mineral").names == ("gray", "bacteria", "mineral")
    assert legend.move("fibre", 1).names == ("gray", "fibre", "bacteria", "mineral")

    assert legend.add("fibre", "red").names[-1] == "fibre 2"
    assert legend.add(color="red").names[-1] == "red"
    assert legend.to_list() == before
    with pytest.raises(InvalidRequest, match="merge"):
        legend.rename("fibre", "mineral")
    with pytest.raises(InvalidRequest, match="no class 'rock'"):
        legend["rock"]


def test_a_freed_key_is_given_again_and_ten_classes_have_nine_keys(legend):
    assert legend.remove("bacteria").add("spore", "pink")["spore"].key == 1
    many = Legend.of([(f"class {n}", "red") for n in range(10)])
    assert [entry.key for entry in many] == [0, *range(1, 10), None]
    assert many.with_key(9).name == "class 8"
    assert legend.with_key(7) is None
    palette = TOL_BRIGHT
    assert legend.add("a", palette.colors[0].color).free_color(palette) == palette.colors[1].color


def test_a_locked_class_stays_as_it_is(legend):
    locked = legend.lock("mineral")
    for refused in (
        lambda: locked.rename("mineral", "quartz"),
        lambda: locked.recolor("mineral", "red"),
        lambda: locked.remove("mineral"),
        lambda: locked.merge("mineral", "fibre"),
        lambda: locked.merge("fibre", "mineral"),
    ):
        with pytest.raises(InvalidRequest, match="unlock"):
            refused()
    palette = TOL_BRIGHT
    painted = locked.with_palette(palette)
    assert painted["mineral"] == locked["mineral"]
    assert painted["bacteria"].hex == palette.colors[0].hex
    assert painted["fibre"].hex == palette.colors[1].hex
    assert locked.lock("mineral", False) == legend


def test_the_list_keeps_what_it_does_not_know(legend):
    items = json.loads(json.dumps(legend.lock("fibre").to_list()))
    items[2]["note"] = "from a newer version"
    again = Legend.from_list(items)
    assert again == Legend.from_list(again.to_list())
    assert again.to_list() == items
    for broken in ([{"name": "a"}], [{"name": "", "color": "red"}], "no", [3]):
        with pytest.raises(InvalidFile):
            Legend.from_list(broken)


names = st.sampled_from(["cell", "wall", "pore", None])
colors = st.sampled_from(["#ff0000", "#00ff00", "#808080", "#123456"])


@settings(max_examples=50)
@given(st.lists(st.tuples(names, colors), max_size=8))
def test_every_hint_gets_a_class_and_its_color(given_hints):
    first: dict[str, str] = {}
    wanted = [(n, first.setdefault(n, c) if n else c) for n, c in given_hints]
    hints = Hints.from_points(
        np.zeros((len(wanted), 2)), [c for _, c in wanted], classes=[n for n, _ in wanted]
    )
    legend, adopted = legend_hints.adopt(Legend.of({"cell": "#abcdef"}), hints)

    assert len(adopted) == len(hints)
    for point, (name, color) in zip(adopted.points, wanted, strict=True):
        entry = legend[point.class_name]
        assert point.color == entry.color
        if name is not None:
            assert point.class_name == name
        else:
            assert entry.hex == color
    assert legend_hints.adopt(legend, adopted) == (legend, adopted)
    assert sum(legend_hints.counts(adopted).values()) == len(hints)


def test_classes_of_hints_are_renamed_merged_and_taken_out(legend):
    mask = np.zeros((6, 6), bool)
    mask[2:4] = True
    hints = Hints.from_points([(1, 1), (2, 2)], ["gold", "teal"], classes=["mineral", "fibre"])
    hints = hints + Hints.from_labels(mask.astype(int), {1: "gold"}, {1: "mineral"})

    merged = legend_hints.reassigned(hints, "mineral", "fibre", legend)
    assert merged.classes() == {"fibre": legend["fibre"].color}
    renamed = legend_hints.renamed(hints, "fibre", "wool")
    assert [point.class_name for point in renamed.points] == ["mineral", "wool"]
    assert len(legend_hints.without_class(hints, "mineral")) == 1
    adopted = legend_hints.adopt(legend, hints)[1]
    repainted = legend_hints.adopt(legend.recolor("mineral", "red"), adopted)[1]
    assert repainted.regions[0].color == (1.0, 0.0, 0.0)
    assert repainted.regions[0].mask is hints.regions[0].mask  # recolouring copies no pixels
    assert repainted.points[1] is adopted.points[1]
