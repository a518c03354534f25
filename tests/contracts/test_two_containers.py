"""Promise 7: no method ever holds the locks of two containers."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from lockedcontainers import LockTimeout, is_compiled, locked
from lockedcontainers.testing import Program, explore

from .kinds import KINDS, Hooked, Kind, Pause, each_kind
from .threads import MOMENT, Background, Holder, elsewhere, is_free, outcome_of, together

each_crossing = pytest.mark.parametrize(
    ("kind", "name"),
    [pytest.param(kind, name, id=f"{kind.name}-{name}") for kind in KINDS for name in kind.crossings],
)


@each_crossing
def test_never_are_both_locked(kind: Kind, name: str) -> None:
    """Looked for at each call of user code: the hashes and comparisons of all that is in the two."""
    calls, both = 0, 0

    def look() -> None:
        nonlocal calls, both
        calls += 1
        both += not elsewhere(lambda: is_free(a) or is_free(b))

    pause: Any = Pause()
    a, b = (kind.make(kind.numbered(1, lambda: pause())) for _ in range(2))  # noqa: PLW0108

    def hook() -> None:
        nonlocal pause
        pause, before = Pause(), pause  # what look() does is not looked at
        look()
        pause = before

    pause = hook
    kind.crossings[name](a, b)
    pause = Pause()
    assert (calls > 0) is (name not in kind.silent)
    assert both == 0


@pytest.mark.usefixtures("switch_interval")
@each_crossing
def test_crossing_operations_do_not_deadlock(kind: Kind, name: str) -> None:
    operate = kind.crossings[name]
    a, b = kind.make(kind.numbered(1, None)), kind.make(kind.numbered(2, None))

    def work(first: Any, second: Any) -> None:
        for _ in range(60):
            operate(first, second)

    outcomes = together(lambda: work(a, b), lambda: work(b, a), lambda: work(a, a))
    assert outcomes == [("returned", None)] * 3
    assert is_free(a)
    assert is_free(b)


@pytest.mark.skipif(is_compiled, reason="only Python code can be explored")
@each_crossing
def test_crossing_operations_do_not_deadlock_under_any_schedule(kind: Kind, name: str) -> None:
    operate = kind.crossings[name]

    def make() -> tuple[Any, Any]:
        return kind.make(kind.numbered(1, None)), kind.make(kind.numbered(2, None))

    def forth(pair: tuple[Any, Any]) -> None:
        operate(*pair)

    def back(pair: tuple[Any, Any]) -> None:
        operate(*pair[::-1])

    preemptions = 1 if "**" in name else 2  # these have many steps, and copy one after the other
    explore(Program(setup=make, threads=[forth, back], early_timeouts=0), max_preemptions=preemptions).require()


@each_crossing
def test_crossing_operations_do_what_the_builtins_do(kind: Kind, name: str) -> None:
    operate = kind.crossings[name]
    for left, right in ((1, 1), (1, 2)):
        results: list[Any] = []
        for make in (kind.make, kind.model):
            a, b = make(kind.numbered(left, None)), make(kind.numbered(right, None))
            result = operate(a, b)
            results.append((result, kind.state(a), kind.state(b), operate(a, a), kind.state(a)))
        assert results[0] == results[1]


@each_crossing
def test_the_other_operand_is_read_in_one_moment(kind: Kind, name: str) -> None:
    """While the other is half done in a locked section, the operation waits, without keeping the first one locked."""
    operate = kind.crossings[name]
    a, b = kind.filled(), kind.filled()
    with b.locked():
        kind.half(b)
        thread = Background(lambda: operate(a, b))
        assert not thread.is_done(MOMENT)
        assert is_free(a)
        kind.whole(b)
    model_a, model_b = kind.model_filled(), kind.model_filled()
    kind.half(model_b)
    kind.whole(model_b)
    assert thread.result() == operate(model_a, model_b)
    assert kind.state(a) == kind.state(model_a)


@each_kind
def test_several_are_locked_in_one_order(kind: Kind) -> None:
    a, b = kind.filled(), kind.filled()

    def work(*order: Any) -> None:
        for _ in range(200):
            with locked(*order) as given:
                assert given == order
                assert len(a) == len(b)
                kind.half(a)
                kind.half(b)
                kind.whole(a)
                kind.whole(b)

    assert together(lambda: work(a, b), lambda: work(b, a), lambda: work(b, b, a)) == [("returned", None)] * 3
    assert is_free(a)
    assert is_free(b)


@each_kind
def test_several_are_locked_all_or_none(kind: Kind) -> None:
    a, b, c = kind.filled(), kind.filled(), kind.filled()
    with Holder(b):
        with (
            pytest.raises(LockTimeout, match=f"<{kind.name} at 0x[0-9a-f]+> was not free within"),
            locked(a, b, c, timeout=MOMENT),
        ):
            pass
        assert elsewhere(lambda: is_free(a) and is_free(c))
    with locked(a, b, c, timeout=0):
        assert not elsewhere(lambda: is_free(a) or is_free(b) or is_free(c))


@each_kind
def test_hooked_operands_behave(kind: Kind) -> None:
    """The hooks of the tests above change nothing by themselves."""
    assert kind.numbered(1, lambda: None) == kind.numbered(1, None)
    assert Hooked("a", lambda: None) == "a"
    assert threading.active_count() > 0
    assert outcome_of(lambda: kind.numbered(1, None))[0] == "returned"
