"""Everything that the studio does, done once in a real window: ``python docs/every_item.py``.

Uses the controls and the canvas with mouse and keyboard, as a person does, and takes the
screenshots of docs/studio.md into docs/images/studio. Needs a screen, or ``xvfb-run -a -s
"-screen 0 1280x800x24" python docs/every_item.py``. ``python docs/every_item.py OUT WIDTH HEIGHT
THEME`` puts them elsewhere, at another size or in another theme. More of it is in every_other.py.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import every_other as other
import numpy as np
from hands import Hands, save
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QColorDialog,
    QComboBox,
    QLineEdit,
    QListWidget,
    QSlider,
    QSpinBox,
)

_START = time.monotonic()
IMAGES = Path(__file__).with_name("images") / "studio"
WINDOW = (1280, 800)
NAMES = {"gold": "pollen", "teal": "bacteria", "blue": "spheres", "red": "fibres", "red 2": "holes"}
ALT = Qt.KeyboardModifier.AltModifier
CTRL = Qt.KeyboardModifier.ControlModifier
LOCK = 3  # column of the list of classes


class Tour:
    """A person with a camera.

    Parameters
    ----------
    out
        Where the screenshots go.
    size, theme
        Of the window.
    """

    def __init__(self, out: Path, size: tuple[int, int], theme: str) -> None:
        self.out, self.size, self.theme = out, size, theme
        self.hands: Any = None

    def open(self) -> Hands:
        """Open a window with the studio, nothing else."""
        import napari

        viewer = napari.Viewer(show=True)
        viewer.theme = self.theme
        viewer.window.resize(*self.size)
        _, widget = viewer.window.add_plugin_dock_widget("napari-abdiffuser", "Colorize")
        viewer.window._qt_window.activateWindow()  # else no key arrives
        QTest.qWait(1000)  # until the window has its size
        self.hands = Hands(viewer, widget)
        return self.hands

    def got_it(self) -> None:
        """Send the first lines away, and take the first palette in hand again."""
        if self.hands.widget.welcome.isVisible():
            self.hands.press("welcome_dismiss")
        menu = self.hands.control("palette_menu")
        if "Classic" not in menu.text():  # the studio remembers what was chosen last
            self.hands.pick(menu, "Classic")

    def close(self) -> None:
        """Close the window."""
        self.hands.widget.cleanup()
        self.hands.viewer.close()

    def shot(self, name: str, *controls: Any) -> None:
        """Take a picture, with these controls in sight; the last one goes before all others."""
        for _ in range(2):  # what comes into sight may still change its size
            for control in controls:
                self.hands.reveal(control)
        self.hands.look(self.out / f"{name}.jpg")
        sys.stderr.write(f"{time.monotonic() - _START:5.0f} s  {name}: {self.hands.said}\n")

    def save(self, pixels: Any, name: str) -> None:
        """Keep another picture."""
        save(pixels, self.out / f"{name}.jpg")

    def preferences(self, dialog: Any) -> None:
        """Take a picture of napari's preferences of the plugin."""
        pages = dialog.findChild(QListWidget)
        named = [pages.item(n).text() for n in range(pages.count())]
        pages.setCurrentRow(next(n for n, text in enumerate(named) if "diffuser" in text.lower()))
        self.shot("10-preferences")

    def settle(self) -> None:
        """Wait until the preview shows what the hints say."""
        settle(self.hands)


def open_sample(tour: Tour) -> Hands:
    """Open the sample by its menu; the first lines are still there."""
    hands = tour.open()
    tour.shot("10-first-use")
    hands.viewer.open_sample("napari-abdiffuser", "micrograph")
    for layer in hands.viewer.layers:  # as if the microscope had said so
        layer.scale, layer.units = (0.05, 0.05), ("µm", "µm")
    hands.viewer.reset_view()
    hands.press("welcome_dismiss")
    settle(hands)
    return hands


def settle(hands: Hands) -> None:
    """Wait until the preview shows what the hints say."""
    live = hands.widget.live
    hands.wait(lambda: live.layer is not None)
    QTest.qWait(150)
    hands.wait(lambda: not live.busy)


