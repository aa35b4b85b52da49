"""The gallery's panel alone, without a window: what is selected, and what is compared."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QItemSelectionModel, QObject, Signal

from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.widgets.gallery.panel import GalleryPanel
from napari_abdiffuser.widgets.session.store import Store


class Bench(QObject):
    """A workbench without a picture."""

    ready = Signal(object)
    lost = Signal()
    current = None


class Preview(QObject):
    """A live preview that a test shows and hides."""

    changed = Signal()
    painted = None
    visible = False

    def bring_up(self):
        self.visible = True
        self.changed.emit()


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
        preview=Preview(),
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


def test_the_preview_is_the_first_thumbnail_and_chosen_while_it_is_on_screen(panel, qtbot):
    preview = panel.context.preview
    panel.come_forward(True)
    preview.painted = SimpleNamespace(rgb=np.full((1, 8, 8, 3), 200, np.uint8))
    preview.bring_up()
    qtbot.waitUntil(lambda: all_texts(panel) == ["1", "2", "3", "best", "preview"])
    assert texts(panel.list.selectedItems()) == ["preview"]
    assert panel.list.item(0).text() == "preview"
    assert not panel.list.item(0).icon().isNull()
    assert not panel.star_button.isEnabled()  # there is no colouring to keep
    preview.visible = False  # a colouring lies on top
    preview.changed.emit()
    qtbot.waitUntil(lambda: texts(panel.list.selectedItems()) == ["best"])
    choose(panel, 0)
    assert preview.visible
    preview.painted = None
    preview.visible = False
    preview.changed.emit()
    qtbot.waitUntil(lambda: all_texts(panel) == ["1", "2", "3", "best"])


def test_discard_after_a_delivery_takes_the_new_coloring_alone(panel):
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


class Model:
    """An open picture that counts what it is asked for."""

    shape = (8, 8)

    def __init__(self):
        self.erased = 0
        self.guided = self

    def erase(self, rgb, mask):
        self.erased += 1
        return np.full((*mask.shape, 3), 77, np.uint8)

    def saturate(self, rgb, factor):
        return np.minimum(rgb * factor, 255).astype(np.uint8)


@pytest.fixture
def compared(panel):
    """A panel whose jobs wait until ``finish`` does them; ``seen`` is the comparison's layer."""
    context, model, jobs = panel.context, Model(), []
    layer = Image(np.zeros((8, 8, 3), np.uint8), rgb=True, name="picture")
    context.viewer.add_layer(layer)
    context.sources.image = layer
    context.results.layer_of = lambda number: layer
    context.bench.run = lambda job, done, **_: jobs.append((job, done))

    def finish():
        for job, done in jobs:
            done(job(SimpleNamespace(picture=model), lambda: False))
        jobs.clear()

    def seen():
        panel.compare_bar._draw()
        return next(x.data for x in context.viewer.layers if "comparison" in x.name)

    return SimpleNamespace(panel=panel, model=model, jobs=jobs, finish=finish, seen=seen)


def test_the_gray_original_is_made_once_and_in_a_worker(compared):
    choose(compared.panel, 2)
    compared.panel.compare_bar.button.click()
    compared.panel.compare_bar._draw()
    assert compared.model.erased == 0
    compared.finish()
    for step in range(0, 200, 20):
        compared.panel.compare_bar.slider.setValue(step)
        compared.seen()
    assert compared.model.erased == 1
    assert not compared.jobs
    assert (compared.seen()[:, 7] == 2).all()
    compared.panel.compare_bar.slider.setValue(200)
    assert (compared.seen() == 77).all()


def test_the_comparison_shows_corrected_colors(compared):
    panel, store = compared.panel, compared.panel.context.store
    choose(panel, 2, 3)  # the last one is on the right
    panel.compare_bar.button.click()
    assert (compared.seen()[:, 0] == 2).all()
    assert (compared.seen()[:, 7] == 3).all()
    assert not compared.jobs  # nothing is to be computed
    store.apply(lambda s: s.set_saturation(2.0))
    assert (compared.seen()[:, 0] == 2).all()  # as it was, for a moment
    compared.finish()
    assert (compared.seen()[:, 0] == 4).all()
    assert (compared.seen()[:, 7] == 6).all()
    panel.compare_bar.button.click()
    panel.compare_bar._draw()
    assert panel.compare_bar._sides is None
