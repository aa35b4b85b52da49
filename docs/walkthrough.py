"""From opening the sample to the exported figure, in a real window: ``python docs/walkthrough.py``.

Does what docs/tutorial.md tells, with mouse and keyboard, and takes its screenshots into
docs/images. Needs a screen, or ``xvfb-run -a -s "-screen 0 1280x800x24" python
docs/walkthrough.py``. A test walks the same way on a part of the sample and looks at pixels.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hands import Hands, save
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLineEdit, QSpinBox, QTreeWidget, QWidget

IMAGES = Path(__file__).with_name("images")
PIXEL_UM = 0.05  # as if the microscope had said so: the scale bar needs it
WINDOW = (1280, 800)
NAMES = {"gold": "pollen", "teal": "bacteria", "blue": "spheres", "red": "fibres"}


class Walk(Hands):
    """One way through the studio.

    Parameters
    ----------
    viewer
        napari's, with the sample open.
    widget
        The docked studio.
    shot
        Called with a name and the part of the studio that is to be in sight.
    patience
        Seconds that any one step may take.
    """

    def __init__(
        self,
        viewer: Any,
        widget: QWidget,
        shot: Callable[[str, QWidget], None] = lambda name, part: None,
        patience: float = 300.0,
    ) -> None:
        super().__init__(viewer, widget, patience)
        self.shot = shot

    def panel(self, name: str) -> Any:
        """Return a section of the studio by the name of its class, and bring it to the front."""
        found = next(p for p in self.widget.panels if type(p).__name__ == name)
        self.reveal(found)
        return found

    def open(self) -> None:
        """1: the sample is open; its hints colour it at once."""
        self.wait(self.widget.welcome.isVisible)
        self.press("welcome_dismiss")
        live = self.widget.live
        self.wait(lambda: live.layer is not None and not live.busy)
        self.shot("tutorial-live", self.widget.tools)

    def row(self, name: str) -> int:
        """Return the place of a class in the list."""
        return [entry.name for entry in self.widget.store.state.legend].index(name)

    def name(self, names: dict[str, str]) -> None:
        """2: say what the colours mean: double-click a class, type, Enter."""
        view = self.control("legend_list", QTreeWidget)
        for old, new in names.items():
            self.click_item(view, self.row(old), double=True)
            editor = view.findChild(QLineEdit)
            self.type(new, editor)
            self.key(Qt.Key.Key_Return, to=editor)
            self.wait(lambda new=new: new in self.widget.store.state.legend)

    def hint(self, place: tuple[int, int], name: str) -> None:
        """3: one more hint of a class, by a click at (row, column)."""
        before = len(self.widget.store.state.hints)
        self.press("tool_points")
        self.click_item(self.control("legend_list", QTreeWidget), self.row(name))
        self.click_picture(place)
        self.wait(lambda: len(self.widget.store.state.hints) > before)

    def colorize(self, variations: int) -> Any:
        """4: the most probable colouring and variations; the second is starred."""
        self.number(self.control("outputs_field", QSpinBox), variations)
        gallery = self.panel("GalleryPanel")
        self.press("colorize_button")
        self.wait(lambda: gallery.list.count() == variations + 2 and not self.widget.footer.busy)
        self.click_item(gallery.list, 2)  # the first is the live preview
        self.press("gallery_star")
        self.click_item(gallery.list, 1)
        self.shot("tutorial-variations", gallery)
        return self.widget.results.layer_of(self.widget.store.state.gallery.shown)

    def measure(self) -> Any:
        """5: how much of the picture each class has."""
        panel = self.panel("MeasurePanel")
        self.press("measure_map")
        self.wait(lambda: self.control("measure_copy").isEnabled())
        self.shot("tutorial-areas", panel)
        return panel

    def export(self, path: Path) -> str:
        """6: the figure in a file; returns its caption."""
        # The class map has covered the colouring.
        shown = self.widget.results.layer_of(self.widget.store.state.gallery.shown)
        for layer in self.viewer.layers:
            layer.visible = layer.name in (shown.name, self.widget.sources.image.name)
        self.viewer.layers.selection.active = shown
        panel = self.panel("FigurePanel")
        self.wait(lambda: self.control("figure_export").isEnabled() and not panel.busy)
        self.shot("tutorial-figure", panel)
        self.answer(self.control("figure_export"), str(path))
        self.wait(path.exists)
        return str(panel.caption.text())


def open_sample(viewer: Any, part: tuple[slice, slice] = (slice(None), slice(None))) -> None:
    """Open the sample, or a part of it, with the size of its pixels."""
    from napari_abdiffuser.layers.readers.samples import micrograph

    (data, image_options, _), (points, points_options, _) = micrograph()
    rows, columns = (s.indices(n) for s, n in zip(part, data.shape, strict=True))
    inside = (points >= (rows[0], columns[0])).all(1) & (points < (rows[1], columns[1])).all(1)
    size = {"scale": (PIXEL_UM, PIXEL_UM), "units": ("µm", "µm")}
    viewer.add_image(data[part], **image_options, **size)
    layer = viewer.add_points(points, **points_options, **size)
    layer.selected_data = set(np.flatnonzero(~inside))
    layer.remove_selected()
    layer.data = layer.data - (rows[0], columns[0])


def main() -> None:
    """Walk, and keep the screenshots."""
    # Neither the settings of whoever runs this nor those of an earlier walk.
    os.environ["ABDIFFUSER_CONFIG"] = tempfile.mkdtemp()
    import napari

    viewer = napari.Viewer(show=True)
    viewer.window.resize(*WINDOW)
    open_sample(viewer)
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdiffuser", "Colorize")
    widget.window().activateWindow()
    QTest.qWait(1000)  # until the window has its size
    viewer.reset_view()

    def shot(name: str, part: QWidget) -> None:
        walk.reveal(part)
        QTest.qWait(400)
        walk.look(IMAGES / f"{name}.jpg")

    walk = Walk(viewer, widget, shot)
    walk.open()
    walk.name(NAMES)
    walk.hint((600, 100), "pollen")
    walk.colorize(3)
    shot("widget", widget.tools)
    walk.measure()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.png"
        walk.export(path)
        with Image.open(path) as figure:
            figure.thumbnail((900, 900))
            save(np.asarray(figure.convert("RGB")), IMAGES / "tutorial-exported.jpg")
    widget.cleanup()
    viewer.close()


if __name__ == "__main__":
    main()
