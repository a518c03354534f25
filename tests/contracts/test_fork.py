"""Promise 10: a fork never leaves the child with a dead lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from .kinds import KINDS, Kind, Pause, each_kind
from .threads import Background, Holder, elsewhere, is_free, outcome_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


#: The fixture that makes a call in a forked child.
InAChild = Callable[[Callable[[], None]], str]


@each_kind
def test_every_operation_works_in_the_child(kind: Kind, in_a_child: InAChild) -> None:
    """Though another thread was in a section, and a third one waited, when the process was forked."""
    twins = {name: kind.filled() for name in kind.operations}

    def operate() -> None:
        for name, operation in kind.operations.items():
            model = kind.model_filled()
            found = outcome_of(lambda: operation.call(twins[name]))  # noqa: B023
            assert found == outcome_of(lambda: operation.model(model)), name  # noqa: B023
            assert kind.state(twins[name]) == kind.state(model), name
            assert is_free(twins[name]), name

    with Holder(*twins.values()):
        waiting = Background(lambda: [len(twin) for twin in twins.values()])
        assert not waiting.is_done(0.02)
        assert in_a_child(operate) == ""
    assert waiting.result() == [len(kind.model_filled())] * len(twins)


@pytest.mark.parametrize(
    ("kind", "name"), [pytest.param(kind, name, id=f"{kind.name}-{name}") for kind in KINDS for name in kind.steps]
)
def test_a_fork_amid_an_operation_of_another_thread(kind: Kind, name: str, in_a_child: InAChild) -> None:
    """What that operation would have stored may be there in part, but the child can use the container."""
    twin, amid, go_on = kind.filled(), threading.Event(), threading.Event()

    def pause() -> None:
        amid.set()
        go_on.wait(20)

    def use() -> None:
        list(twin)
        twin.copy()
        outcome_of(lambda: kind.steps[name].call(twin, lambda: None))
        with twin.locked():
            kind.half(twin)
            kind.whole(twin)
        assert elsewhere(lambda: len(twin)) > 0
        assert is_free(twin)

    thread = Background(lambda: outcome_of(lambda: kind.steps[name].call(twin, Pause(1, pause))))
    try:
        assert amid.wait(20)
        assert in_a_child(use) == ""
    finally:
        go_on.set()
    thread.result()


@each_kind
def test_the_child_keeps_the_section_of_the_thread_that_forked(kind: Kind, in_a_child: InAChild) -> None:
    twin = kind.filled()

    def use() -> None:
        assert not is_free(twin)
        kind.whole(twin)
        twin_section.__exit__(None, None, None)
        assert elsewhere(lambda: is_free(twin))

    twin_section = twin.locked()
    with twin_section:
        kind.half(twin)
        assert in_a_child(use) == ""
        assert not is_free(twin)
        kind.whole(twin)
    assert is_free(twin)


@pytest.mark.parametrize("load", ["compute_if_absent", "d[k]"])
@each_kind
def test_a_value_that_another_thread_was_computing_is_computed_in_the_child(
    kind: Kind, load: str, in_a_child: InAChild
) -> None:
    if load not in kind.loads:
        pytest.skip("computes no values so")
    twin, computing, go_on = kind.filled(), threading.Event(), threading.Event()

    def factory() -> str:
        computing.set()
        go_on.wait(20)
        return "the parent's"

    def compute() -> None:
        assert kind.loads[load](twin, "new", lambda: "the child's") == "the child's"

    thread = Background(lambda: kind.loads[load](twin, "new", factory))
    try:
        assert computing.wait(20)
        assert in_a_child(compute) == ""
    finally:
        go_on.set()
    assert thread.result() == "the parent's"
