"""Promises 5 and 6: compound operations are one step, and a value is computed once per key."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from lockedcontainers import DeadlockError

from .kinds import KINDS, Kind, Pause, each_kind, put
from .threads import MOMENT, PATIENCE, Background, Holder, elsewhere, is_free, outcome_of, together

each_load = pytest.mark.parametrize(
    ("kind", "load"),
    [pytest.param(kind, load, id=f"{kind.name}-{name}") for kind in KINDS for name, load in kind.loads.items()],
)
Load = Callable[[Any, Any, Callable[[], Any]], Any]


@each_kind
def test_a_snapshot_is_a_plain_builtin(kind: Kind) -> None:
    twin, model = kind.filled(), kind.model_filled()
    snapshot = twin.snapshot()
    assert type(snapshot).__module__ == "builtins" or type(snapshot) is kind.builtin
    assert snapshot == kind.plain(model)
    kind.half(twin)
    assert snapshot == kind.plain(model)


@each_kind
def test_drain_takes_everything_out(kind: Kind) -> None:
    twin, model = kind.filled(), kind.model_filled()
    drained = twin.drain()
    assert type(drained) in (type(kind.filled().snapshot()), kind.builtin)
    assert drained == kind.plain(model)
    assert len(twin) == 0
    assert len(twin.drain()) == 0


@pytest.mark.usefixtures("switch_interval")
@each_kind
def test_every_element_is_in_exactly_one_drain(kind: Kind) -> None:
    twin, drained, rounds = kind.make(type(kind.contents)()), Counter[Any](), 200
    done = threading.Event()

    def drain() -> list[Any]:
        found: list[Any] = []
        while not done.is_set():
            found.extend(twin.drain())
        return found

    drainers = [Background(drain) for _ in range(2)]
    for number in range(rounds):
        twin.update({number: number}) if hasattr(twin, "update") else twin.append(number)
    done.set()
    for drainer in drainers:
        drained.update(drainer.result())
    drained.update(list(twin))
    assert [drained[number] for number in range(rounds)] == [1] * rounds


@pytest.mark.usefixtures("switch_interval")
@each_load
def test_the_factory_runs_once_however_many_ask(kind: Kind, load: Load) -> None:
    for _ in range(10):
        twin, calls = kind.filled(), list[object]()

        def factory(calls: list[object] = calls) -> object:
            calls.append(object())
            threading.Event().wait(MOMENT / 10)
            return calls[-1]

        outcomes = together(*[partial(load, twin, "new", factory)] * 6)
        assert len(calls) == 1
        assert outcomes == [("returned", calls[0])] * 6
        assert twin["new"] is calls[0]


@each_load
def test_nothing_is_locked_while_the_factory_runs(kind: Kind, load: Load) -> None:
    """Other keys go on, also when they have factories, and so does everything else."""
    twin, seen = kind.filled(), list[Any]()

    def factory() -> str:
        assert is_free(twin)
        seen.append(elsewhere(lambda: load(twin, "other", lambda: "other")))
        seen.append(elsewhere(lambda: (twin["a"], len(twin), "new" in twin, twin.pop("c"))))
        return "new"

    assert load(twin, "new", factory) == "new"
    assert seen == ["other", (1, 4, False, 3)]


@each_load
def test_if_the_factory_raises_one_of_the_waiting_threads_tries_next(kind: Kind, load: Load) -> None:
    twin, calls = kind.filled(), list[int]()

    def factory() -> int:
        calls.append(len(calls))
        threading.Event().wait(MOMENT / 2)
        if len(calls) < 3:
            raise ZeroDivisionError
        return 7

    outcomes = together(*[lambda: load(twin, "new", factory)] * 5)
    assert len(calls) == 3
    assert Counter(outcomes) == {("raised", ZeroDivisionError): 2, ("returned", 7): 3}
    assert twin["new"] == 7


@each_load
def test_what_the_factory_raises_leaves_nothing_behind(kind: Kind, load: Load) -> None:
    twin = kind.filled()
    for exception in (ZeroDivisionError, KeyboardInterrupt, SystemExit, GeneratorExit):

        def fail(exception: type[BaseException] = exception) -> None:
            raise exception

        with pytest.raises(exception):
            load(twin, "new", fail)
        assert "new" not in twin
        assert elsewhere(lambda: is_free(twin))
    assert elsewhere(lambda: load(twin, "new", lambda: 7)) == 7


@each_load
def test_a_value_that_is_stored_meanwhile_stays(kind: Kind, load: Load) -> None:
    twin = kind.filled()

    def factory() -> str:
        elsewhere(lambda: put(twin, "new", "theirs"))
        return "ours"

    assert load(twin, "new", factory) == "theirs"
    assert twin["new"] == "theirs"


@each_load
def test_calling_back_for_the_same_key_raises_at_once(kind: Kind, load: Load) -> None:
    twin = kind.filled()
    with pytest.raises(DeadlockError, match=f"of <{kind.name} at 0x[0-9a-f]+> was called back for the key"):
        load(twin, "new", lambda: load(twin, "new", lambda: 1))
    assert "new" not in twin
    assert load(twin, "new", lambda: 7) == 7


@each_load
def test_a_factory_may_ask_for_other_keys_and_containers(kind: Kind, load: Load) -> None:
    twin, other = kind.filled(), kind.filled()
    value = load(twin, "x", lambda: [load(twin, "y", lambda: [load(other, "x", list)])])
    assert value == [[[]]]
    assert twin["y"] == [other["x"]]


@each_load
def test_factories_that_wait_for_one_another_do_not_hang(kind: Kind, load: Load) -> None:
    """A waits for B's value and B for A's, each in its own thread: one of the two gets the error."""
    twin, both = kind.filled(), threading.Barrier(2)

    def factory(other: str) -> str:
        both.wait(PATIENCE)
        return str(load(twin, other, lambda: f"late {other}"))

    def begin(key: str, other: str) -> Any:
        load_here = kind.loads["compute_if_absent"]
        return load_here(twin, key, lambda: factory(other))

    outcomes = together(lambda: begin("A", "B"), lambda: begin("B", "A"))
    assert sorted(outcome for outcome, _ in outcomes) == ["raised", "returned"]
    assert ("raised", DeadlockError) in outcomes
    assert is_free(twin)
    assert elsewhere(lambda: load(twin, "C", lambda: 7)) == 7


@each_load
def test_a_thread_that_holds_the_container_and_one_that_computes_do_not_hang(kind: Kind, load: Load) -> None:
    twin, computing, locked = kind.filled(), threading.Event(), threading.Event()

    def factory() -> str:
        computing.set()
        assert locked.wait(PATIENCE)
        return "stored" if "a" in twin else ""

    def hold() -> object:
        assert computing.wait(PATIENCE)
        with twin.locked():
            locked.set()
            return load(twin, "new", lambda: 7)

    outcomes = together(lambda: load(twin, "new", factory), hold)
    assert ("raised", DeadlockError) in outcomes
    assert is_free(twin)


@each_load
def test_a_key_that_raises_or_cannot_be_hashed(kind: Kind, load: Load) -> None:
    twin = kind.filled()
    assert outcome_of(lambda: load(twin, [], lambda: 7)) == ("raised", TypeError)
    assert kind.state(twin) == kind.state(kind.model_filled())


@each_load
def test_a_present_key_is_found_in_a_section_of_another_containers_owner(kind: Kind, load: Load) -> None:
    twin, other = kind.filled(), kind.filled()
    with Holder(other):
        assert load(twin, "a", lambda: 7) == 1


@pytest.mark.usefixtures("switch_interval")
@each_kind
def test_compound_operations_lose_nothing(kind: Kind) -> None:
    if not hasattr(kind.cls, "merge"):
        pytest.skip("has no keys")
    twin, times = kind.make({}), 300

    def count(old: object) -> int:
        return old + 1 if isinstance(old, int) else 1

    def work() -> None:
        for _ in range(times):
            twin.merge("merge", 1, int.__add__)
            twin.compute("compute", count)
            twin.compute_if_absent("present", int)
            twin.compute_if_present("present", count)
            while not twin.compare_and_set("cas", old := twin.setdefault("cas", 0), old + 1):
                pass

    assert together(*[work] * 4) == [("returned", None)] * 4
    assert twin == dict.fromkeys(["merge", "compute", "present", "cas"], 4 * times)


@pytest.mark.usefixtures("switch_interval")
@each_kind
def test_of_several_threads_that_compare_and_delete_one_succeeds(kind: Kind) -> None:
    if not hasattr(kind.cls, "compare_and_delete"):
        pytest.skip("has no keys")
    for _ in range(50):
        twin = kind.make({"job": 1})
        outcomes = together(*[partial(twin.compare_and_delete, "job", 1)] * 4)
        assert sorted(outcomes) == [("returned", False)] * 3 + [("returned", True)]


@each_kind
def test_functions_may_use_the_container(kind: Kind) -> None:
    if not hasattr(kind.cls, "compute"):
        pytest.skip("has no keys")
    for name, step in kind.steps.items():
        twin = kind.filled()
        pause = Pause(1, lambda: (len(twin), list(twin), twin.copy(), repr(twin), "a" in twin))  # noqa: B023
        assert outcome_of(lambda: step.call(twin, pause))[0] == "returned", name  # noqa: B023
        assert is_free(twin)
