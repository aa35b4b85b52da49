"""Stacks, data bars and changes of picture: what is made of one never gets into another."""

from __future__ import annotations

import errno
from types import SimpleNamespace

import numpy as np
from napari.layers import Points, Shapes

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.shown import shown_coloring

STACK = np.random.default_rng(1).integers(0, 200, (3, 33, 46), dtype=np.uint8)


def test_every_slice_has_its_gallery_and_its_layers(stack):
    w = stack(STACK)
    w.go(0)
    w.run()
    assert w.captions() == ["best", "1", "2"]
    w.gallery.list.setCurrentRow(2)
    w.go(2)
    assert w.captions() == []
    assert w.gallery.elsewhere.text().startswith("3 colourings of other slices")
    assert not w.gallery.like_button.isEnabled()
    assert w.results.layer_of(3).visible  # on its own slice
    w.run()
    assert w.captions() == ["best 2", "3", "4"]
    names = [x.name for x in w.named("image ")]
    assert {"image colorized", "image variation 2", "image colorized 2", "image variation 4"} < set(
        names
    )
    w.gallery.star_button.click()
    w.gallery.rest_button.click()  # takes nothing away from the other slice
    w.go(0)
    assert w.captions() == ["best", "1", "2"]
    assert w.shown().number == 3
    assert w.results.layer_of(3).visible
    # Colourings of other slices are visible, too, and no figure of this one.
    assert w.results.layer_of(5).visible
    shown = shown_coloring(w.viewer, w.widget.sources.image_field.layers)
    np.testing.assert_array_equal(shown.rgb, w.shown().rgb)
    assert shown.candidates[0].index == (0, None, None)
    assert not w.results.layer_of(1).visible


def test_a_run_that_ends_on_another_slice_stays_with_its_own(stack, colorizer):
    w = stack(STACK)
    w.go(1)
    colorizer.go.clear()
    w.button.click()
    w.go(2, opened=False)
    colorizer.go.set()
    w.finished()
    assert "of slice 1: move the slider" in w.widget.footer.status.text()
    assert w.captions() == []
    w.go(1)
    assert w.captions() == ["best", "1", "2"]
    layer = w.results.layer_of(w.shown().number)
    assert (layer.visible, float(layer.translate[0])) == (True, 1.0)


def test_a_run_that_ends_with_another_image_goes_to_the_one_it_was_made_from(stack, colorizer):
    w = stack(STACK[0], 255 - STACK[1])
    first, second = w.viewer.layers[0], w.viewer.layers[1]
    w.widget.sources.image_field.choose(first)
    w.opened()
    colorizer.go.clear()
    w.button.click()
    w.widget.sources.image_field.choose(second)
    colorizer.go.set()
    w.finished()
    w.opened()
    assert f"are with '{first.name}'" in w.widget.footer.status.text()
    assert (w.captions(), w.store.state.gallery.variations) == ([], ())
    made = w.named(f"{first.name} variation 1")  # without hints a variation leads
    assert [layer.visible for layer in made] == [False]
    w.run()
    assert w.captions() == ["best", "1", "2"]
    w.widget.sources.image_field.choose(first)
    w.opened()
    assert w.captions() == ["best", "1", "2"]
    source = made[0].metadata["abdiffuser"]["source"]
    assert (made[0].visible, source["layer"]) == (True, first.name)
    np.testing.assert_array_equal(w.shown().rgb, made[0].data)


def test_a_run_whose_image_was_deleted_is_not_lost(stack, colorizer):
    w = stack(STACK[0], STACK[1])
    first = w.viewer.layers[0]
    w.widget.sources.image_field.choose(first)
    w.opened()
    colorizer.go.clear()
    w.button.click()
    w.viewer.layers.remove(first)
    colorizer.go.set()
    w.finished()
    w.opened()
    assert w.captions() == []
    assert sorted(layer.visible for layer in w.named("variation")) == [False, True]
    assert len(w.named("colorized")) == 1
    assert w.widget.sources.image.name == "image [1]"


