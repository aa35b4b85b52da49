"""What docs/every_item.py does after the colouring: from highlighting to files of microscopes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image, ImageDraw
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QSpinBox,
    QTableWidget,
)

__all__ = [
    "figure",
    "highlight",
    "manners",
    "measure",
    "merging",
    "segmentation",
    "sem_file",
    "series",
    "stack",
    "swatches",
]

WHERE: dict[str, Any] = {"scale": (0.05, 0.05), "units": ("µm", "µm")}
_FEI = (
    "[User]\r\nDate=10/06/2026\r\n[System]\r\nSystemType=Helios\r\n[Beam]\r\nHV=5000\r\n"
    "Beam=EBeam\r\nScan=\r\n[EBeam]\r\nWD=0.0042\r\nScan=EScan\r\n[EScan]\r\n"
    "PixelWidth=5e-08\r\nPixelHeight=5e-08\r\n[Detectors]\r\nName=TLD\r\n[Image]\r\n"
    "ResolutionX=1024\r\nResolutionY=700\r\n"
)


def segmentation(picture: Any) -> Any:
    """Find the dark holes of the sample, as a segmentation would."""
    from scipy.ndimage import binary_opening, gaussian_filter, label

    dark = gaussian_filter(picture.astype(float), 1.5) < 18
    found = label(binary_opening(dark, iterations=2))[0]
    sizes = np.bincount(found.ravel())
    return np.where((sizes < 500)[found], found, 0)


def swatches(hands: Any) -> list[Any]:
    """Return the button that asks for colours, and those that are suggested."""
    names = [f"suggestion_{at}" for at in range(5)]
    return [hands.control("suggest_colors"), *(hands.control(n, QAbstractButton) for n in names)]


def merging(tour: Any, hands: Any) -> None:
    """3: two classes become one, and two again."""
    view, store = hands.control("legend_list", QAbstractItemView), hands.widget.store
    hands.click_item(view, [c.name for c in store.state.legend].index("holes"))
    merge = hands.control("legend_merge")
    hands.pick(merge, "spheres", lambda: tour.shot("3-merge"))
    tour.settle()
    assert "holes" not in store.state.legend
    tour.shot("3-merged", view, merge)
    hands.press("correct_undo")
    tour.settle()
    assert "holes" in store.state.legend


def highlight(tour: Any) -> None:
    """6: one switch keeps everything unhinted gray."""
    from napari_abdiffuser.data import micrograph

    hands = tour.open()
    hands.viewer.add_image(micrograph(), name="micrograph")
    tour.got_it()
    hands.press("swatch_amber", QAbstractButton)
    hands.press("tool_points")
    for place in ((300, 690), (400, 620), (150, 370), (640, 110)):
        hands.click_picture(place)
    tour.settle()
    switch = hands.control("background_field", QComboBox)
    tour.shot("6-before", switch)
    hands.choose(switch, "Gray unless hinted")
    tour.settle()
    tour.shot("6-highlight", switch)
    hands.choose(switch, "Coloured")
    tour.close()


def measure(tour: Any, hands: Any) -> None:
    """7: the class map and its table."""
    hands.unfold("Measure")
    hands.press("measure_map")
    hands.wait(lambda: hands.control("measure_copy").isEnabled())
    tour.shot(
        "7-measure", hands.control("measure_table", QTableWidget), hands.control("measure_copy")
    )
    hands.press("measure_copy")
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert len(clipboard.text().splitlines()) > 3
    next(x for x in hands.viewer.layers if x.name.endswith("classes")).visible = False


def figure(tour: Any, hands: Any) -> Path:
    """9: the figure, its caption, and the file dropped into another window."""
    hands.unfold("Figure")
    panel = hands.widget.figure
    hands.press("figure_original", QCheckBox)
    hands.choose(hands.control("figure_legend", QComboBox), "Below the picture")
    hands.wait(lambda: hands.control("figure_export").isEnabled() and not panel.busy)
    QTest.qWait(500)  # until the layout has made room for it
    tour.shot("9-figure", hands.control("figure_look", QLabel), hands.control("figure_export"))
    hands.press("figure_copy")
    path = Path(tempfile.mkdtemp()) / "figure.png"
    hands.answer(hands.control("figure_export"), str(path))
    hands.wait(lambda: "Saved" in hands.said)
    with Image.open(path) as made:
        made.thumbnail((900, 900))
        tour.save(np.asarray(made.convert("RGB")), "9-file")
    return path


def dropped(tour: Any, path: Path) -> None:
    """9: the file brings back picture, colouring and hints."""
    hands = tour.open()
    hands.viewer.open(str(path), plugin="napari-abdiffuser")
    tour.settle()
    tour.shot("9-dropped")
    tour.close()


def series(tour: Any, work: Path) -> None:
    """8: other views of the specimen, coloured by the same classes and hints."""
    from napari_abdiffuser.data import micrograph

    hands, first = tour.open(), micrograph()
    # The same scene at another contrast, and after the stage has drifted a little.
    bright = (255 * (first / 255) ** 0.7).astype(np.uint8)
    drifted = np.pad(first[5:, 7:], ((0, 5), (0, 7)), mode="reflect")
    views = {"second view": bright, "third view": drifted, "first view": first}
    for name, where in zip(views, ((0, 54), (41, 27), (0, 0)), strict=True):  # micrometres
        hands.viewer.add_image(views[name], name=name, translate=where, **WHERE)
    tour.got_it()
    hands.answer(hands.control("series_load"), str(work))
    hands.wait(lambda: len(hands.widget.store.state.hints))
    tour.settle()
    which = hands.control("series_which", QComboBox)
    hands.choose(which, "The 2 other open images")
    hands.press("colorize_button")
    hands.wait(lambda: "Coloured 2" in hands.said)
    hands.viewer.reset_view()
    tour.shot("8-others", which)
    tour.close()


def stack(tour: Any) -> None:
    """8: a stack, with hints on one slice that the others take."""
    from napari_abdiffuser.data import micrograph

    hands, picture = tour.open(), micrograph()
    slices = np.stack([picture[:512, 8 * n : 512 + 8 * n] for n in range(5)])
    hands.viewer.add_image(slices, name="stack")
    tour.got_it()
    hands.press("swatch_amber", QAbstractButton)
    hands.press("tool_points")
    hands.click_picture((150, 360))
    hands.press("swatch_gray", QAbstractButton)
    for place in ((70, 460), (260, 240), (500, 260)):
        hands.click_picture(place)
    hands.press("swatch_blue", QAbstractButton)
    hands.click_picture((105, 165))
    tour.settle()
    which = hands.control("series_which", QComboBox)
    hands.choose(which, "Slices from … to …")
    for name, at in (("series_first", 1), ("series_last", 3)):
        hands.number(hands.control(name, QSpinBox), at)
    hands.press("colorize_button")
    hands.wait(lambda: "Coloured 3" in hands.said)
    hands.viewer.dims.set_current_step(0, 2)
    tour.settle()
    tour.shot("8-range", which)
    hands.viewer.dims.set_current_step(0, 0)
    hands.viewer.layers.remove("stack colorized")
    hands.choose(which, "All 5 slices")
    hands.press("colorize_button")
    hands.wait(lambda: "Coloured 5" in hands.said)
    tour.shot("8-stack", which)
    tour.close()


def manners(tour: Any, hands: Any) -> None:
    """10: presets, preferences, the command palette."""
    hands.unfold("Advanced")
    field = hands.control("preset_field", QComboBox)
    line = field.lineEdit()
    hands.click(line)
    hands.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier, to=line)
    hands.type("paper", line)
    hands.press("preset_save")
    tour.shot("10-preset", hands.control("outputs_field", QSpinBox), hands.control("preset_save"))
    window = hands.viewer.window
    hands.window.activateWindow()  # without a window manager a menu may have taken that
    QTest.qWait(300)
    window._toggle_command_palette()
    hands.wait(QApplication.focusWidget)
    hands.type("figure", QApplication.focusWidget())
    tour.shot("10-palette")
    hands.key(Qt.Key.Key_Escape)
    dialog = window._open_preferences_dialog()
    QTest.qWait(500)
    tour.preferences(dialog)
    dialog.close()


def sem_file(tour: Any) -> None:
    """11: what the microscope wrote: pixel size, settings and the data bar."""
    from napari_abdiffuser.data import micrograph

    picture = Image.fromarray(micrograph())
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 700, 1024, 768), fill=0)
    said = "HV 5.00 kV   WD 4.2 mm   det TLD   HFW 51.2 um   |----- 10 um -----|"
    draw.text((40, 716), said, fill=255, font_size=24)
    path = Path(tempfile.mkdtemp()) / "pollen.tif"
    data = _FEI.encode("latin-1") + b"\0"
    tifffile.imwrite(path, np.asarray(picture), extratags=[(34682, 2, len(data), data, True)])
    hands = tour.open()
    hands.viewer.open(str(path), plugin="napari-abdiffuser")
    hands.viewer.scale_bar.visible = True
    tour.got_it()
    hands.unfold("Advanced")
    hands.press("colorize_button")
    hands.wait(lambda: "Added" in hands.said and not hands.widget.footer.busy)
    tour.shot("11-sem", hands.control("data_bar_switch", QCheckBox))
    result = hands.viewer.layers.selection.active
    assert hands.viewer.layers[0].metadata["sem"]["data_bar_rows"] == [700, 768]
    assert result is not None
    tour.close()
