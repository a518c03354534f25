"""Promise 3: iterating goes over a snapshot of one moment, and the views stay live."""

from __future__ import annotations

import copy
import operator
import pickle
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from .kinds import Kind, each_kind
from .threads import elsewhere, outcome_of

#: What the names of our sorted dict and its views have, and those of the plain one have not, or the other way round.
LIKE = re.compile("Locked(?=Sorted)|View(?=[(])")


def in_this_thread(call: Callable[[], Any]) -> Any:
    return call()


@pytest.mark.parametrize("where", [in_this_thread, elsewhere])
@each_kind
def test_an_iterator_goes_over_the_moment_in_which_it_was_made(kind: Kind, where: Callable[[Any], Any]) -> None:
    for iterator_name, make in kind.iterators.items():
        expected = list(make(kind.model_filled()))
        for name, write in kind.writes.items():
            twin = kind.filled()
            iterator = make(twin)
            seen = [next(iterator)]
            where(lambda: outcome_of(lambda: write.call(twin)))  # noqa: B023
            seen.extend(iterator)
            assert seen == expected, (iterator_name, name)
            assert next(iterator, "over") == "over"


@each_kind
def test_iterators_tell_their_length_and_are_copied_as_the_builtins_are(kind: Kind) -> None:
    for name, make in kind.iterators.items():
        twin, model = make(kind.filled()), make(kind.model_filled())
        assert operator.length_hint(model) in (0, operator.length_hint(twin)), name  # 0: it does not tell
        if outcome_of(lambda: pickle.dumps(model))[0] == "returned":  # noqa: B023
            assert list(pickle.loads(pickle.dumps(twin))) == list(pickle.loads(pickle.dumps(model))), name
            assert list(copy.copy(twin)) == list(copy.copy(model)), name


@each_kind
def test_an_iterator_does_not_hold_the_container_locked(kind: Kind) -> None:
    twin = kind.filled()
    iterators = [make(twin) for make in kind.iterators.values()]
    elsewhere(lambda: kind.half(twin))
    assert len(iterators) == len(kind.iterators)


@each_kind
def test_the_views_are_live(kind: Kind) -> None:
    for view_name, view_of in kind.views.items():
        for name, write in kind.writes.items():
            twin, model = kind.filled(), kind.model_filled()
            view, model_view = view_of(twin), view_of(model)
            elsewhere(lambda: outcome_of(lambda: write.call(twin)))  # noqa: B023
            outcome_of(lambda: write.model(model))  # noqa: B023
            of_the_model = list(model_view)
            assert list(view) == of_the_model, (view_name, name)
            assert len(view) == len(of_the_model)
            assert all(element in view for element in of_the_model)
            assert "no such element" not in view
            assert LIKE.sub("", repr(view)) == LIKE.sub("", repr(model_view))
            assert (view == view_of(twin)) is (model_view == view_of(model))


@pytest.mark.usefixtures("switch_interval")
@each_kind
def test_iterating_while_others_write_raises_nothing_and_tears_nothing(kind: Kind) -> None:
    twin = kind.make(kind.numbered(0, None))
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            kind.renumber(twin, number)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(100):
            for name, make in kind.iterators.items():
                seen = list(make(twin))
                assert len(kind.numbered(0, None)) - len(seen) in (0, 1), name
                if name == "values":
                    assert len(set(seen)) == 1
    finally:
        stop.set()
        thread.join()
