"""From opening the sample to the exported figure, in a real window: ``python docs/walkthrough.py``.

Does what docs/tutorial.md tells, by the controls that users have, and takes its screenshots into
docs/images. Needs a screen, or ``xvfb-run -a -s "-screen 0 1280x800x24" python
docs/walkthrough.py``. A test walks the same way on a part of the sample and looks at pixels.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QPushButton, QScrollArea, QSpinBox, QWidget

IMAGES = Path(__file__).with_name("images")
PIXEL_UM = 0.05  # as if the microscope had said so: the scale bar needs it
WINDOW = (1280, 800)
NAMES = {"gold": "pollen", "teal": "bacteria", "blue": "spheres", "red": "fibres"}


@dataclass
class Walk:
    """One way through the studio.

    Attributes
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

    viewer: Any
    widget: Any
    shot: Callable[[str, QWidget], None] = lambda name, part: None
    patience: float = 300.0

    def wait(self, done: Callable[[], bool]) -> None:
        """Let the window work until something is so."""
        end = time.monotonic() + self.patience
        while not done():
            if time.monotonic() > end:
                raise TimeoutError(f"Still waiting; the studio says: {self.said}")
            QTest.qWait(10)

    @property
    def said(self) -> str:
        """The status line."""
        return str(self.widget.footer.status.text())

    def control(self, name: str, kind: type[QWidget] = QPushButton) -> Any:
        """Return a control by its object name."""
        return self.widget.findChild(kind, name)

    def panel(self, name: str) -> Any:
        """Return a section of the studio by the name of its class, and unfold it."""
        found = next(p for p in self.widget.panels if type(p).__name__ == name)
        fold = found.parentWidget()
        if not fold.header.isChecked():
            fold.header.click()
        return found

    def open(self) -> None:
        """1: the sample is open; its hints colour it at once."""
        live = self.panel("LivePanel")
        self.wait(lambda: live.layer is not None and not live.busy)
        self.shot("tutorial-live", self.widget.welcome)
        self.widget.welcome.button.click()

    def name(self, names: dict[str, str]) -> None:
        """2: say what the colours mean, as a double-click on each class does."""
        for old, new in names.items():
            self.widget.store.apply(lambda s, old=old, new=new: s.rename_class(old, new))

    def hint(self, place: tuple[int, int], name: str) -> None:
        """3: one more hint of a class, by a click at (row, column)."""
        self.control("tool_points").click()
        layer = self.viewer.layers.selection.active
        before = len(self.widget.store.state.hints)
        self.widget.store.apply(lambda s: s.choose(name))
        layer.add([place])
        self.wait(lambda: len(self.widget.store.state.hints) > before)

    def colorize(self, variations: int) -> Any:
        """4: the most probable colouring and variations; the second is starred."""
        self.control("outputs_field", QSpinBox).setValue(variations)
        gallery = self.panel("GalleryPanel")
        self.widget.footer.button.click()
        self.wait(lambda: gallery.list.count() == variations + 1 and not self.widget.footer.busy)
        gallery.list.setCurrentRow(1)
        self.control("gallery_star").click()
        gallery.list.setCurrentRow(0)
        self.shot("tutorial-variations", gallery)
        return self.widget.results.layer_of(self.widget.store.state.gallery.shown)

    def measure(self) -> Any:
        """5: how much of the picture each class has."""
        panel = self.panel("MeasurePanel")
        self.control("measure_map").click()
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
        panel.export_to(path)
        self.wait(path.exists)
        return str(panel.caption.text())


def open_sample(viewer: Any, part: tuple[slice, slice] = (slice(None), slice(None))) -> None:
    """Open the sample, or a part of it, with the size of its pixels."""
    from napari_abdiffuser.layers.samples import micrograph

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
    QTest.qWait(1000)  # until the window has its size
    viewer.reset_view()
    scroll = widget.findChild(QScrollArea, "abdiffuser_scroll")

    def shot(name: str, part: QWidget) -> None:
        bar = scroll.verticalScrollBar()
        bar.setValue(part.mapTo(scroll.widget(), part.rect().topLeft()).y() - 40)
        QTest.qWait(400)
        save(viewer.screenshot(canvas_only=False, flash=False), IMAGES / f"{name}.png")

    walk = Walk(viewer, widget, shot)
    walk.open()
    walk.name(NAMES)
    walk.hint((600, 100), "pollen")
    walk.colorize(3)
    walk.measure()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.png"
        walk.export(path)
        with Image.open(path) as figure:
            figure.thumbnail((900, 900))
            save(np.asarray(figure.convert("RGB")), IMAGES / "tutorial-exported.png")
    widget.cleanup()
    viewer.close()


def save(pixels: Any, path: Path) -> None:
    """Write a small PNG: 256 colours are enough for a screenshot."""
    picture = Image.fromarray(np.asarray(pixels)[..., :3])
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
