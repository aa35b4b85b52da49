"""The gallery's panel alone, without a window: what is selected, and what is compared."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QItemSelectionModel, QObject, Signal

from napari_abdiffuser.studio.state import StudioState
from napari_abdiffuser.widgets.gallery import GalleryPanel
from napari_abdiffuser.widgets.store import Store


class Bench(QObject):
    """A workbench without a picture."""

    ready = Signal(object)
    lost = Signal()
    current = None


def pictures(*values):
    return [np.full((8, 8, 3), value, np.uint8) for value in values]


@pytest.fixture
def panel(qtbot):
    """A gallery of 'best', '1', '2' and '3', of which 'best' is shown."""
    store = Store(StudioState())
    context = SimpleNamespace(
        viewer=ViewerModel(),
        store=store,
        bench=Bench(),
        results=SimpleNamespace(layer_of=lambda number: None),
        sources=SimpleNamespace(image=None),
    )
    made = GalleryPanel(context)
    qtbot.addWidget(made)
    best, *others = pictures(0, 1, 2, 3)
    store.apply(lambda s: s.with_gallery(lambda g: g.add(others, 0, best=best).show(1)))
    yield made
    made.cleanup()


def choose(panel, *rows):
    """Click one row, and others with Ctrl."""
    flag = QItemSelectionModel.SelectionFlag
    for flags, row in zip([flag.ClearAndSelect, *[flag.Select] * len(rows)], rows, strict=False):
        index = panel.list.indexFromItem(panel.list.item(row))
        panel.list.selectionModel().setCurrentIndex(index, flags)


def texts(items):
    return sorted(item.text() for item in items)


def all_texts(panel):
    return texts(panel.list.item(row) for row in range(panel.list.count()))


def test_discard_after_a_delivery_takes_the_new_colouring_alone(panel):
    assert texts(panel.list.selectedItems()) == ["best"]
    panel.context.store.apply(
        lambda s: s.with_gallery(lambda g: g.add(pictures(9), 1, parent=1).show(5))
    )
    assert texts(panel.list.selectedItems()) == ["4"]
    panel.discard_button.click()
    assert all_texts(panel) == ["1", "2", "3", "best"]
    assert texts(panel.list.selectedItems()) == ["best"]


def test_two_that_are_chosen_stay_so_when_one_gets_a_star(panel):
    choose(panel, 2, 1)
    assert texts(panel.list.selectedItems()) == ["1", "2"]
    panel.star_button.click()
    assert texts(panel.list.selectedItems()) == ["2", "★ 1"]