def test_what_is_read_of_a_slice_that_was_left_is_not_taken_for_the_next(studio, monkeypatch):
    from napari_abdiffuser.widgets.hints import reader as hint_reader

    s = studio(np.zeros((3, 30, 40), np.uint8))
    s.viewer.dims.set_current_step(0, 2)
    s.sync.when_settled(lambda: None)
    strokes = s.sync.start("strokes")
    strokes.data[0, 4:8, 4:8] = strokes.selected_label
    strokes.data[1, 20:24, 30:34] = strokes.selected_label
    workers = []
    monkeypatch.setattr(hint_reader, "_AT_ONCE", 0)
    monkeypatch.setattr(hint_reader, "FunctionWorker", lambda *args: Held(workers, *args))
    for at in (0, 1):
        s.viewer.dims.set_current_step(0, at)
        s.sync.when_settled(lambda: None)
        assert len(workers) == at + 1
    workers[0].run()  # late, and of the slice before
    workers[1].run()
    (region,) = s.store.state.hints.regions
    assert region.mask[22, 32]
    assert not region.mask[5, 5]
    assert s.store.state.document.slices.keys() <= {(0,), (1,)}
    assert not s.sync.reader.busy


def loaded_points(*slices):
    """A layer of hints as a loaded project writes it."""
    return Points(
        [[at, 3, 4] for at in slices],
        face_color="#c8463f",
        features={"class": np.array(["cell"] * len(slices), object)},
        metadata={"abdiffuser_hints": True},
    )


def known(s):
    return {index: len(hints) for index, hints in s.store.state.document.slices.items()}


def test_hints_of_slices_that_nobody_visited_are_known_and_no_step_of_undo(studio):
    s = studio(np.zeros((10, 30, 40), np.uint8))
    s.viewer.add_layer(loaded_points(0, 5, 9))
    assert known(s) == {(0,): 1, (5,): 1, (9,): 1}
    steps = len(s.store.state.history.past_steps)
    s.viewer.dims.set_current_step(0, 5)
    s.sync.when_settled(lambda: None)
    assert len(s.store.state.history.past_steps) == steps
    assert [p.class_name for p in s.hints().points] == ["cell"]
    s.undo()
    s.redo()
    assert known(s) == {(0,): 1, (5,): 1, (9,): 1}


def test_a_class_is_recolored_on_slices_that_nobody_visited(studio):
    s = studio(np.zeros((10, 30, 40), np.uint8))
    layer = loaded_points(*range(10))
    s.viewer.add_layer(layer)
    s.store.apply(lambda state: state.recolor_class("cell", "#00ff00"))
    names = s.store.state.legend.names
    s.viewer.dims.set_current_step(0, 9)
    s.sync.when_settled(lambda: None)
    assert s.store.state.legend.names == names
    assert [p.class_name for p in s.hints().points] == ["cell"]
    s.sync.writer.flush()
    np.testing.assert_allclose(layer.face_color[:, :3], [(0, 1, 0)] * 10, atol=1e-6)


def test_strokes_and_outlines_of_other_slices_are_known_and_come_back_where_they_were(studio):
    s = studio(np.zeros((6, 30, 40), np.uint8))
    painted = np.zeros((6, 30, 40), np.uint8)
    painted[2, 4:8, 4:8], painted[4, 9, 9] = 1, 2
    made = {"abdiffuser_hints": True, "abdiffuser_classes": {1: "cell", 2: "ground"}}
    strokes = s.viewer.add_labels(painted, metadata=made)
    lasso = Shapes(
        [np.array([[3, 4, 4], [3, 4, 14], [3, 14, 14]])],
        shape_type="polygon",
        edge_color="#4483cb",
        features={"class": np.array(["ground"], object)},
        metadata={"abdiffuser_hints": True},
    )
    s.viewer.add_layer(lasso)
    slices = s.store.state.document.slices
    assert {i: [r.class_name for r in h.regions] for i, h in slices.items()} == {
        (2,): ["cell"],
        (3,): ["ground"],
        (4,): ["ground"],
    }
    assert slices[(2,)].regions[0].mask.sum() == 16
    s.store.apply(lambda state: state.merge_classes("cell", "ground"))
    s.undo()
    assert strokes.data[2, 5, 5] == 1
    assert len(lasso.data) == 1