def tree(hands: Hands) -> Any:
    """Return the list of classes."""
    return hands.control("legend_list", QAbstractItemView)


def row_of(hands: Hands, name: str) -> int:
    """Return the place of a class in the list."""
    return [str(c.name) for c in hands.widget.store.state.legend].index(name)


def hints_are_live(tour: Tour, hands: Hands) -> None:
    """1: add, move, delete and recolour hints; the picture follows."""
    store = hands.widget.store
    before = len(store.state.hints)
    hands.press("tool_points")
    hands.click_item(tree(hands), row_of(hands, "blue"))
    for place in ((33, 164), (250, 78)):
        hands.click_picture(place)
    settle(hands)
    assert len(store.state.hints) == before + 2
    tour.shot("1-live", hands.control("tool_points"))
    hands.key(Qt.Key.Key_3, to=hands.canvas)  # napari's key: select
    hands.drag([(250, 78), (252, 80), (300, 318), (303, 320)])
    settle(hands)
    moved = store.state.hints.points[-1]
    assert np.allclose((moved.y, moved.x), (303, 320), atol=3)  # pixels of the screen are larger
    hands.key(Qt.Key.Key_Delete, to=hands.canvas)
    settle(hands)
    assert len(store.state.hints) == before + 1
    hands.click_item(tree(hands), row_of(hands, "blue"))
    hands.press("legend_color")
    dialog = hands.widget.findChild(QColorDialog)
    line = dialog.findChild(QLineEdit)
    line.selectAll()
    hands.type("#9a6bd6", line)
    settle(hands)
    tour.shot("1-recolour")
    hands.key(Qt.Key.Key_Return, to=line)
    settle(hands)
    hands.viewer.layers.selection.active = hands.viewer.layers["micrograph hints"]


def hints_of_every_form(tour: Tour, hands: Hands) -> None:
    """2: strokes, a lasso, a segmentation."""
    hands.click_item(tree(hands), row_of(hands, "red"))
    hands.press("tool_strokes")
    hands.drag([(573, 395), (568, 414), (563, 432), (559, 450), (555, 469)])
    settle(hands)
    hands.click_item(tree(hands), row_of(hands, "blue"))
    hands.press("tool_lasso")
    centre, steps = np.array([303.0, 320.0]), np.linspace(0, 2 * np.pi, 24)
    hands.drag([tuple(centre + 17 * np.array([np.sin(t), np.cos(t)])) for t in steps])
    settle(hands)
    tour.shot("2-brush-lasso", hands.control("tool_points"))
    labels = other.segmentation(np.asarray(hands.viewer.layers[0].data))
    where = {"scale": (0.05, 0.05), "units": ("µm", "µm")}
    layer = hands.viewer.add_labels(labels, name="black holes", **where)
    hands.press("legend_add")
    hands.press("hard_edges_switch", QCheckBox)
    button = hands.control("colour_by_labels")
    hands.pick(button, "All of 'black holes'", lambda: tour.shot("2-labels-menu"))
    settle(hands)
    layer.visible = False
    tour.shot("2-labels", button)


def classes(tour: Tour, hands: Hands) -> None:
    """3: names, keys, locks, palettes, suggested colours."""
    view = tree(hands)
    names = {
        "gold": "pollen",
        "teal": "bacteria",
        "blue": "spheres",
        "red": "fibres",
        "red 2": "holes",
    }
    for old, new in names.items():
        row = row_of(hands, old)
        hands.click_item(view, row, double=True)
        editor = view.viewport().findChild(QLineEdit) or view.findChild(QLineEdit)
        hands.type(new, editor)
        hands.key(Qt.Key.Key_Return, to=editor)
    tour.shot("3-legend", view)
    for locked in (True, False):
        hands.click_item(view, row_of(hands, "spheres"), LOCK)
        assert hands.widget.store.state.legend["spheres"].locked is locked
        if locked:
            tour.shot("3-locked", view, hands.control("legend_remove"))
    hands.click_item(view, row_of(hands, "holes"))
    menu = hands.control("palette_menu")
    hands.pick(menu, "Okabe-Ito", lambda: tour.shot("3-palettes"))
    hands.pick(menu, "Recolour classes")
    settle(hands)
    tour.shot("3-okabe-ito", view)
    hands.widget.setFocus()
    hands.press("suggest_colors")
    hands.click_picture((580, 150))
    hands.wait(lambda: "Colours that suit" in hands.said)
    tour.shot("3-suggested", view, *other.swatches(hands))


