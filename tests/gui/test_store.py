"""The store: one state, one order of changes, refusals in words."""

from __future__ import annotations

from napari_abdiffuser.widgets.session.store import Store


def test_all_hear_of_changes_in_one_order(qtbot):
    store = Store()
    heard = []

    def first(new, old):
        if "cell" in new.legend and "wall" not in new.legend:
            store.apply(lambda s: s.add_class("wall", "teal"))

    store.changed.connect(first)
    store.changed.connect(lambda new, old: heard.append((old.legend.names, new.legend.names)))
    assert store.apply(lambda s: s.add_class("cell", "gold"))
    assert heard == [
        (("gray",), ("gray", "cell")),
        (("gray", "cell"), ("gray", "cell", "wall")),
    ]


def test_what_is_not_possible_is_said_and_changes_nothing(qtbot):
    store = Store()
    before = store.state
    with qtbot.waitSignal(store.refused) as refusal:
        assert not store.apply(lambda s: s.remove_class("gray"))
    assert "Gray is always there" in refusal.args[0]
    assert store.state is before


def test_no_change_is_no_news(qtbot):
    store = Store()
    with qtbot.assertNotEmitted(store.changed):
        assert store.apply(lambda s: s.undo())