def test_points_moved_on_all_slices_at_once_are_known_when_it_matters(studio):
    s = studio(np.zeros((6, 30, 40), np.uint8))
    layer = loaded_points(1, 4)
    s.viewer.add_layer(layer)
    layer.data = layer.data + np.array([0, 10, 10])
    s.sync.when_all_known(lambda: None)
    assert {
        i: [(p.y, p.x) for p in h.points] for i, h in s.store.state.document.slices.items()
    } == {
        (1,): [(13, 14)],
        (4,): [(13, 14)],
    }
    s.undo()
    assert layer.data.tolist() == [[1, 3, 4], [4, 3, 4]]


def test_slices_are_read_in_a_worker_and_what_is_newer_meanwhile_stays(studio, monkeypatch):
    from napari_abdiffuser.widgets.hints import slices as hint_slices

    s = studio(np.zeros((6, 30, 40), np.uint8))
    workers, done = [], []
    monkeypatch.setattr(hint_slices, "_AT_ONCE", 0)
    monkeypatch.setattr(hint_slices, "FunctionWorker", lambda *args: Held(workers, *args))
    layer = loaded_points(1, 2, 4)
    s.viewer.add_layer(layer)
    s.sync.when_all_known(lambda: done.append(known(s)))
    s.viewer.dims.set_current_step(0, 2)
    s.sync.when_settled(lambda: None)
    s.store.apply(lambda state: state.set_hints(Hints()))
    s.viewer.dims.set_current_step(0, 0)
    s.sync.when_settled(lambda: None)
    assert not done
    workers[0].run()
    assert done == [{(1,): 1, (4,): 1}]


def test_hints_of_a_layer_that_goes_are_gone_on_every_slice(studio):
    s = studio(np.zeros((10, 30, 40), np.uint8))
    layer = loaded_points(0, 5, 9)
    s.viewer.add_layer(layer)
    s.viewer.dims.set_current_step(0, 2)
    s.sync.when_settled(lambda: None)
    assert sum(known(s).values()) == 3
    s.viewer.layers.remove(layer)
    s.sync.when_all_known(lambda: None)
    assert sum(known(s).values()) == 0
    s.undo()
    assert sum(known(s).values()) == 3


def test_what_waits_for_all_slices_is_not_done_to_another_picture(studio, monkeypatch):
    from napari_abdiffuser.widgets.hints import slices as hint_slices

    s = studio(np.zeros((20, 20), np.uint8), np.zeros((6, 30, 40), np.uint8))
    workers, done = [], []
    monkeypatch.setattr(hint_slices, "_AT_ONCE", 0)
    monkeypatch.setattr(hint_slices, "FunctionWorker", lambda *args: Held(workers, *args))
    s.sources.image_field.choose(s.viewer.layers[1])
    s.viewer.add_layer(loaded_points(1, 2, 4))
    assert workers
    s.sync.when_all_known(lambda: done.append(1))
    s.sources.image_field.choose(s.viewer.layers[0])
    for worker in workers:
        worker.run()
    assert done == []
    s.sync.when_all_known(lambda: done.append(2))
    assert done == [2]


def test_a_stack_of_any_size_is_painted_on_every_slice(studio, monkeypatch):
    from napari_abdiffuser.layers import allocation as room

    monkeypatch.setattr(room, "_IN_MEMORY", 1000)
    s = studio(np.zeros((4, 30, 40), np.uint8))
    strokes = s.sync.start("strokes")
    assert not isinstance(strokes.data, np.memmap)  # no disk that could be full is under it
    assert strokes.data.shape == (4, 30, 40)
    for at in (0, 3):
        s.viewer.dims.set_current_step(0, at)
        s.sync.when_settled(lambda: None)
        strokes.paint((at, 10, 10), strokes.selected_label)
        assert len(s.hints().regions) == 1
    s.viewer.dims.set_current_step(0, 1)
    s.sync.when_settled(lambda: None)
    s.undo()
    assert not strokes.data[3].any()
    s.redo()
    assert strokes.data[3].any()
    assert known(s) == {(0,): 1, (3,): 1}


