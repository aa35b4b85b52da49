"""Corrections in a real window with a real, untrained model."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Labels, Shapes  # noqa: F401  (napari before Qt)

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.widgets.session.on_screen import correction_base

NOISE = np.random.default_rng(1).integers(0, 256, (33, 46), dtype=np.uint8)
SQUARE = [[8, 10], [8, 30], [24, 30], [24, 10]]


@pytest.fixture
def colorizer(model_colorizer):
    return model_colorizer


@pytest.fixture
def ran(window, qtbot):
    """A window with two hints, in which a run has ended; ``correct`` is the panel."""
    w = window(NOISE)
    for live in (p for p in w.widget.panels if type(p).__name__ == "LivePanel"):
        live.switch.setChecked(False)
    w.correct = next(p for p in w.widget.panels if type(p).__name__ == "CorrectPanel")
    w.store = w.widget.store
    qtbot.waitUntil(lambda: w.widget.bench.current is not None, timeout=20000)
    w.store.apply(lambda s: s.add_class("cell", "gold").add_class("ground", "teal"))
    hints = Hints.from_points([(10, 12), (28, 40)], ["gold", "teal"], sizes=5)
    w.store.apply(lambda s: s.set_hints(hints, "Add hints"))
    w.widget.options.outputs_field.setValue(0)
    w.button.click()
    w.idle()
    w.shown = lambda: w.store.state.gallery[w.store.state.gallery.shown]
    w.layer = lambda: w.widget.results.layer_of(w.shown().number)
    return w


def draw(w, *shapes):
    w.correct.region_bar.draw_button.click()
    layer = w.viewer.layers.selection.active
    assert str(layer.mode) == "add_polygon_lasso"
    for corners in shapes:
        layer.add([np.array(corners)], shape_type="polygon")
    return layer


def press(w, qtbot, button):
    """Press a button that makes new entries of the gallery, and wait for these."""
    before = len(w.store.state.gallery.variations)
    button.click()
    qtbot.waitUntil(lambda: len(w.store.state.gallery.variations) > before, timeout=20000)
    qtbot.waitUntil(lambda: not w.widget.results.busy, timeout=20000)


def inside():
    mask = np.zeros(NOISE.shape, bool)
    mask[8:25, 10:31] = True
    return mask


def test_recoloring_stays_inside_the_region_and_undo_shows_what_was(ran, qtbot):
    bar, before = ran.correct.region_bar, ran.shown()
    assert not bar.recolor_button.isEnabled()
    assert bar.recolor_button.toolTip().startswith("Press 'Draw region'")
    draw(ran, SQUARE)
    bar.count_field.setValue(2)
    press(ran, qtbot, bar.recolor_button)
    made = ran.store.state.gallery.variations[1:]
    assert [v.parent for v in made] == [1, 1, 1]
    assert ran.shown() is made[0]
    for variation in made:
        assert np.array_equal(variation.rgb[~inside()], before.rgb[~inside()])
    assert not np.array_equal(made[1].rgb, made[2].rgb)
    undo, redo = ran.widget.undo_bar.undo_button, ran.widget.undo_bar.redo_button
    assert undo.accessibleName() == "Undo: Recolour inside region"
    undo.click()
    assert ran.shown() is before
    assert ran.layer().visible
    redo.click()
    assert ran.shown() is made[0]


def test_erasing_leaves_gray_and_a_locked_class_alone(ran, qtbot):
    before = ran.shown().rgb
    classes = ran.widget.bench.current.picture.class_map(ran.store.state.hints)
    assert {"cell", "ground"} == set(classes.names)
    ran.store.apply(lambda s: s.lock_class("cell"))
    draw(ran, SQUARE)
    press(ran, qtbot, ran.correct.region_bar.erase_button)
    after = ran.shown().rgb
    locked = classes.labels == 1 + classes.names.index("cell")
    assert (inside() & locked).any()
    free = inside() & ~locked
    assert np.array_equal(after[~free], before[~free])
    assert (np.ptp(after[free].astype(int), axis=-1) == 0).all()
    assert ran.layer().metadata["abdiffuser"]["erased"]


def test_a_run_and_more_like_this_leave_a_locked_class_alone(ran, qtbot):
    before = ran.shown().rgb
    was = ran.store.state.hints
    ran.store.apply(lambda s: s.lock_class("cell").recolor_class("ground", "crimson"))
    classes = ran.widget.bench.current.picture.class_map
    one, other = classes(was), classes(ran.store.state.hints)
    cell = (one.labels == 1 + one.names.index("cell")) & (
        other.labels == 1 + other.names.index("cell")
    )
    ran.widget.options.outputs_field.setValue(1)
    press(ran, qtbot, ran.button)
    ran.idle()
    gallery = next(p for p in ran.widget.panels if type(p).__name__ == "GalleryPanel")
    press(ran, qtbot, gallery.like_button)
    made = ran.store.state.gallery.variations[1:]
    assert len(made) == 6
    for variation in made:
        np.testing.assert_array_equal(variation.rgb[cell], before[cell])
        assert (variation.rgb[~cell] != before[~cell]).any()
        assert variation.provenance["locked"]["classes"] == ["cell"]


def test_a_copy_of_the_preview_is_not_the_preview(ran, qtbot):
    live = next(p for p in ran.widget.panels if type(p).__name__ == "LivePanel")
    live.switch.setChecked(True)
    qtbot.waitUntil(lambda: live.layer is not None and live.layer.visible, timeout=20000)
    copy = Image(live.layer.data.copy(), rgb=True, metadata=dict(live.layer.metadata))
    ran.viewer.add_layer(copy)
    assert correction_base(ran.widget.context).number is None
    live.switch.setChecked(False)
    assert correction_base(ran.widget.context).number == ran.shown().number
    assert copy.visible


def test_labels_mark_a_region_all_or_one_of_them(ran, qtbot):
    labels = np.zeros(NOISE.shape, np.uint8)
    labels[2:6], labels[20:24] = 1, 2
    layer = ran.viewer.add_labels(labels)
    bar = ran.correct.region_bar
    bar.region_field.choose(layer)
    layer.selected_label = 2
    assert bar.only_label.text().startswith("Only label 2")
    bar.only_label.setChecked(True)
    before = ran.shown().rgb
    press(ran, qtbot, bar.erase_button)
    changed = (ran.shown().rgb != before).any(-1)
    assert changed[20:24].any()
    assert not changed[:20].any()


def test_saturation_starts_from_the_uncorrected_pixels_and_is_one_undo(ran, qtbot):
    rgb = ran.shown().rgb.copy()
    slider = ran.correct.saturation_bar.whole.slider
    for value in (30, 160, 40):
        slider.setValue(value)
    picture = ran.widget.bench.current.picture
    wanted = picture.saturate(rgb, 0.4)
    qtbot.waitUntil(lambda: np.array_equal(ran.layer().data, wanted), timeout=20000)
    assert ran.layer().metadata["abdiffuser"]["corrections"]["saturation"] == 0.4
    assert np.array_equal(ran.shown().rgb, rgb)
    slider.setValue(150)
    wanted = picture.saturate(rgb, 1.5)
    qtbot.waitUntil(lambda: np.array_equal(ran.layer().data, wanted), timeout=20000)
    ran.widget.undo_bar.undo()
    qtbot.waitUntil(lambda: np.array_equal(ran.layer().data, rgb), timeout=20000)
    assert slider.value() == 100
    assert "corrections" not in ran.layer().metadata["abdiffuser"]


def test_saturation_of_a_class_leaves_the_others_to_the_byte(ran, qtbot):
    bar, rgb = ran.correct.saturation_bar, ran.shown().rgb
    bar.class_field.setCurrentText("cell")
    bar.class_field.activated.emit(bar.class_field.currentIndex())
    assert ran.store.state.active == "cell"
    bar.one.slider.setValue(0)
    classes = ran.widget.bench.current.picture.class_map(ran.store.state.hints)
    cell = classes.labels == 1 + classes.names.index("cell")
    qtbot.waitUntil(lambda: not np.array_equal(ran.layer().data, rgb), timeout=20000)
    assert np.array_equal(ran.layer().data[~cell], rgb[~cell])
    assert (np.ptp(ran.layer().data[cell].astype(int), axis=-1) == 0).all()
    # Locked, it keeps what it has when everything else changes.
    ran.store.apply(lambda s: s.lock_class("cell"))
    assert not bar.one.slider.isEnabled()
    locked = ran.layer().data[cell].copy()
    bar.whole.slider.setValue(50)
    qtbot.waitUntil(lambda: not np.array_equal(ran.layer().data[~cell], rgb[~cell]), timeout=20000)
    assert np.array_equal(ran.layer().data[cell], locked)


def test_the_live_preview_is_corrected_too(ran, qtbot):
    live = next(p for p in ran.widget.panels if type(p).__name__ == "LivePanel")
    live.switch.setChecked(True)
    qtbot.waitUntil(lambda: live.layer is not None and live.layer.visible, timeout=20000)
    picture, state = ran.widget.bench.current.picture, ran.store.state
    plain = picture.paint(state.hints, n_outputs=0).best
    np.testing.assert_array_equal(live.layer.data, plain)
    classes = picture.class_map(state.hints)
    cell = classes.labels == 1 + classes.names.index("cell")
    # Others are recoloured, and what is locked stays to the byte.
    ran.store.apply(lambda s: s.lock_class("cell").recolor_class("ground", "crimson"))
    other = picture.paint(ran.store.state.hints, n_outputs=0).best
    assert (other[cell] != plain[cell]).any()
    wanted = np.where(cell[..., None], plain, other)
    qtbot.waitUntil(lambda: np.array_equal(live.layer.data, wanted), timeout=20000)
    ran.correct.saturation_bar.whole.slider.setValue(0)
    qtbot.waitUntil(lambda: not np.array_equal(live.layer.data, wanted), timeout=20000)
    gray = np.ptp(live.layer.data.astype(int), axis=-1) == 0
    assert gray[~cell].all()
    np.testing.assert_array_equal(live.layer.data[cell], plain[cell])
    # Undo of a correction of the preview comes back to the preview.
    draw(ran, SQUARE)
    press(ran, qtbot, ran.correct.region_bar.erase_button)
    assert ran.shown().parent is None
    assert not live.layer.visible
    ran.widget.undo_bar.undo()
    qtbot.waitUntil(lambda: live.layer.visible, timeout=20000)


def test_undo_goes_back_in_the_background(ran):
    field = ran.widget.options.background_field
    field.setCurrentIndex(field.findData("gray"))
    assert ran.store.state.corrections.background.gray
    field.setCurrentIndex(field.findData("auto"))
    assert not ran.store.state.corrections.background.gray
    ran.widget.undo_bar.undo()
    assert field.currentData() == "gray"


def test_where_a_hint_would_help(ran, qtbot):
    image = ran.viewer.layers["image"]
    ran.widget.tools.help_bar.ask_button.click()
    qtbot.waitUntil(lambda: "image uncertainty" in ran.viewer.layers, timeout=20000)
    overlay = ran.viewer.layers["image uncertainty"]
    place = overlay.metadata["abdiffuser"]["uncertainty"]["place"]
    assert overlay.blending == "additive"
    np.testing.assert_array_equal(overlay.scale, image.scale)
    np.testing.assert_allclose(getattr(ran.viewer, "scene", ran.viewer).camera.center[-2:], place)
    assert ran.widget.sources.image.name == "image"  # the overlay is no picture to colorize
    ran.widget.tools.help_bar.hide_button.click()
    assert not [x for x in ran.viewer.layers if x.name in ("image uncertainty", "image next hint")]


def test_shortcuts_of_undo_belong_to_the_dock_from_the_start(ran):
    from qtpy.QtCore import Qt
    from qtpy.QtGui import QShortcut

    keys = {x.key().toString(): x for x in ran.widget.findChildren(QShortcut)}
    shortcut = keys["Ctrl+Z"]
    assert shortcut.parent() is ran.widget
    assert shortcut.context() == Qt.ShortcutContext.WidgetWithChildrenShortcut
    label = ran.store.state.history.undo_label
    shortcut.activated.emit()
    assert ran.store.state.history.redo_label == label


def test_an_erased_region_stays_gray_through_hints_and_runs_until_it_is_removed(ran, qtbot):
    bar = ran.correct.region_bar
    live = next(p for p in ran.widget.panels if type(p).__name__ == "LivePanel")
    draw(ran, SQUARE)
    press(ran, qtbot, bar.erase_button)
    live.switch.setChecked(True)
    colored = Hints.from_points([(30, 8)], ["gold"], sizes=5)
    ran.store.apply(lambda s: s.set_hints(s.hints + colored, "Add hint"))
    qtbot.waitUntil(lambda: not live.busy and ran.widget.context.preview.visible, timeout=20000)

    def chroma(rgb):
        return np.ptp(np.asarray(rgb).astype(int), axis=-1)

    assert not chroma(live.layer.data)[inside()].any()
    assert chroma(live.layer.data)[~inside()].any()
    press(ran, qtbot, ran.button)
    ran.idle()
    assert not chroma(ran.shown().rgb)[inside()].any()
    assert ran.shown().provenance["region_fixes"][0]["kind"] == "erased"
    bar.unfix_button.click()
    qtbot.waitUntil(lambda: ran.widget.context.preview.visible, timeout=20000)
    assert chroma(live.layer.data)[inside()].any()
    assert not bar.unfix_button.isEnabled()
    ran.widget.undo_bar.undo()
    assert bar.unfix_button.isEnabled()


def test_a_class_map_or_segmentation_is_no_region_unasked(ran):
    ran.viewer.add_labels(np.ones(NOISE.shape, int), name="image classes")
    assert ran.correct.region_bar.region_field.layer is None
    assert not ran.correct.region_bar.erase_button.isEnabled()