def variations(tour: Tour, hands: Hands) -> None:
    """4: thumbnails, compare, keep."""
    hands.number(hands.control("outputs_field", QSpinBox), 3)
    hands.press("colorize_button")
    gallery = hands.control("gallery_list", QAbstractItemView)
    hands.wait(lambda: gallery.count() == 5 and not hands.widget.footer.busy)
    tour.shot("4-gallery", gallery, hands.control("gallery_compare"))
    hands.click_item(gallery, 2)  # the first is the live preview
    hands.press("gallery_star")
    hands.click_item(gallery, 3, keys=CTRL)
    hands.press("gallery_compare")
    comparison = hands.widget.store.state.gallery.comparison
    assert comparison.left > 0  # two colourings: 0 would be gray
    slider = hands.control("gallery_swipe", QSlider)
    QTest.qWait(500)
    hands.slide(slider, 0.5, 0.62)
    QTest.qWait(500)
    tour.shot("4-compare", gallery, slider)
    mode = hands.control("gallery_compare_mode", QComboBox)
    hands.choose(mode, "Side by side")
    QTest.qWait(500)
    hands.viewer.reset_view()
    tour.shot("4-side-by-side", gallery, mode)
    hands.choose(mode, "Swipe")
    hands.press("gallery_compare")
    hands.viewer.reset_view()
    hands.click_item(gallery, 1)


def corrections(tour: Tour, hands: Hands) -> None:
    """5: a region, saturation, locks, undo, where a hint would help."""
    hands.unfold("Correct")
    hands.press("correct_draw")
    centre, steps = np.array([360.0, 700.0]), np.linspace(0, 2 * np.pi, 40)
    hands.drag([tuple(centre + 175 * np.array([np.sin(t), np.cos(t)])) for t in steps])
    tour.shot("5-draw", hands.control("correct_recolor"))
    hands.press("correct_recolor")
    hands.wait(lambda: "Recoloured" in hands.said)
    tour.shot("5-recoloured", hands.control("gallery_list", QAbstractItemView))
    hands.press("correct_erase")
    hands.wait(lambda: "is gray" in hands.said)
    tour.shot("5-erased", hands.control("correct_erase"))
    hands.press("correct_undo")
    QTest.qWait(500)
    slider = hands.control("correct_saturation", QSlider)
    hands.slide(slider, 0.5, 0.9)
    QTest.qWait(1200)
    tour.shot("5-saturation", slider)
    hands.press("correct_reset")
    hands.press("correct_help")
    hands.wait(lambda: "would settle most" in hands.said)
    tour.shot("5-help", hands.control("correct_help_hide"))
    hands.press("correct_help_hide")
    hands.viewer.reset_view()


def main(arguments: list[str]) -> None:
    """Walk, and keep the screenshots."""
    # Neither the settings of whoever runs this nor those of an earlier walk.
    os.environ["ABDIFFUSER_CONFIG"] = tempfile.mkdtemp()
    out = Path(arguments[0]) if arguments else IMAGES
    size = (int(arguments[1]), int(arguments[2])) if len(arguments) > 2 else WINDOW
    tour = Tour(out, size, arguments[3] if len(arguments) > 3 else "dark")
    hands = open_sample(tour)
    for item in (hints_are_live, hints_of_every_form, classes, variations, corrections):
        item(tour, hands)
    other.merging(tour, hands)
    other.measure(tour, hands)
    other.manners(tour, hands)
    path = other.figure(tour, hands)
    work = path.with_name("work.abdiffuser.json")
    hands.answer(hands.control("series_save"), str(work))
    hands.wait(work.exists)
    tour.close()
    other.dropped(tour, path)
    other.highlight(tour)
    other.series(tour, work)
    other.stack(tour)
    other.sem_file(tour)


if __name__ == "__main__":
    main(sys.argv[1:])
