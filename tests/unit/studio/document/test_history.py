from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.studio.document.history import History

steps = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(0, 99), st.sampled_from([None, "a", "b"])),
        st.tuples(st.sampled_from(["undo", "redo", "seal"])),
    ),
    max_size=30,
)


@settings(max_examples=50)
@given(steps, st.integers(1, 6))
def test_it_does_what_two_plain_lists_would(moves, limit):
    history = History.start(-1, limit=limit)
    past: list[int] = []
    present, future, open_key = -1, [], None
    for move, *arguments in moves:
        if move == "push":
            value, key = arguments
            history = history.push(value, "Do", key)
            if not (key is not None and key == open_key and past):
                past = [*past, present][-limit:]
            present, future, open_key = value, [], key
        elif move == "undo":
            history = history.undo()
            if past:
                future.insert(0, present)
                present, open_key = past.pop(), None
        elif move == "redo":
            history = history.redo()
            if future:
                past.append(present)
                present, open_key = future.pop(0), None
        else:
            history, open_key = history.seal(), None
        assert history.present == present
        assert (history.can_undo, history.can_redo) == (bool(past), bool(future))
        assert [step.value for step in history.past_steps] == past
        assert [step.value for step in history.future_steps] == future


@settings(max_examples=50)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=20), st.integers(0, 100))
def test_memory_is_bounded_and_the_newest_stay(sizes, budget):
    def weigh(buffer):
        return {id(buffer): buffer.nbytes}

    buffers = [np.zeros(n, np.uint8) for n in sizes]
    history = History.start(buffers[0], budget=budget, weigh=weigh)
    for buffer in buffers[1:]:
        history = history.push(buffer)
        assert history.bytes_held() <= budget
    held = [step.value for step in history.past_steps]
    expected = buffers[:-1][len(buffers) - 1 - len(held) :]
    assert all(a is b for a, b in zip(held, expected, strict=True))
    if len(held) < len(buffers) - 1:  # one more would have been too much
        gone = buffers[len(buffers) - 2 - len(held)]
        assert history.bytes_held() + gone.nbytes > budget


def test_what_states_share_is_counted_once():
    shared = np.zeros(1000, np.uint8)

    def weigh(value):
        return {id(part): part.nbytes for part in value}

    history = History.start((shared,), budget=1500, weigh=weigh)
    for n in range(10):
        history = history.push((shared, np.zeros(50 + n, np.uint8)))
    assert len(history.past_steps) == 10
    assert history.bytes_held() == sum(50 + n for n in range(9))


def test_labels_and_amending():
    history = History.start("a").push("b", "Add hint").push("c", "Move hint", key=1)
    assert history.undo_label == "Move hint"
    back = history.undo()
    assert (back.undo_label, back.redo_label) == ("Add hint", "Move hint")
    assert back.undo().undo() == back.undo()
    # A drag that was undone and done again is over.
    assert len(back.redo().push("d", key=1).past_steps) == 3
    assert history.amend("x").undo().redo().present == "x"
    assert back.redo().present == "c"