def test_where_a_stack_to_paint_on_finds_no_room_that_is_said(studio, monkeypatch):
    from napari_abdiffuser.layers import allocation as room

    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(room, "_IN_MEMORY", 1000)
    # Not in the module itself, through which NumPy maps files.
    promises = SimpleNamespace(mmap=refuse, MAP_ANONYMOUS=32, MAP_PRIVATE=2)
    monkeypatch.setattr(room, "mmap", promises)
    s = studio(np.zeros((4, 30, 40), np.uint8))
    assert s.sync.start("strokes").data.shape == (4, 30, 40)  # then it is a file
    s = studio(np.zeros((4, 30, 40), np.uint8))
    monkeypatch.setattr(room.tempfile, "TemporaryFile", refuse)
    said = []
    s.sync.failed.connect(said.append)
    assert s.sync.start("strokes") is None
    assert "delete files there" in said[0]


def test_hints_on_a_slice_that_a_painted_layer_lacks_get_another_layer(studio, qtbot):
    s = studio(np.zeros((4, 30, 40), np.uint8))
    s.viewer.dims.set_current_step(0, 0)
    s.sync.when_settled(lambda: None)
    made = {"abdiffuser_hints": True, "abdiffuser_classes": {1: "cell"}}
    short = s.viewer.add_labels(np.ones((1, 30, 40), np.uint8), metadata=made, name="short")
    assert len(s.hints().regions) == 1
    assert s.sync.start("strokes") is short
    said = []
    s.sync.said.connect(said.append)
    s.viewer.dims.set_current_step(0, 2)
    s.sync.when_settled(lambda: None)
    assert "'short' has no such slice" in said[0]
    s.store.apply(lambda state: state.at((3,)).set_hints(state.at((0,)).hints).at((2,)))
    assert known(s) == {(0,): 1, (3,): 1}
    strokes = s.sync.start("strokes")
    assert strokes is not short
    assert strokes.data[3].all()
    assert not strokes.data[:3].any()
    s.viewer.dims.set_current_step(0, 3)
    s.sync.when_settled(lambda: None)
    assert len(s.hints().regions) == 1


def test_what_was_painted_just_before_a_slice_was_left_is_known(studio, monkeypatch):
    from napari_abdiffuser.widgets.hints import reader as hint_reader
    from napari_abdiffuser.widgets.hints import slices as hint_slices

    s = studio(np.zeros((3, 30, 40), np.uint8))
    s.viewer.dims.set_current_step(0, 0)
    s.sync.when_settled(lambda: None)
    strokes = s.sync.start("strokes")
    strokes.brush_size = 3
    strokes.paint((0, 5, 5), strokes.selected_label)
    s.sync.when_settled(lambda: None)
    workers = []
    for module in (hint_reader, hint_slices):
        monkeypatch.setattr(module, "_AT_ONCE", 0)
        monkeypatch.setattr(module, "FunctionWorker", lambda *args: Held(workers, *args))
    strokes.paint((0, 20, 20), strokes.selected_label)
    s.viewer.dims.set_current_step(0, 2)
    s.sync.pictures.catch_up()
    for worker in workers:
        worker.run()
    (region,) = s.store.state.document.slices[(0,)].regions
    assert region.mask[5, 5]
    assert region.mask[20, 20]
    s.undo()
    assert strokes.data[0, 5, 5]
    assert not strokes.data[0, 20, 20]


class Held:
    """A worker that works when the test says so."""

    def __init__(self, workers, work, *args):
        self.run = lambda: work(*args)
        workers.append(self)

    def start(self):
        """Wait for the test."""
